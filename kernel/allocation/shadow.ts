import type { PolicyDiff, ShadowRun } from "../../contract/schema/policy.ts";
import type { AllocationTables } from "../core/tables.ts";
import { Comparison, type NameOf } from "./comparison.ts";
import type { PolicyFault } from "./faults.ts";
import type { PolicyName } from "./history.ts";
import { startWith } from "./instances.ts";
import type { DecisionRows, PolicySnapshot, RoundInput } from "./policy.ts";
import type { PolicySpec } from "./supervisor.ts";
import { Verifier } from "./verify.ts";
import type { WasmPolicy } from "./wasm-policy.ts";

/** What a shadow run is started with. */
export interface ShadowOptions {
  readonly spec: PolicySpec;
  readonly live: PolicyName;
  /** The private state of the live policy, as a promotion would hand it over. */
  readonly state: PolicySnapshot | undefined;
  /** Ends by itself after this many rounds; absent for never. */
  readonly roundsMax?: number;
  readonly nameOf: NameOf;
  /** Milliseconds since the epoch, to say since when it runs. */
  readonly nowMs: number;
}

/**
 * A policy that runs beside the live one: on the same tables and candidates, in the same round and
 * with the same seed. Its rows are verified and counted, and never used.
 */
export class Shadow {
  readonly #roundsMax: number | undefined;
  readonly #nameOf: NameOf;
  readonly #verifier = new Verifier();
  readonly #startedMs: number;
  #spec: PolicySpec;
  #instance: WasmPolicy | undefined;
  #live: PolicyName;
  #sinceRound: number;
  #comparison: Comparison;
  #state: ShadowRun["state"] = "running";
  #fault: PolicyFault | undefined;
  #skipped = 0;
  #unmatched = 0;

  /** Starts an instance. Throws the `PolicyFault` with which the policy refuses. */
  constructor(options: ShadowOptions, tables: AllocationTables, round: number) {
    this.#spec = options.spec;
    this.#instance = startWith(options.spec, tables, [options.state]).instance;
    this.#live = options.live;
    this.#roundsMax = options.roundsMax;
    this.#nameOf = options.nameOf;
    this.#startedMs = options.nowMs;
    this.#sinceRound = round;
    this.#comparison = new Comparison(options.nameOf);
  }

  get policy(): PolicyName {
    const { name, digest } = this.#spec.policy;
    return { name, digest };
  }

  get isRunning(): boolean {
    return this.#state === "running";
  }

  /** Counts a round that it sat out to save time. */
  skip(): void {
    this.#skipped += 1;
  }

  /** Counts a round in which there was nothing to compare with. */
  unmatched(): void {
    this.#unmatched += 1;
  }

  /**
   * Decides for itself what the live policy has decided, and compares. `clockMs` is read to say
   * what it cost.
   * @throws PolicyFault with which it has come to its end
   */
  run(
    tables: AllocationTables,
    input: RoundInput,
    live: { readonly rows: DecisionRows; readonly tookMs: number },
    clockMs: () => number,
  ): void {
    try {
      const began = clockMs();
      const instance = this.#ready(tables);
      const rows = instance.allocate(tables, input);
      this.#verifier.verify(tables, rows, input.offers);
      const cost = { liveMs: live.tookMs, shadowMs: clockMs() - began };
      this.#comparison.add(tables, live.rows, rows, cost);
    } catch (fault) {
      this.#fault = fault as PolicyFault;
      this.#end("faulted");
      throw fault;
    }
    if (this.#comparison.rounds === this.#roundsMax) this.#end("finished");
  }

  /** An operator has seen enough. What was compared stays to be read. */
  stop(): void {
    if (this.isRunning) this.#end("stopped");
  }

  /** Something about one of the two policies is new: the comparison begins anew. */
  restart(round: number, change: { readonly live?: PolicyName; readonly spec?: PolicySpec }): void {
    if (!this.isRunning) return;
    this.#live = change.live ?? this.#live;
    if (change.spec !== undefined) {
      this.#spec = change.spec;
      this.#instance?.configure(change.spec.options);
    }
    this.#sinceRound = round;
    this.#skipped = 0;
    this.#unmatched = 0;
    this.#comparison = new Comparison(this.#nameOf);
  }

  /** What operators see of it. */
  report(kindNames: readonly string[]): PolicyDiff {
    const { code, message } = this.#fault ?? {};
    const run: ShadowRun = {
      state: this.#state,
      startedMs: this.#startedMs,
      sinceRound: this.#sinceRound,
      skipped: this.#skipped,
      unmatched: this.#unmatched,
      ...(this.#roundsMax === undefined ? {} : { roundsMax: this.#roundsMax }),
      ...(code === undefined ? {} : { code }),
      ...(message === undefined ? {} : { detail: message }),
    };
    return { live: this.#live, shadow: this.policy, run, ...this.#comparison.report(kindNames) };
  }

  /** The instance, laid out anew when the tables have grown; its state goes over. */
  #ready(tables: AllocationTables): WasmPolicy {
    const before = this.#instance;
    if (before?.fits(tables)) return before;
    const { instance } = startWith(this.#spec, tables, [before?.snapshot()]);
    this.#instance = instance;
    return instance;
  }

  #end(state: "stopped" | "finished" | "faulted"): void {
    this.#state = state;
    this.#instance = undefined;
  }
}
