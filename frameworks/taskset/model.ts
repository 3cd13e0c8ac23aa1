import type { Attribute, Resources, TaskState, TaskStatus } from "../../sdk/index.ts";
import { type Ending, endingOf } from "./endings.ts";

/** One piece of work: run until it has an outcome, in as many attempts as that takes. */
export interface WorkItem {
  /** Unique within the set, and the task id of the first attempt; later ones add `.2`, `.3`. */
  readonly key: string;
  readonly resources: Resources;
  /** Attributes that an agent must have, by name and printed value. */
  readonly requires?: Readonly<Record<string, string>>;
  /** Attributes worth waiting for: any one of the values will do. */
  readonly prefers?: { readonly attribute: string; readonly values: readonly string[] };
}

/** Where an attempt runs. */
export interface Place {
  readonly agentId: string;
  readonly hostname: string;
  /** Address of the agent's HTTP server, for the sandbox. */
  readonly ip: string;
  readonly port: number;
}

/** One try to run an item. */
export interface Attempt {
  readonly taskId: string;
  readonly key: string;
  /** 1 for the first. */
  readonly number: number;
  readonly place: Place;
  readonly launchedMs: number;
  /** Runs beside another attempt of the same item that is slow. */
  readonly isSpeculative: boolean;
  /** Whether its agent has the attribute that the item prefers; `undefined` without preference. */
  readonly isLocal: boolean | undefined;
  state: TaskState;
  runningMs?: number;
  killedMs?: number;
}

/** How an item ended. */
export interface Outcome {
  readonly key: string;
  readonly state: TaskState;
  readonly exitCode?: number;
  readonly signal?: string;
  readonly reason?: string;
  readonly message?: string;
  /** The attempt that decided it; absent when the item was given up before it ran. */
  readonly attempt?: Attempt;
  /** Attempts that were launched. */
  readonly attempts: number;
  readonly endedMs: number;
}

/** What an offer holds, as far as planning is concerned. */
export interface OfferView {
  readonly id: string;
  readonly agentId: string;
  readonly hostname: string;
  readonly ip: string;
  readonly port: number;
  readonly resources: Resources;
  readonly attributes?: readonly Attribute[];
}

/** What to answer to one offer: launch some attempts, or refuse it for a time. */
export interface Answer<Offer extends OfferView = OfferView> {
  readonly offer: Offer;
  readonly attempts: readonly Attempt[];
  /** `undefined` is the master's default of 5 s (C7). */
  readonly refuseMs: number | undefined;
}

/** What an update changed. */
export interface Change {
  /** The item's end, told once. */
  readonly outcome?: Outcome;
  /** The attempt failed or was lost, and another one will follow. */
  readonly retried?: "failed" | "lost";
  /** Task ids to kill: attempts that nobody waits for any more. */
  readonly kill: readonly string[];
}

/** Figures of a set. */
export interface TaskSetCounts {
  readonly items: number;
  readonly pending: number;
  /** Attempts that are launched and have not ended. */
  readonly live: number;
  readonly finished: number;
  /** Items that ended otherwise than by finishing or by being killed. */
  readonly failed: number;
  /** Items that somebody killed, or that were given up before they ran. */
  readonly killed: number;
  readonly launched: number;
  /** Attempts after a failure of the item's own. */
  readonly retries: number;
  /** Attempts after the loss of one, by no fault of the item. */
  readonly reruns: number;
  readonly speculative: number;
  readonly local: number;
  readonly remote: number;
}

/** How a set treats its items. */
export interface TaskSetRules {
  /** Further attempts after failures of the item itself; default 0. */
  readonly retries: number;
  /** Further attempts after losses, which are nobody's fault but must end somewhere. */
  readonly reruns: number;
  /** Attempts at once. */
  readonly concurrency: number;
  /** How long an item waits for an agent that it prefers, or that has not failed it. */
  readonly patienceMs: number;
  /** What the end of an attempt means; default `endingOf`. */
  readonly endingOf: (status: TaskStatus) => Ending | undefined;
}

/** How a set treats its items that nobody says otherwise of. */
export const taskSetRules: TaskSetRules = {
  retries: 0,
  reruns: 20,
  concurrency: Number.POSITIVE_INFINITY,
  patienceMs: 3_000,
  endingOf,
};
