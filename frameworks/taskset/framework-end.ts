import { errors } from "../../contract/errors.ts";
import type { Scheduler } from "../../sdk/index.ts";

/** Who is told how the subscription of a job fares. */
export interface SubscriptionHooks {
  /** It is over for good. */
  onEnd(error: Error): void;
  /** The connection to the master is gone; the client looks for one by itself. */
  onDisconnected(): void;
}

/**
 * Tells what becomes of a job's subscription. A framework that is torn down loses its connection
 * first, which is no sign that its master is gone, and learns why when it subscribes again.
 */
export function followSubscription(scheduler: Scheduler, hooks: SubscriptionHooks): void {
  scheduler.on("disconnected", ({ code }) => {
    if (code !== "SESSION_ENDED") hooks.onDisconnected();
  });
  scheduler.on("error", (error) => {
    const { frameworkId } = scheduler;
    const isRemoved = error.code === "FRAMEWORK_REMOVED" && frameworkId !== undefined;
    hooks.onEnd(isRemoved ? errors.JOB_TORN_DOWN(frameworkId) : error);
  });
}

/**
 * Tears a job's framework down. Answers its id when no master has heard of it, so that what it runs
 * goes on.
 */
export async function endFramework(scheduler: Scheduler): Promise<string | undefined> {
  const { frameworkId, state } = scheduler;
  const isHeard = await scheduler.teardown();
  return isHeard || state === "closed" ? undefined : frameworkId;
}

/** What to do about a framework that could not be torn down. */
export function notEndedWords(frameworkId: string): string {
  return (
    `no master has heard that framework ${frameworkId} ends, so its tasks may run on; ` +
    `\`tepui teardown ${frameworkId}\` ends it when there is a master again`
  );
}
