import { constants } from "node:os";
import type { Outcome } from "../frameworks/taskset/model.ts";
import { exitCodes } from "./exit-codes.ts";

/**
 * The exit status that stands for the end of one task: its own, 128 + n for signal n, 124 for a
 * task that ran too long, 125 for one that never ran or was lost or killed by somebody else.
 */
export function exitOf(outcome: Outcome): number {
  if (outcome.state === "TASK_FINISHED") return outcome.exitCode ?? exitCodes.ok;
  if (outcome.reason === "REASON_MAX_COMPLETION_TIME_REACHED") return exitCodes.timeout;
  if (outcome.state !== "TASK_FAILED") return exitCodes.notRun;
  if (outcome.signal !== undefined) {
    const signals = constants.signals as Readonly<Record<string, number>>;
    return exitCodes.signalBase + (signals[outcome.signal] ?? 0);
  }
  return outcome.exitCode ?? exitCodes.notRun;
}

/** Of many tasks: 0 when all ended well, else the status of the first that did not. */
export function exitOfAll(outcomes: readonly Outcome[]): number {
  for (const outcome of outcomes) {
    const status = exitOf(outcome);
    if (status !== exitCodes.ok) return status;
  }
  return exitCodes.ok;
}

/** The end of a task in a column: `0`, `3`, `SIGKILL`, or nothing when it never ran. */
export function endText({ exitCode, signal, state }: Outcome): string {
  if (signal !== undefined) return signal;
  if (exitCode !== undefined) return String(exitCode);
  return state === "TASK_FINISHED" ? "0" : "";
}
