import { type FaultTable, fault } from "./fault.ts";

/** How many of the tasks that an id fits are named. */
const AMBIGUOUS_SHOWN_MAX = 20;

/** What goes wrong on the side of frameworks, executors and operator tools. */
export const clientErrors = {
  MASTER_UNREACHABLE: (addresses: string, reason: string) =>
    fault("MASTER_UNREACHABLE", 503, `no master answers at ${addresses}: ${reason}`, {
      where: addresses,
      hint: "start one with `tepui local`, or say where it is with --master or TEPUI_MASTER",
    }),
  CLIENT_CLOSED: (what: string) =>
    fault("CLIENT_CLOSED", 409, `${what} after the client was closed`, {
      hint: "make a new client",
    }),
  REQUEST_INTERRUPTED: (method: string) =>
    fault("REQUEST_INTERRUPTED", 503, `the connection broke before ${method} was answered`, {
      where: method,
      hint: "it may have been done or not: look before asking again",
    }),
  REQUEST_TIMED_OUT: (method: string, deadlineMs: number) =>
    fault("REQUEST_TIMED_OUT", 504, `${method} was not answered within ${deadlineMs} ms`, {
      where: method,
    }),
  EXECUTOR_ENVIRONMENT: (variable: string) =>
    fault("EXECUTOR_ENVIRONMENT", 400, `${variable} is not set`, {
      where: "environment",
      hint: "executors are started by an agent, which sets it",
    }),
  TASK_NOT_FOUND: (task: string) =>
    fault("TASK_NOT_FOUND", 404, `there is no task "${task}"`, {
      where: `task ${task}`,
      hint: "`tepui ps -a` lists them",
    }),
  TASK_AWAITED: (task: string, agents: number) =>
    fault(
      "TASK_AWAITED",
      503,
      `no task "${task}" is known yet: ${agents} ${agents === 1 ? "agent has" : "agents have"} ` +
        "not come back to the new master",
      { where: `task ${task}`, hint: "ask again when `tepui agents` shows none as recovering" },
    ),
  /** `found` says of each task whose it is, since frameworks may use the same ids. */
  TASK_ID_AMBIGUOUS: (task: string, found: readonly string[]) =>
    fault("TASK_ID_AMBIGUOUS", 409, `"${task}" fits ${found.length} tasks`, {
      where: `task ${task}`,
      details: found.slice(0, AMBIGUOUS_SHOWN_MAX),
      hint: "write more of its id, or name its framework where that can be said",
    }),
  AGENT_NAME_AMBIGUOUS: (name: string, found: readonly string[]) =>
    fault("AGENT_NAME_AMBIGUOUS", 409, `${found.length} agents have the hostname "${name}"`, {
      where: `agent ${name}`,
      details: found,
      hint: "name one of these ids",
    }),
  VOLUME_NOT_FOUND: (agent: string, role: string, id: string) =>
    fault("VOLUME_NOT_FOUND", 404, `agent ${agent} has no volume ${id} of role ${role}`, {
      where: `agent ${agent}`,
      hint: "`tepui agents -o json` shows what it has",
    }),
  AGENT_CREDENTIALS: (agent: string) =>
    fault("AGENT_CREDENTIALS", 401, `${agent} wants other credentials`, {
      where: agent,
      hint: "name a file that holds PRINCIPAL:SECRET: --credentials-file or TEPUI_CREDENTIALS_FILE",
    }),
  CREDENTIALS_INVALID: (file: string, reason: string) =>
    fault("CREDENTIALS_INVALID", 400, `there are no credentials in ${file}: ${reason}`, {
      where: file,
      hint: "it is one line, PRINCIPAL:SECRET",
    }),
  SANDBOX_UNREADABLE: (place: string, reason: string) =>
    fault("SANDBOX_UNREADABLE", 502, `cannot read ${place}: ${reason}`, { where: place }),
  SANDBOX_PATH_OUTSIDE: (path: string) =>
    fault("SANDBOX_PATH_OUTSIDE", 403, `${path} leads out of the sandbox`, {
      where: path,
      hint: "paths are taken from the sandbox on; links out of it are not followed",
    }),
  SANDBOX_PATH_IS_FOLDER: (path: string) =>
    fault("SANDBOX_PATH_IS_FOLDER", 400, `${path} is a folder`, {
      where: path,
      hint: "-r copies folders, `tepui browse` lists them",
    }),
  AGENT_UNREADABLE: (place: string, reason: string) =>
    fault("AGENT_UNREADABLE", 502, `cannot read ${place}: ${reason}`, { where: place }),
  TASK_NOT_RUNNING: (task: string, state: string) =>
    fault("TASK_NOT_RUNNING", 409, `task ${task} is not running: it is ${state}`, {
      where: `task ${task}`,
      hint: "`tepui ps` lists those that do",
    }),
  JOB_INVALID: (reason: string, where?: string) =>
    fault("JOB_INVALID", 400, `the job cannot be run: ${reason}`, { where }),
  JOB_FAILED: (task: string, reason: string) =>
    fault("JOB_FAILED", 500, `${task} failed for good: ${reason}`, { where: task }),
  JOB_TORN_DOWN: (framework: string) =>
    fault("JOB_TORN_DOWN", 410, `framework ${framework} was torn down, and its tasks killed`, {
      where: `framework ${framework}`,
      hint: "by an operator, or because it was away for longer than its failover timeout",
    }),
  JOB_CANCELLED: (tasks: number) =>
    fault("JOB_CANCELLED", 499, `cancelled; ${tasks} running tasks were killed`),
} satisfies FaultTable;
