import type { Clock } from "../contract/ports/clock.ts";
import type { OfferConstraints } from "../contract/schema/framework.ts";
import type { ConnectOptions } from "./dial.ts";
import type { FrameworkOptions } from "./framework-info.ts";

/** How a `Scheduler` connects and behaves. */
export interface SchedulerOptions extends ConnectOptions, FrameworkOptions {
  /** `manual` leaves acknowledging to `acknowledge()`; default `automatic` (D6). */
  readonly acknowledgement?: "automatic" | "manual";
  /** False leaves reconciliation after a subscription to `reconcile()`; default true (D14). */
  readonly reconciles?: boolean;
  /** First and longest wait between questions about unanswered tasks; defaults 1 s and 60 s. */
  readonly reconcileMsMin?: number;
  readonly reconcileMsMax?: number;
  /** False subscribes with all roles suppressed (B10); default true. */
  readonly wantsOffers?: boolean;
  readonly offerConstraints?: OfferConstraints;
  readonly clock?: Clock;
  /** At least 0, less than 1; for jitter. */
  readonly random?: () => number;
}

/** Whether a client looks for a master, waits for its subscription, has it, or has ended. */
export type SchedulerState = "new" | "connecting" | "subscribing" | "subscribed" | "closed";
