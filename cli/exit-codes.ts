import { constants } from "node:os";
import { TepuiError } from "../contract/errors.ts";

/**
 * Exit statuses of `tepui`, documented in docs/cli.md; from 65 to 78 they are those of sysexits.h.
 */
export const exitCodes = {
  ok: 0,
  failure: 1,
  usage: 2,
  data: 65,
  unreachable: 69,
  unwritable: 74,
  tornDown: 75,
  config: 78,
  commandMissing: 127,
  interrupted: 130,
  brokenPipe: 141,
} as const;

/** How a task ended, as far as its exit status is concerned. */
export interface TaskEnd {
  readonly state: string;
  readonly exitCode?: number | undefined;
  readonly signal?: string | undefined;
}

/** Errors whose exit status is not that of their family. */
const special: ReadonlyMap<string, number> = new Map([
  ["CLI_USAGE", exitCodes.usage],
  ["ADDRESS_INVALID", exitCodes.usage],
  ["CLI_INTERRUPTED", exitCodes.interrupted],
  ["JOB_CANCELLED", exitCodes.interrupted],
  ["JOB_TORN_DOWN", exitCodes.tornDown],
  ["CLI_OUTPUT_UNWRITABLE", exitCodes.unwritable],
  ["MASTER_UNREACHABLE", exitCodes.unreachable],
  ["COMMAND_NOT_FOUND", exitCodes.commandMissing],
  ["EXEC_NO_TERMINAL", exitCodes.usage],
  ["EXEC_SECRET_INVALID", exitCodes.config],
  ["CREDENTIALS_INVALID", exitCodes.config],
  ["AGENT_CONFIG", exitCodes.config],
  ["LOG_FILE_UNUSABLE", exitCodes.config],
]);

/** The exit status for anything that was thrown. */
export function exitCodeOf(thrown: unknown): number {
  if (!(thrown instanceof TepuiError)) return exitCodes.failure;
  const code = special.get(thrown.code);
  if (code !== undefined) return code;
  if (/^(JOURNAL|WORKLOAD)_/.test(thrown.code)) return exitCodes.data;
  return /^(CONFIG|PLUGIN|PORT)_/.test(thrown.code) ? exitCodes.config : exitCodes.failure;
}

/** How a command ended as a shell would say it: 128+n for a signal, 1 where nothing is known. */
export function commandExitCode(exitCode: number | undefined, signal: string | undefined): number {
  return signal === undefined ? (exitCode ?? exitCodes.failure) : 128 + signalNumber(signal);
}

/** Signals without a name, such as those of real time, are told by their numbers: `SIG35`. */
function signalNumber(signal: string): number {
  return constants.signals[signal as NodeJS.Signals] ?? Number(/^SIG(\d+)$/.exec(signal)?.[1] ?? 0);
}

/**
 * A task's own exit status as a shell would give it: 128+n for a signal, 1 for a task that ended
 * without ever having had a status, such as one whose agent was lost. A task that failed or was
 * killed is never 0, though its command may have ended so: when a limit ended part of it, or when
 * it was told to end because it was unhealthy.
 */
export function taskExitCode({ state, exitCode, signal }: TaskEnd): number {
  if (state === "TASK_FINISHED" && signal === undefined) return exitCode ?? exitCodes.ok;
  return commandExitCode(exitCode, signal) || exitCodes.failure;
}

/** The exit status for many tasks: the first that is not 0, by index; 0 when there is none. */
export function tasksExitCode(ends: readonly TaskEnd[]): number {
  return ends.map(taskExitCode).find((code) => code !== 0) ?? exitCodes.ok;
}
