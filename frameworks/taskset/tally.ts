import type { Attempt, Outcome } from "./model.ts";

/** Counts what the attempts of a set were, and how its items ended. */
export class Tally {
  launched = 0;
  retries = 0;
  reruns = 0;
  speculative = 0;
  local = 0;
  remote = 0;
  finished = 0;
  killed = 0;

  /** An attempt was launched. */
  launch({ isSpeculative, isLocal }: Attempt): void {
    this.launched += 1;
    if (isSpeculative) this.speculative += 1;
    if (isLocal === true) this.local += 1;
    if (isLocal === false) this.remote += 1;
  }

  /** An item ended, or with -1 did not after all. */
  end({ state }: Outcome, by: 1 | -1): void {
    if (state === "TASK_FINISHED") this.finished += by;
    else if (state === "TASK_KILLED") this.killed += by;
  }
}
