import type { PolicyCompanion } from "../../contract/ports/policy-companion.ts";
import type { Heeds } from "../core/explain.ts";
import type { AllocationTables } from "../core/tables.ts";
import type { AdmittedPolicy } from "./admission.ts";
import { PolicyFault, type PolicyFaultCode } from "./faults.ts";
import { type PolicyEvent, PolicyHistory, type Standing } from "./history.ts";
import { type InstanceListener, Instances } from "./instances.ts";
import { type Kept, keptBeside } from "./kept.ts";
import type { DecisionRows, Policy, PolicySnapshot, RoundInput } from "./policy.ts";
import { ReferenceDrf } from "./reference-drf.ts";
import { DEFAULT_SUPERVISION, type SupervisorLimits, standingAfter } from "./supervision.ts";
import { Verifier } from "./verify.ts";
import type { WasmPolicy, WasmPolicyOptions } from "./wasm-policy.ts";

/** A policy with everything it takes to start an instance of it. */
export interface PolicySpec {
  readonly policy: AdmittedPolicy;
  readonly options: WasmPolicyOptions;
  /** What it goes by, for explanations; without it they claim nothing. */
  readonly heeds?: Heeds;
}

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

/**
 * Runs the live policy and never throws for what it does: a fault costs the round and is written
 * down, and the next rounds go to a restored instance, then a cold one, then the policy before,
 * then the one that is built in. Between attempts the built-in one serves.
 */
export class PolicySupervisor {
  readonly history: PolicyHistory;
  readonly #limits: SupervisorLimits;
  readonly #builtIn: Policy = new ReferenceDrf();
  readonly #verifier = new Verifier();
  readonly #faultCounts = new Map<PolicyFaultCode, number>();
  #spec: PolicySpec | undefined;
  #previous: Kept | undefined;
  #instance: WasmPolicy | undefined;
  #snapshot: PolicySnapshot | undefined;
  #standing: Standing = "built-in";
  #faultsInARow = 0;
  #healthy = 0;
  #stalled = 0;
  #retryAt = 0;
  readonly #instances: Instances;

  constructor(
    limits: SupervisorLimits = DEFAULT_SUPERVISION,
    history = new PolicyHistory(),
    listener?: InstanceListener,
  ) {
    this.#limits = limits;
    this.history = history;
    this.#instances = new Instances(listener);
  }

  /** How the live policy stands. */
  get standing(): Standing {
    return this.#standing;
  }

  /** What happened, oldest first, bounded. */
  get events(): readonly PolicyEvent[] {
    return this.history.events;
  }

  /** Faults since the start, by code. */
  get faultCounts(): ReadonlyMap<PolicyFaultCode, number> {
    return this.#faultCounts;
  }

  /** The policy that is live by the operator's will, whatever its standing. */
  get live(): AdmittedPolicy | undefined {
    return this.#spec?.policy;
  }

  /** The policy that `rollback` makes the live one. */
  get previous(): AdmittedPolicy | undefined {
    return this.#previous?.spec.policy;
  }

  /** The private state that a successor would be handed now. */
  get state(): PolicySnapshot | undefined {
    return this.#instance?.snapshot() ?? this.#snapshot;
  }

  /** The companion of the live policy, if it has one. */
  get companion(): PolicyCompanion | undefined {
    return this.#spec?.options.companion;
  }

  /** The live policy and the kept one, as far as there are such. */
  get specs(): readonly PolicySpec[] {
    return [this.#spec, this.#previous?.spec].filter((spec) => spec !== undefined);
  }

  /**
   * Makes a policy the live one, between two rounds. It must start now, on these tables, or its
   * `PolicyFault` is thrown and nothing changes; an instance that has started before is taken if it
   * still fits. It is given the private state of the one before if it knows it; that one is kept
   * for `rollback`. Returns the instance that was kept until now, if nothing uses it any more.
   */
  promote(
    spec: PolicySpec,
    tables: AllocationTables,
    round: number,
    started?: WasmPolicy,
  ): WasmPolicy | undefined {
    const kept = this.#previous;
    const own = kept?.spec.policy === spec.policy ? this.#release()?.instance : undefined;
    this.#switchTo({ spec, instance: started ?? own }, tables, round, { what: "promoted" });
    return this.#instance === kept?.instance ? undefined : kept?.instance;
  }

  /** The same when a master begins to lead; `detail` says who wanted this policy. */
  start(spec: PolicySpec, tables: AllocationTables, detail: string): void {
    this.#switchTo({ spec, instance: undefined }, tables, 0, { what: "started", detail });
  }

  /** Makes the policy before the live one again. False when there is none. */
  rollback(tables: AllocationTables, round: number): boolean {
    const kept = this.#release();
    if (kept === undefined) return false;
    this.#switchTo(kept, tables, round, { what: "rolled-back" });
    return true;
  }

  /** The policy that would be kept for a rollback if this one became live now. */
  keptBeside(next: PolicySpec): AdmittedPolicy | undefined {
    return this.#keptBeside(next)?.spec.policy;
  }

  /** Names the policy to fall back to, without starting it: what a master before us kept. */
  keep(spec: PolicySpec): void {
    this.#previous = { spec, instance: undefined };
  }

  /** Gives a policy that is live or kept other settings, without a swap. */
  configure(spec: PolicySpec): void {
    const previous = this.#previous;
    if (this.#running() === spec.policy) this.#instances.configure(this.#instance, spec.options);
    if (previous?.spec.policy === spec.policy) {
      previous.instance?.configure(spec.options);
      this.#previous = { spec, instance: previous.instance };
    }
    if (this.#spec?.policy === spec.policy) this.#spec = spec;
  }

  /** Has a new instance run the next round, with the private state of this one and nothing else. */
  renew(): void {
    this.#instances.isStale = true;
  }

  /** The program of the instance that runs, as its companion compiled it last. */
  get program(): Uint8Array | undefined {
    return this.#instance?.program;
  }

  /** One round. The rows are verified, or `undefined` when the policy failed. */
  allocate(tables: AllocationTables, input: RoundInput): Supervised {
    let policy = this.#builtIn;
    try {
      policy = this.#ready(tables, input) ?? this.#builtIn;
      const rows = policy.allocate(tables, input);
      this.#verifier.verify(tables, rows, input.offers);
      if (policy !== this.#builtIn) this.#passed(policy, rows, input);
      const { name, digest } = policy;
      return { rows, policy: name, digest, instance: this.#numberOf(policy), fault: undefined };
    } catch (error) {
      if (!(error instanceof PolicyFault)) throw error;
      const { name, digest } = this.#running() ?? policy;
      const instance = this.#numberOf(policy);
      this.#failed(error, input);
      return { rows: undefined, policy: name, digest, instance, fault: error };
    }
  }

  /** The policy that is kept, without its instance from now on: should that fail, it is lost. */
  #release(): Kept | undefined {
    const kept = this.#previous;
    if (kept !== undefined) this.#previous = { spec: kept.spec, instance: undefined };
    return kept;
  }

  #switchTo(
    next: Kept,
    tables: AllocationTables,
    round: number,
    how: Pick<PolicyEvent, "what" | "detail">,
  ): void {
    const { spec } = next;
    const { state } = this;
    const warm = next.instance?.fits(tables) ? next.instance : undefined;
    const { instance, took, fault } = this.#instances.start(spec, tables, state, warm);
    const tookOver = state !== undefined && took === state;
    const before = this.#spec;
    this.#previous = this.#keptBeside(spec);
    this.#spec = spec;
    this.#instance = instance;
    this.#snapshot = instance.snapshot();
    this.#standing = "live";
    this.#faultsInARow = 0;
    this.#healthy = 0;
    this.#stalled = 0;
    this.#retryAt = 0;
    if (fault !== undefined) this.#blame(fault, round);
    const previous = before && { name: before.policy.name, digest: before.policy.digest };
    this.#note(round, { ...how, ...(previous === undefined ? {} : { previous, tookOver }) });
  }

  #keptBeside(next: PolicySpec): Kept | undefined {
    const live = this.#spec && { spec: this.#spec, instance: this.#instance };
    return keptBeside(next, live, this.#previous, this.#standing === "previous");
  }

  #numberOf(policy: Policy): number {
    return policy === this.#builtIn ? -1 : this.#instances.number;
  }

  /** The policy that runs in this standing. */
  #running(): AdmittedPolicy | undefined {
    if (this.#standing === "built-in") return undefined;
    return (this.#standing === "previous" ? this.#previous?.spec : this.#spec)?.policy;
  }

  /** The instance for this round; `undefined` leaves the round to the built-in policy. */
  #ready(tables: AllocationTables, input: RoundInput): Policy | undefined {
    if (this.#standing === "built-in" || input.round < this.#retryAt) return undefined;
    const spec = this.#standing === "previous" ? this.#previous?.spec : this.#spec;
    if (spec === undefined) return undefined;
    if (!this.#instances.isStale && this.#instance?.fits(tables)) return this.#instance;
    // What grew needs a new layout; the state goes over. After a fault there is no instance.
    const grown = this.#instance !== undefined;
    const state = grown ? this.#instance?.snapshot() : this.#snapshot;
    this.#instance = undefined;
    const cold = this.#standing === "cold" || this.#standing === "previous";
    const handed = grown || !cold ? state : undefined;
    const { instance, fault } = this.#instances.start(spec, tables, handed);
    this.#instance = instance;
    if (fault !== undefined) this.#blame(fault, input.round);
    if (!grown) this.#note(input.round, { what: "retried" });
    return instance;
  }

  #passed(policy: Policy, rows: DecisionRows, input: RoundInput): void {
    this.#stalled = rows.more && rows.count === 0 && rows.looked === 0 ? this.#stalled + 1 : 0;
    if (this.#stalled > this.#limits.stalledRoundsMax) {
      throw new PolicyFault("POLICY_NO_PROGRESS", `${this.#stalled} rounds in a row`);
    }
    this.#snapshot = policy.snapshot();
    this.#healthy += 1;
    if (this.#faultsInARow === 0 || this.#healthy < this.#limits.healthyRounds) return;
    this.#faultsInARow = 0;
    if (this.#standing !== "previous") this.#standing = "live";
    this.#note(input.round, { what: "recovered" });
  }

  /** Counts a fault of the policy that runs, and writes it down. */
  #blame(fault: PolicyFault, round: number): void {
    const count = this.#faultCounts.get(fault.code) ?? 0;
    this.#faultCounts.set(fault.code, count + 1);
    const { code, message, row } = fault;
    const said = this.#instance?.note ?? 0;
    const detail = said === 0 ? message : `${message} (its note says ${said})`;
    this.#note(round, { what: "fault", code, detail, ...(row === undefined ? {} : { row }) });
  }

  #failed(fault: PolicyFault, input: RoundInput): void {
    this.#blame(fault, input.round);
    this.#instance = undefined;
    this.#healthy = 0;
    this.#stalled = 0;
    this.#faultsInARow += 1;
    const doubled = 2 ** (this.#faultsInARow - 1);
    this.#retryAt = input.round + Math.min(doubled, this.#limits.waitRoundsMax);
    const next = standingAfter(this.#standing, this.#previous !== undefined);
    const out = this.#running();
    this.#standing = next;
    if (out === undefined || (next !== "previous" && next !== "built-in")) return;
    const { name, digest } = out;
    const instead = this.#running()?.name ?? "the policy that is built in";
    this.#note(input.round, { what: "quarantined", name, digest, detail: `${instead} decides` });
  }

  #note(round: number, event: Pick<PolicyEvent, "what"> & Partial<PolicyEvent>): void {
    const { name, digest } = this.#running() ?? this.#builtIn;
    this.history.note({ round, name, digest, standing: this.#standing, ...event });
  }
}
