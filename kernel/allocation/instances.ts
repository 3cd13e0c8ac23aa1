import type { AllocationTables } from "../core/tables.ts";
import { PolicyFault } from "./faults.ts";
import type { PolicySnapshot } from "./policy.ts";
import type { PolicySpec } from "./supervisor.ts";
import { WasmPolicy, type WasmPolicyOptions } from "./wasm-policy.ts";

/** An instance that runs the rounds from now on. */
export interface StartedInstance {
  /** Instances are counted from 0. */
  readonly number: number;
  readonly instance: WasmPolicy;
  readonly spec: PolicySpec;
  /** Private states that it was given, in order, whether or not it knew what to do with them. */
  readonly restored: readonly PolicySnapshot[];
}

/** Hears, in order, of everything that decides what the live policy decides. */
export interface InstanceListener {
  /** Before its first round. Every instance is then a new one, whatever ran before. */
  started(started: StartedInstance): void;
  /** The instance that runs has other parameters. */
  configured(params: readonly number[]): void;
}

/** What came of a start. */
export interface SuccessfulStart {
  readonly instance: WasmPolicy;
  /** Private states that it was given, the one that it took last. */
  readonly restored: readonly PolicySnapshot[];
  /** The private state that it goes on from. */
  readonly took: PolicySnapshot | undefined;
  /** What a state did to an instance before this one. */
  readonly fault: PolicyFault | undefined;
}

/**
 * Starts an instance, or takes one that has started, with the first of these private states that it
 * knows. One that a state kills makes room for another one, which is not given that state: what one
 * policy remembers must never keep the next one from running.
 * @throws PolicyFault
 */
export function startWith(
  { policy, options }: PolicySpec,
  tables: AllocationTables,
  states: readonly (PolicySnapshot | undefined)[],
  started?: WasmPolicy,
): SuccessfulStart {
  let instance = started ?? new WasmPolicy(policy, tables, options);
  let restored: PolicySnapshot[] = [];
  let fault: PolicyFault | undefined;
  for (const state of states) {
    if (state === undefined) continue;
    try {
      restored.push(state);
      if (instance.restore(state)) return { instance, restored, took: state, fault };
    } catch (thrown) {
      if (!(thrown instanceof PolicyFault)) throw thrown;
      fault = thrown;
      instance = new WasmPolicy(policy, tables, options, instance.spentMs);
      restored = [];
    }
  }
  return { instance, restored, took: undefined, fault };
}

/** Starts the instances of the live policy one after the other; the newest is the one that runs. */
export class Instances {
  readonly #listener: InstanceListener | undefined;
  #started = 0;
  /** The one that runs is to be replaced before the next round. */
  isStale = false;

  constructor(listener: InstanceListener | undefined) {
    this.#listener = listener;
  }

  /** Number of the newest. */
  get number(): number {
    return this.#started - 1;
  }

  /**
   * Starts an instance with a private state, and says whether it took that. One that is warm is
   * taken as it is, unless somebody listens: what it has seen besides its private state nobody has
   * heard of. Its own state is better than none.
   * @throws PolicyFault
   */
  start(
    spec: PolicySpec,
    tables: AllocationTables,
    state: PolicySnapshot | undefined,
    warm?: WasmPolicy,
  ): SuccessfulStart {
    const taken = this.#listener === undefined ? warm : undefined;
    const own = warm?.snapshot();
    // Whoever is warm has its own state until it is given another one, which it might not take.
    const isOwn = taken !== undefined && !(state !== undefined && taken.mayRestore(state));
    const start = startWith(spec, tables, isOwn ? [] : [state, own], taken);
    const { instance, restored } = start;
    this.isStale = false;
    this.#listener?.started({ number: this.#started, instance, spec, restored });
    this.#started += 1;
    return start;
  }

  /** Gives the one that runs other settings. */
  configure(instance: WasmPolicy | undefined, options: WasmPolicyOptions): void {
    if (instance === undefined) return;
    instance.configure(options);
    this.#listener?.configured(options.params ?? []);
  }
}
