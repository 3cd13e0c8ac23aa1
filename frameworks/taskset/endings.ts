import { isLost, type TaskStatus } from "../../sdk/index.ts";

/** What the end of an attempt means for its item. */
export type Ending = "finished" | "failed" | "lost" | "final";

/**
 * Sorts a state: `lost` is no fault of the task and costs no retry, `failed` costs one, `final` is
 * never tried again (an invalid task, a task that somebody killed). `undefined` while it lives. Who
 * drains an agent means the agent: its tasks are to run elsewhere (I5). A machine that was started
 * anew is no fault of its tasks either, however soon it is back (F3).
 */
export function endingOf(status: Pick<TaskStatus, "state" | "reason">): Ending | undefined {
  if (isLost(status.state)) return "lost";
  if (status.state === "TASK_KILLED" && status.reason === "REASON_AGENT_DRAINING") return "lost";
  switch (status.state) {
    case "TASK_FINISHED":
      return "finished";
    case "TASK_FAILED":
      return status.reason === "REASON_AGENT_RESTARTED" ? "lost" : "failed";
    case "TASK_KILLED":
    case "TASK_ERROR":
      return "final";
    default:
      return undefined;
  }
}

/** How a command ended: its exit status, or the signal that ended it. */
export interface CommandEnd {
  readonly exitCode?: number;
  readonly signal?: string;
}

/** Reads a command's end from its status, or from the message where an agent puts it in words. */
export function commandEnd(
  status: Pick<TaskStatus, "state" | "exitCode" | "signal" | "message">,
): CommandEnd {
  if (status.signal !== undefined) return { signal: status.signal };
  if (status.exitCode !== undefined) return { exitCode: status.exitCode };
  const exited = /exited with status (\d+)/.exec(status.message ?? "");
  if (exited?.[1] !== undefined) return { exitCode: Number(exited[1]) };
  const ended = /terminated (?:with|by) signal (SIG[A-Z0-9]+)/.exec(status.message ?? "");
  if (ended?.[1] !== undefined) return { signal: ended[1] };
  return status.state === "TASK_FINISHED" ? { exitCode: 0 } : {};
}
