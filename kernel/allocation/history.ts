import type { PolicyFaultCode } from "./faults.ts";

/**
 * How the live policy stands. `live`: as promoted. `restored`: after a fault, from the last
 * snapshot. `cold`: after a fault of that, from nothing, because the snapshot may be the poison.
 * `previous`: quarantined, the policy before it runs. `built-in`: nothing else is left to trust.
 */
export type Standing = "live" | "restored" | "cold" | "previous" | "built-in";

/** A policy by its name and the SHA-256 of its file. */
export interface PolicyName {
  readonly name: string;
  readonly digest: string;
}

/** What can happen to a policy. */
export type PolicyHappening =
  | "loaded"
  | "unloaded"
  | "refused"
  | "started"
  | "promoted"
  | "rolled-back"
  | "configured"
  | "fault"
  | "retried"
  | "recovered"
  | "quarantined"
  | "shadow-started"
  | "shadow-ended"
  | "shadow-fault";

/** One thing that happened to a policy, for operators. */
export interface PolicyEvent extends PolicyName {
  /** The round in which it happened, or the last one before it. */
  readonly round: number;
  /** Milliseconds since the epoch. */
  readonly timeMs: number;
  readonly what: PolicyHappening;
  /** How the live policy stands; with a fault, how it stood. */
  readonly standing: Standing;
  readonly code?: PolicyFaultCode | string;
  readonly detail?: string;
  /** First offending decision row, where a row was at fault. */
  readonly row?: number;
  /** The live policy before, where another one took its place, and if its state was handed over. */
  readonly previous?: PolicyName;
  readonly tookOver?: boolean;
  /** How long the master's loop was held up, where another policy took over. */
  readonly tookMs?: number;
}

/** Most events that are kept. */
export const POLICY_EVENTS_MAX = 256;

/** The story of the policies since the master began to lead, bounded, with listeners. */
export class PolicyHistory {
  readonly #events: PolicyEvent[] = [];
  readonly #listeners = new Set<(event: PolicyEvent) => void>();
  readonly #nowMs: () => number;
  readonly #eventsMax: number;

  /** `nowMs` is only read to say when something happened. */
  constructor(nowMs: () => number = () => 0, eventsMax: number = POLICY_EVENTS_MAX) {
    this.#nowMs = nowMs;
    this.#eventsMax = eventsMax;
  }

  /** What happened, oldest first. */
  get events(): readonly PolicyEvent[] {
    return this.#events;
  }

  /** Calls back with every event from now on, in the moment in which it happens. */
  listen(listener: (event: PolicyEvent) => void): void {
    this.#listeners.add(listener);
  }

  /** Writes something down. */
  note(what: Omit<PolicyEvent, "timeMs">): void {
    const event = { timeMs: this.#nowMs(), ...what };
    this.#events.push(event);
    if (this.#events.length > this.#eventsMax) this.#events.shift();
    for (const listener of this.#listeners) listener(event);
  }
}
