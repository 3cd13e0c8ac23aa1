import type { PolicyDiff } from "../../contract/schema/policy.ts";
import type { AllocationTables } from "../core/tables.ts";
import { PolicyFault } from "./faults.ts";
import type { PolicyHappening, PolicyHistory, PolicyName } from "./history.ts";
import type { RoundInput } from "./policy.ts";
import { Shadow, type ShadowOptions } from "./shadow.ts";
import type { PolicySpec, PolicySupervisor, Supervised } from "./supervisor.ts";

/** Bounds of all shadow runs together. */
export interface ShadowLimits {
  /** Share of the time that passes that they may use, 0 to 1. */
  readonly share: number;
  /** Time that they may have saved up, in milliseconds. */
  readonly creditMsMax: number;
  /** They sit out a round in which the live policy took longer than this. */
  readonly liveMsMax: number;
}

/** Limits unless told otherwise. */
export const DEFAULT_SHADOWS: ShadowLimits = { share: 0.1, creditMsMax: 100, liveMsMax: 100 };

/**
 * The shadow runs. They share an allowance of time, so that they cost the master a bounded part of
 * itself whatever they do: without credit a round is sat out, and after an expensive one many. At
 * most one of them runs in a round; several take turns.
 */
export class Shadows {
  readonly #supervisor: PolicySupervisor;
  readonly #clockMs: () => number;
  readonly #limits: ShadowLimits;
  readonly #shadows = new Map<string, Shadow>();
  #creditMs: number;
  #lastMs: number;
  #turn = 0;
  #usedMs = 0;

  constructor(
    supervisor: PolicySupervisor,
    clockMs: () => number,
    limits: ShadowLimits = DEFAULT_SHADOWS,
  ) {
    this.#supervisor = supervisor;
    this.#clockMs = clockMs;
    this.#limits = limits;
    this.#creditMs = limits.creditMsMax;
    this.#lastMs = clockMs();
  }

  /** Time that shadow runs have used since the start, in milliseconds. */
  get usedMs(): number {
    return this.#usedMs;
  }

  /** How many run now. */
  get running(): number {
    return this.#running().length;
  }

  /** Names of all that there is something to read of, the newest last. */
  get names(): readonly string[] {
    return [...this.#shadows.keys()];
  }

  isRunning(name: string): boolean {
    return this.#shadows.get(name)?.isRunning === true;
  }

  /** Begins to run a policy; an earlier run of its name is forgotten. Throws its `PolicyFault`. */
  start(
    options: Omit<ShadowOptions, "live" | "state">,
    tables: AllocationTables,
    round: number,
  ): void {
    const { state } = this.#supervisor;
    const shadow = new Shadow({ ...options, live: this.#liveName(), state }, tables, round);
    const { name } = options.spec.policy;
    this.#shadows.delete(name);
    this.#shadows.set(name, shadow);
    this.#note(shadow, round, "shadow-started");
  }

  /** Ends a run; false when there is none. */
  stop(name: string, round: number): boolean {
    const shadow = this.#shadows.get(name);
    if (shadow?.isRunning !== true) return false;
    shadow.stop();
    this.#note(shadow, round, "shadow-ended", "stopped by an operator");
    return true;
  }

  /** Forgets a policy that is unloaded. */
  forget(name: string): void {
    this.#shadows.delete(name);
  }

  /** What a run has found, or `undefined` when there was none. */
  report(name: string, kindNames: readonly string[]): PolicyDiff | undefined {
    return this.#shadows.get(name)?.report(kindNames);
  }

  /** Another policy is live, or the live one has other settings: comparisons begin anew. */
  liveChanged(round: number): void {
    const live = this.#liveName();
    for (const shadow of this.#running()) {
      if (shadow.policy.name !== live.name) {
        shadow.restart(round, { live });
        continue;
      }
      shadow.stop();
      this.#note(shadow, round, "shadow-ended", "it is live");
    }
  }

  /** A shadow policy has other settings. */
  configure(spec: PolicySpec, round: number): void {
    this.#shadows.get(spec.policy.name)?.restart(round, { spec });
  }

  /** The live policy has decided a round; the tables are still as it saw them. */
  observe(
    tables: AllocationTables,
    input: RoundInput,
    decided: Supervised,
    liveTookMs: number,
  ): void {
    if (this.#shadows.size === 0) return;
    const running = this.#running();
    const shadow = running[this.#turn++ % Math.max(1, running.length)];
    if (shadow === undefined) return;
    const began = this.#clockMs();
    this.#creditMs = Math.min(
      this.#limits.creditMsMax,
      this.#creditMs + (began - this.#lastMs) * this.#limits.share,
    );
    this.#lastMs = began;
    const { rows } = decided;
    if (rows === undefined || decided.digest !== this.#liveName().digest) shadow.unmatched();
    else if (this.#creditMs <= 0 || liveTookMs > this.#limits.liveMsMax) shadow.skip();
    else {
      this.#run(shadow, tables, input, { rows, tookMs: liveTookMs });
      const spentMs = this.#clockMs() - began;
      this.#creditMs -= spentMs;
      this.#usedMs += spentMs;
    }
  }

  #run(
    shadow: Shadow,
    tables: AllocationTables,
    input: RoundInput,
    live: Parameters<Shadow["run"]>[2],
  ): void {
    try {
      shadow.run(tables, input, live, this.#clockMs);
      if (!shadow.isRunning)
        this.#note(shadow, input.round, "shadow-ended", "it has run its rounds");
    } catch (error) {
      if (!(error instanceof PolicyFault)) throw error;
      this.#note(shadow, input.round, "shadow-fault", error.message, error);
    }
  }

  #running(): readonly Shadow[] {
    return [...this.#shadows.values()].filter(({ isRunning }) => isRunning);
  }

  #liveName(): PolicyName {
    const { name = "built-in", digest = "" } = this.#supervisor.live ?? {};
    return { name, digest };
  }

  #note(
    shadow: Shadow,
    round: number,
    what: PolicyHappening,
    detail?: string,
    fault?: PolicyFault,
  ): void {
    const history: PolicyHistory = this.#supervisor.history;
    history.note({
      round,
      what,
      ...shadow.policy,
      standing: this.#supervisor.standing,
      ...(detail === undefined ? {} : { detail }),
      ...(fault === undefined ? {} : { code: fault.code }),
      ...(fault?.row === undefined ? {} : { row: fault.row }),
    });
  }
}
