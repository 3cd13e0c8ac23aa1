import { type FaultTable, fault } from "./fault.ts";

/** Refusals in the agent, or of an agent (features B.2, F). */
export const agentErrors = {
  AGENT_UNKNOWN: (agent: string) =>
    fault("AGENT_UNKNOWN", 404, `agent ${agent} is not known`, { where: `agent ${agent}` }),
  AGENT_REFUSED: (code: string, message: string) =>
    fault("AGENT_REFUSED", 403, `the master refused this agent: ${message} [${code}]`),
  AGENT_CONFIG: (field: string, reason: string) =>
    fault("AGENT_CONFIG", 400, reason, { where: `/${field}` }),
  WORK_DIR_LOCKED: (folder: string, pid: number) =>
    fault("WORK_DIR_LOCKED", 409, `another agent, process ${pid}, works in ${folder}`, {
      where: folder,
      hint: "stop it, or give this one a workDir of its own",
    }),
  CHECKPOINT_FAILED: (reason: string, cause?: unknown, hint?: string) =>
    fault("CHECKPOINT_FAILED", 500, `the agent's checkpoint cannot be kept: ${reason}`, {
      cause,
      hint,
    }),
  CHECKPOINT_LAYOUT: (folder: string, found: string, ours: number) =>
    fault(
      "CHECKPOINT_LAYOUT",
      400,
      `its checkpoint has layout ${found}, this agent reads ${ours}`,
      {
        where: folder,
        hint: "start the version that wrote it, or remove the folder if nothing of it is needed",
      },
    ),
  KEEPER_UNAVAILABLE: (reason: string) =>
    fault("KEEPER_UNAVAILABLE", 500, `no process can be started: ${reason}`, {
      hint: "the agent starts tasks through perl, which every Debian has as perl-base",
    }),
  CONTAINER_LAUNCH_REFUSED: (reason: string) =>
    fault("CONTAINER_LAUNCH_REFUSED", 400, `it cannot be launched: ${reason}`),
  CONTAINER_ABANDONED: () =>
    fault("CONTAINER_ABANDONED", 500, "the agent ended before it ran anything"),
  COMMAND_NOT_FOUND: (command: string, tried: string) =>
    fault("COMMAND_NOT_FOUND", 400, `there is no program "${command}"`, {
      hint: `looked in ${tried}`,
    }),
  COMMAND_MISSING: () =>
    fault("COMMAND_MISSING", 400, "its command has no value", {
      hint: "give command.value; with shell false it is the program to run",
    }),
  USER_UNKNOWN: (user: string) =>
    fault("USER_UNKNOWN", 400, `there is no user "${user}" on this machine`, {
      hint: "create the user, name another one, or start the agent with switchUser false",
    }),
  USER_LOOKUP_FAILED: (user: string, reason: string) =>
    fault("USER_LOOKUP_FAILED", 503, `this machine cannot tell who "${user}" is: ${reason}`, {
      hint: "`getent passwd` has to know the user; see nsswitch.conf on the agent's machine",
    }),
  SWITCH_USER_DENIED: (user: string) =>
    fault("SWITCH_USER_DENIED", 403, `only an agent that runs as root can run tasks as "${user}"`, {
      hint: "start the agent as root or with switchUser false",
    }),
  RLIMIT_UNKNOWN: (type: string) =>
    fault("RLIMIT_UNKNOWN", 400, `there is no resource limit "${type}"`, {
      hint: "names are RLMT_NOFILE, RLMT_NPROC, RLMT_CORE and so on",
    }),
  CAPABILITY_UNKNOWN: (name: string) =>
    fault("CAPABILITY_UNKNOWN", 400, `there is no capability "${name}"`, {
      hint: "names are those of capabilities(7) without CAP_: NET_RAW, SYS_PTRACE and so on",
    }),
  CAPABILITY_FORBIDDEN: (names: readonly string[], bounding: string) =>
    fault("CAPABILITY_FORBIDDEN", 403, `${names.join(", ")}: more than ${bounding} allows`, {
      where: "container.linuxInfo",
      hint: "ask for less, or have the agent's boundingCapabilities extended",
    }),
  PROCESS_HOST_UNUSABLE: (problems: readonly string[]) =>
    fault("PROCESS_HOST_UNUSABLE", 500, "this host lacks what its process isolator is to use", {
      where: "isolator process",
      hint: "run the agent as root with util-linux and perl, or set `required` to false",
      details: problems,
    }),
  FILE_UNKNOWN: (path: string) =>
    fault("FILE_UNKNOWN", 404, `there is no file ${path}`, { where: path }),
  FILE_OUTSIDE: (path: string) =>
    fault("FILE_OUTSIDE", 403, `${path} is not in a sandbox`, { where: path }),
  FILE_PARAMETER: (name: string, reason: string) =>
    fault("FILE_PARAMETER", 400, `the parameter ${name} ${reason}`, { where: `?${name}` }),
  TASK_UNKNOWN_HERE: (task: string) =>
    fault("TASK_UNKNOWN_HERE", 404, `this agent has no sandbox of task ${task}`, { where: task }),
  AGENT_RECONFIGURED: (folder: string, problem: string) =>
    fault("AGENT_RECONFIGURED", 409, `the agent is not what it registered as: ${problem}`, {
      where: folder,
      hint: 'set it back, allow more by reconfigurationPolicy "additive", or empty the folder',
    }),
  VOLUME_FAILED: (id: string, reason: string, cause?: unknown) =>
    fault("VOLUME_FAILED", 500, `volume ${id}: ${reason}`, { where: `volume ${id}`, cause }),
  AGENT_INVALID: (problem: string) => fault("AGENT_INVALID", 400, problem),
  AGENT_GONE: (agent: string) =>
    fault("AGENT_GONE", 410, `agent ${agent} was marked as gone`, {
      where: `agent ${agent}`,
      hint: "start it again: it is a new agent then, with the volumes of its work directory",
    }),
  AGENT_MOVED: (agent: string, from: string, to: string) =>
    fault("AGENT_MOVED", 409, `agent ${agent} was at ${from} and is now at ${to}`, {
      where: `agent ${agent}`,
      hint: "keep address and hostname, or start it with an empty work directory",
    }),
  AGENT_UNREACHABLE: (agent: string) =>
    fault("AGENT_UNREACHABLE", 410, `agent ${agent} did not answer and was given up`, {
      where: `agent ${agent}`,
      hint: "register again",
    }),
  AGENT_LEAVING: (agent: string) =>
    fault("AGENT_LEAVING", 409, `agent ${agent} is being marked as gone`, {
      where: `agent ${agent}`,
      hint: "wait a moment and look again",
    }),
  AGENT_NOT_DRAINABLE: (agent: string, reason: string) =>
    fault("AGENT_NOT_DRAINABLE", 400, `agent ${agent} cannot be drained: ${reason}`, {
      where: `agent ${agent}`,
      hint: "take its machine out of the schedule first, or go on with the maintenance",
    }),
  AGENT_DRAINING: (agent: string) =>
    fault("AGENT_DRAINING", 409, `agent ${agent} is still being drained`, {
      where: `agent ${agent}`,
      hint: "wait until it is DRAINED",
    }),
  AGENT_AWAY: (agent: string) =>
    fault("AGENT_AWAY", 409, `agent ${agent} is not connected`, {
      where: `agent ${agent}`,
      hint: "wait until it is back",
    }),
  MACHINE_DOWN: (machine: string) =>
    fault("MACHINE_DOWN", 403, `machine ${machine} is down for maintenance`, {
      where: `machine ${machine}`,
      hint: "end its maintenance, then start the agent again",
    }),
  MAINTENANCE_INVALID: (problem: string) => fault("MAINTENANCE_INVALID", 400, problem),
  OPERATION_INVALID: (operation: string, problem: string) =>
    fault("OPERATION_INVALID", 400, `${operation}: ${problem}`),
  RESOURCES_MISSING: (agent: string, operation: string) =>
    fault("RESOURCES_MISSING", 409, `agent ${agent} has not got free what ${operation} takes`, {
      where: `agent ${agent}`,
      hint: "resources that tasks use cannot be taken; see what the agent has",
    }),
  AGENT_KINDS_BEYOND: (hostname: string, names: readonly string[], kinds: readonly string[]) =>
    fault(
      "AGENT_KINDS_BEYOND",
      409,
      `nobody is offered agent ${hostname} for its ${names.join(", ")}: a master tells ` +
        `${kinds.length} kinds of resources apart, and these are ${kinds.join(", ")}`,
      {
        where: `agent ${hostname}`,
        hint: "have fewer kinds in the cluster; a new master begins anew",
      },
    ),
  AGENTS_FULL: (most: number) =>
    fault("AGENTS_FULL", 503, `the master has room for ${most} agents`),
  AGENTS_MISSING: (missing: number, known: number) =>
    fault("AGENTS_MISSING", 503, `${missing} of ${known} known agents did not come back`, {
      hint: "look for a network failure, or raise recoveryAgentRemovalLimit",
    }),
} satisfies FaultTable;
