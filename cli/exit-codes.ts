import { TepuiError } from "../contract/errors.ts";

/** Exit statuses of the command; `run` also passes on those of its task. Documented in docs/cli.md. */
export const exitCodes = {
  ok: 0,
  /** What was asked for was tried and did not work. */
  failed: 1,
  /** The command line or a config file is wrong; nothing was tried. */
  usage: 2,
  /** No master answers (EX_UNAVAILABLE). */
  unreachable: 69,
  /** A task, or a command with a deadline, took too long. */
  timeout: 124,
  /** `run`: the task was never run, or was lost or killed by somebody else. */
  notRun: 125,
  /** A task ended by signal n gives 128 + n; Ctrl-C is signal 2. */
  signalBase: 128,
  interrupted: 130,
} as const;

const usage = /^(CLI_|CONFIG_|ADDRESS_INVALID$|JOB_INVALID$)/;

/** The exit status that an error ends the command with. */
export function exitCodeOf(error: unknown): number {
  if (!(error instanceof TepuiError)) return exitCodes.failed;
  if (error.code === "MASTER_UNREACHABLE") return exitCodes.unreachable;
  if (error.code === "REQUEST_TIMED_OUT") return exitCodes.timeout;
  if (error.code === "JOB_CANCELLED") return exitCodes.interrupted;
  return usage.test(error.code) ? exitCodes.usage : exitCodes.failed;
}
