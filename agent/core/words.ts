import type { FrameworkId } from "../../contract/ids.ts";
import type { ExitStatus } from "../../contract/ports/isolator.ts";
import type { TaskState } from "../../contract/task-state.ts";
import { type AgentState, type Ending, isCapable } from "./state.ts";
import type { UpdateWords } from "./updates.ts";

/** Fails when something that this code guarantees is not so: a mistake of ours, never of input. */
export function assert(holds: boolean, what: string): asserts holds {
  if (!holds) throw new Error(`agent core: ${what}`);
}

/** TASK_LOST for frameworks that cannot tell ways of losing apart, else the way (D2). */
export function lostAs(
  state: AgentState,
  frameworkId: FrameworkId,
  way: "TASK_DROPPED" | "TASK_GONE",
): TaskState {
  return isCapable(state, frameworkId, "PARTITION_AWARE") ? way : "TASK_LOST";
}

/** How a command ended, in words and fields. */
export function exitWords(exit: ExitStatus): Pick<UpdateWords, "message" | "exitCode" | "signal"> {
  if (exit.signal !== undefined) {
    const { signal } = exit;
    return { message: `Command terminated with signal ${signal}`, signal };
  }
  const exitCode = exit.code ?? 0;
  return { message: `Command exited with status ${exitCode}`, exitCode };
}

/** What is told of a task that was ended by this agent. */
export function endingWords({ state, reason, message, limitation }: Ending): UpdateWords {
  return {
    state,
    message,
    ...(reason === undefined ? {} : { reason }),
    ...(limitation === undefined ? {} : { limitation: [...limitation] }),
  };
}

/**
 * What the end of a command is called (F20): what it was ended for, if it was; else FINISHED for
 * exit 0 and FAILED for the rest. An exit that nobody saw is a failure, and said to be that.
 */
export function endOfCommand(
  exit: ExitStatus | undefined,
  ending: Ending | undefined,
): UpdateWords {
  const own = exit === undefined ? {} : exitWords(exit);
  if (ending !== undefined) {
    const { message } = ending;
    const said = own.message === undefined ? message : `${message}: ${own.message}`;
    return { source: "SOURCE_EXECUTOR", ...own, ...endingWords(ending), message: said };
  }
  if (exit === undefined) {
    return {
      state: "TASK_FAILED",
      reason: "REASON_EXECUTOR_TERMINATED",
      message: "Command ended while nobody could see how",
    };
  }
  const state = exit.code === 0 ? "TASK_FINISHED" : "TASK_FAILED";
  return { source: "SOURCE_EXECUTOR", state, ...own };
}

/** Numbers of the signals that a wait status is made of; others count as SIGKILL. */
const signalNumbers: Readonly<Record<string, number>> = {
  SIGHUP: 1,
  SIGINT: 2,
  SIGQUIT: 3,
  SIGILL: 4,
  SIGABRT: 6,
  SIGBUS: 7,
  SIGFPE: 8,
  SIGKILL: 9,
  SIGUSR1: 10,
  SIGSEGV: 11,
  SIGUSR2: 12,
  SIGPIPE: 13,
  SIGALRM: 14,
  SIGTERM: 15,
};

/** How something ended as a wait status, in which Mesos tells it; unseen ends count as 0. */
export function waitStatus(exit: ExitStatus | undefined): number {
  if (exit?.signal !== undefined) return signalNumbers[exit.signal] ?? 9;
  return (exit?.code ?? 0) << 8;
}
