import type { AllocationTables } from "../core/tables.ts";
import type { AdmittedPolicy } from "./admission.ts";
import { PolicyFault, type PolicyFaultCode } from "./faults.ts";
import type { DecisionRows, Policy, PolicySnapshot, RoundInput } from "./policy.ts";
import { ReferenceDrf } from "./reference-drf.ts";
import { Verifier } from "./verify.ts";
import { WasmPolicy, type WasmPolicyOptions } from "./wasm-policy.ts";

/** A policy with everything it takes to start an instance of it. */
export interface PolicySpec {
  readonly policy: AdmittedPolicy;
  readonly options: WasmPolicyOptions;
}

/**
 * How the live policy stands. `live`: as promoted. `restored`: after a fault, from the last
 * snapshot. `cold`: after a fault of that, from nothing, because the snapshot may be the poison.
 * `previous`: quarantined, the policy before it runs. `built-in`: nothing else is left to trust.
 */
export type Standing = "live" | "restored" | "cold" | "previous" | "built-in";

const STANDINGS: readonly Standing[] = ["live", "restored", "cold", "previous", "built-in"];

/** One thing that happened to a policy, for operators. */
export interface PolicyEvent {
  readonly round: number;
  readonly what: "promoted" | "rolled-back" | "fault" | "retried" | "recovered";
  readonly policy: string;
  readonly digest: string;
  readonly standing: Standing;
  readonly code?: PolicyFaultCode;
  readonly detail?: string;
  /** First offending decision row, where a row was at fault. */
  readonly row?: number;
}

/** Bounds of the supervision; rounds are the clock, so that it replays. */
export interface SupervisorLimits {
  /** Longest wait between attempts. */
  readonly waitRoundsMax: number;
  /** Verified rounds after which earlier faults are forgiven. */
  readonly healthyRounds: number;
  /** Rounds in a row that may ask for more without deciding or finishing anything. */
  readonly stalledRoundsMax: number;
  readonly eventsMax: number;
}

/** Limits unless told otherwise. */
export const DEFAULT_SUPERVISION: SupervisorLimits = {
  waitRoundsMax: 64,
  healthyRounds: 100,
  stalledRoundsMax: 8,
  eventsMax: 256,
};

/** Verified decisions and who made them; `undefined` rows mean that the round was lost. */
export interface Supervised {
  readonly rows: DecisionRows | undefined;
  readonly policy: string;
  readonly digest: string;
  /** Number of the instance that ran; -1 when that was the policy that is built in. */
  readonly instance: number;
  /** Why the round was lost, if it was. */
  readonly fault: PolicyFault | undefined;
}

/** An instance that runs the rounds from now on. */
export interface StartedInstance {
  /** Instances are counted from 0. */
  readonly instance: number;
  readonly spec: PolicySpec;
  /** Private state that it was given, whether or not it knew what to do with it. */
  readonly restored: PolicySnapshot | undefined;
}

/**
 * Runs the live policy and never throws for what it does: a fault costs the round, is counted and
 * written down, and the next rounds go to a restored instance, then a cold one, then the policy
 * before, then the one that is built in. Between attempts the built-in one serves.
 */
export class PolicySupervisor {
  readonly #limits: SupervisorLimits;
  readonly #builtIn: Policy = new ReferenceDrf();
  readonly #verifier = new Verifier();
  readonly #events: PolicyEvent[] = [];
  readonly #faultCounts = new Map<PolicyFaultCode, number>();
  #spec: PolicySpec | undefined;
  #previous: PolicySpec | undefined;
  #instance: WasmPolicy | undefined;
  #snapshot: PolicySnapshot | undefined;
  #standing: Standing = "built-in";
  #faultsInARow = 0;
  #healthy = 0;
  #stalled = 0;
  #retryAt = 0;
  #started = 0;
  #isStale = false;
  readonly #onStarted: (started: StartedInstance) => void;

  /** `onStarted` hears of every instance, before it runs its first round. */
  constructor(
    limits: SupervisorLimits = DEFAULT_SUPERVISION,
    onStarted: (started: StartedInstance) => void = () => {},
  ) {
    this.#limits = limits;
    this.#onStarted = onStarted;
  }

  /** How the live policy stands. */
  get standing(): Standing {
    return this.#standing;
  }

  /** What happened, oldest first, bounded. */
  get events(): readonly PolicyEvent[] {
    return this.#events;
  }

  /** Faults since the start, by code. */
  get faultCounts(): ReadonlyMap<PolicyFaultCode, number> {
    return this.#faultCounts;
  }

  /** The policy that is live by the operator's will, whatever its standing. */
  get live(): AdmittedPolicy | undefined {
    return this.#spec?.policy;
  }

  /**
   * Makes a policy the live one, between two rounds. It must start now, on these tables, or its
   * `PolicyFault` is thrown and nothing changes. It is given the private state of the one before
   * if it knows it; that one is kept for `rollback`.
   */
  promote(spec: PolicySpec, tables: AllocationTables, round: number): void {
    this.#switchTo(spec, tables, round, "promoted");
  }

  /** Makes the policy before the live one again. False when there is none. */
  rollback(tables: AllocationTables, round: number): boolean {
    if (this.#previous === undefined) return false;
    this.#switchTo(this.#previous, tables, round, "rolled-back");
    return true;
  }

  /**
   * Has the next round run by a new instance with the private state of the present one, as when
   * tables have grown: whatever else it has in its memory is forgotten.
   */
  renew(): void {
    this.#isStale = true;
  }

  /** One round. The rows are verified, or `undefined` when the policy failed. */
  allocate(tables: AllocationTables, input: RoundInput): Supervised {
    let policy = this.#builtIn;
    try {
      policy = this.#ready(tables, input) ?? this.#builtIn;
      const rows = policy.allocate(tables, input);
      this.#verifier.verify(tables, rows);
      if (policy !== this.#builtIn) this.#passed(policy, rows, input.round);
      const { name, digest } = policy;
      return { rows, policy: name, digest, instance: this.#numberOf(policy), fault: undefined };
    } catch (error) {
      if (!(error instanceof PolicyFault)) throw error;
      const { name, digest } = this.#running() ?? policy;
      const instance = this.#numberOf(policy);
      this.#failed(error, input.round);
      return { rows: undefined, policy: name, digest, instance, fault: error };
    }
  }

  #switchTo(
    spec: PolicySpec,
    tables: AllocationTables,
    round: number,
    what: "promoted" | "rolled-back",
  ): void {
    const instance = this.#start(spec, tables, this.#instance?.snapshot() ?? this.#snapshot);
    this.#previous = this.#spec;
    this.#spec = spec;
    this.#instance = instance;
    this.#snapshot = instance.snapshot();
    this.#standing = "live";
    this.#faultsInARow = 0;
    this.#healthy = 0;
    this.#stalled = 0;
    this.#note(round, { what });
  }

  /** A new instance, with a private state if there is one for it. */
  #start(
    spec: PolicySpec,
    tables: AllocationTables,
    restored: PolicySnapshot | undefined,
  ): WasmPolicy {
    const instance = new WasmPolicy(spec.policy, tables, spec.options);
    if (restored !== undefined) instance.restore(restored);
    this.#isStale = false;
    this.#onStarted({ instance: this.#started++, spec, restored });
    return instance;
  }

  /** The newest instance is the only one that runs. */
  #numberOf(policy: Policy): number {
    return policy === this.#builtIn ? -1 : this.#started - 1;
  }

  /** The spec that runs in this standing. */
  #running(): AdmittedPolicy | undefined {
    if (this.#standing === "built-in") return undefined;
    return (this.#standing === "previous" ? this.#previous : this.#spec)?.policy;
  }

  /** The instance for this round; `undefined` leaves the round to the built-in policy. */
  #ready(tables: AllocationTables, input: RoundInput): Policy | undefined {
    if (this.#standing === "built-in" || input.round < this.#retryAt) return undefined;
    const spec = this.#standing === "previous" ? this.#previous : this.#spec;
    if (spec === undefined) return undefined;
    const fits = this.#instance?.generation === tables.generation && !this.#isStale;
    if (fits) return this.#instance;
    // Tables that grew need a new layout; the state goes over. After a fault there is no instance.
    const grown = this.#instance !== undefined;
    const state = grown ? this.#instance?.snapshot() : this.#snapshot;
    this.#instance = undefined;
    const cold = this.#standing === "cold" || this.#standing === "previous";
    const instance = this.#start(spec, tables, grown || !cold ? state : undefined);
    this.#instance = instance;
    if (!grown) this.#note(input.round, { what: "retried" });
    return instance;
  }

  #passed(policy: Policy, rows: DecisionRows, round: number): void {
    this.#stalled = rows.more && rows.count === 0 && rows.looked === 0 ? this.#stalled + 1 : 0;
    if (this.#stalled > this.#limits.stalledRoundsMax) {
      throw new PolicyFault("POLICY_NO_PROGRESS", `${this.#stalled} rounds in a row`);
    }
    this.#snapshot = policy.snapshot();
    this.#healthy += 1;
    if (this.#faultsInARow === 0 || this.#healthy < this.#limits.healthyRounds) return;
    this.#faultsInARow = 0;
    if (this.#standing !== "previous") this.#standing = "live";
    this.#note(round, { what: "recovered" });
  }

  #failed(fault: PolicyFault, round: number): void {
    const count = this.#faultCounts.get(fault.code) ?? 0;
    this.#faultCounts.set(fault.code, count + 1);
    const { code, message: detail, row } = fault;
    this.#note(round, { what: "fault", code, detail, ...(row === undefined ? {} : { row }) });
    this.#instance = undefined;
    this.#healthy = 0;
    this.#stalled = 0;
    this.#faultsInARow += 1;
    const waitRounds = Math.min(2 ** (this.#faultsInARow - 1), this.#limits.waitRoundsMax);
    this.#retryAt = round + waitRounds;
    let next = STANDINGS[STANDINGS.indexOf(this.#standing) + 1] ?? "built-in";
    if (next === "previous" && this.#previous === undefined) next = "built-in";
    this.#standing = next;
  }

  #note(round: number, event: Pick<PolicyEvent, "what" | "code" | "detail" | "row">): void {
    const running = this.#running();
    this.#events.push({
      round,
      policy: running?.name ?? this.#builtIn.name,
      digest: running?.digest ?? this.#builtIn.digest,
      standing: this.#standing,
      ...event,
    });
    if (this.#events.length > this.#limits.eventsMax) this.#events.shift();
  }
}
