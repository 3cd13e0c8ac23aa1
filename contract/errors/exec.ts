import { type FaultTable, fault } from "./fault.ts";

/** What goes wrong with commands that are run beside that of a task, and talked to. */
export const execErrors = {
  EXEC_NOT_ALLOWED: (reason: string) =>
    fault("EXEC_NOT_ALLOWED", 403, `this agent runs no commands for you: ${reason}`, {
      hint: "exec.allow in the agent's config says who may",
    }),
  EXEC_SECRET_WRONG: (agent: string) =>
    fault("EXEC_SECRET_WRONG", 401, `${agent} wants its secret`, {
      where: agent,
      hint: "name a file that holds it: --secret-file FILE or TEPUI_EXEC_SECRET_FILE",
    }),
  EXEC_SECRET_INVALID: (file: string, reason: string) =>
    fault("EXEC_SECRET_INVALID", 400, `there is no secret in ${file}: ${reason}`, {
      where: file,
      hint: "it is one line of at least 16 printable characters, such as `openssl rand -hex 32`",
    }),
  EXEC_REQUEST_INVALID: (reason: string) =>
    fault("EXEC_REQUEST_INVALID", 400, `it asks for no session: ${reason}`),
  EXEC_TASK_NOT_RUNNING: (task: string) =>
    fault("EXEC_TASK_NOT_RUNNING", 409, `task ${task} is not running`, {
      where: `task ${task}`,
      hint: "`tepui ps` lists those that do",
    }),
  EXEC_SESSIONS_FULL: (where: string, most: number, setting: string) =>
    fault("EXEC_SESSIONS_FULL", 429, `${where} has ${most} sessions already`, {
      where,
      hint: `end one, or raise ${setting} of the agent`,
    }),
  EXEC_SESSION_UNKNOWN: () =>
    fault("EXEC_SESSION_UNKNOWN", 404, "there is no such session, or it is over"),
  EXEC_INPUT_REFUSED: (reason: string) =>
    fault("EXEC_INPUT_REFUSED", 409, `the input is not taken: ${reason}`),
  EXEC_FAILED: (reason: string) =>
    fault("EXEC_FAILED", 500, `the command cannot be run: ${reason}`),
  EXEC_ENDED: (reason: string) => fault("EXEC_ENDED", 410, `the session has ended: ${reason}`),
  EXEC_CLIENT_SILENT: (silenceMs: number) =>
    fault("EXEC_CLIENT_SILENT", 408, `nothing came from you for ${silenceMs} ms`),
  EXEC_UNREACHABLE: (agent: string, reason: string) =>
    fault("EXEC_UNREACHABLE", 502, `the agent cannot be asked: ${reason}`, { where: agent }),
  EXEC_LOST: (agent: string, reason: string) =>
    fault("EXEC_LOST", 502, `how the command ended is not known: ${reason}`, { where: agent }),
  EXEC_FRAME_INVALID: (reason: string) =>
    fault("EXEC_FRAME_INVALID", 502, `the agent sent a frame that is none: ${reason}`),
  NESTED_UNKNOWN: (id: string) =>
    fault("NESTED_UNKNOWN", 404, `Container ${id} cannot be found`, { where: `container ${id}` }),
  NESTED_REFUSED: (reason: string) => fault("NESTED_REFUSED", 400, reason),
  NESTED_SILENT: (id: string) =>
    fault("NESTED_SILENT", 500, "I/O switchboard server was disabled for this container", {
      where: `container ${id}`,
      hint: "it has ended, or LAUNCH_NESTED_CONTAINER_SESSION did not launch it",
    }),
  NESTED_INPUT_TAKEN: (id: string) =>
    fault("NESTED_INPUT_TAKEN", 409, "Multiple input connections are not allowed", {
      where: `container ${id}`,
    }),
  NESTED_RUNNING: (id: string) =>
    fault("NESTED_RUNNING", 500, `Nested container ${id} has not terminated yet`, {
      where: `container ${id}`,
      hint: "end it by KILL_NESTED_CONTAINER, and wait for its end",
    }),
  EXEC_NO_TERMINAL: () =>
    fault("EXEC_NO_TERMINAL", 400, "-t needs a terminal, and this is none", {
      where: "command line",
      hint: "leave -t out in scripts and pipes",
    }),
} satisfies FaultTable;
