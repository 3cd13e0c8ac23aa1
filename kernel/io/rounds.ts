import type { Metrics } from "../../contract/ports/metrics.ts";
import type { WasmPlugin } from "../../contract/ports/plugin.ts";
import { admitPolicy } from "../allocation/admission.ts";
import { AllocationRounds, type RoundDecisions } from "../allocation/round.ts";
import { DecisionFlag } from "../allocation/slots.ts";
import {
  DEFAULT_SUPERVISION,
  PolicySupervisor,
  type StartedInstance,
} from "../allocation/supervisor.ts";
import type { ClusterInput, OfferDecision } from "../core/event.ts";
import type { ClusterState } from "../core/state.ts";
import { prepareRound } from "../core/step.ts";
import { KINDS } from "../core/tables/shape.ts";
import type { AllocationTables } from "../core/tables.ts";

/** Wall-clock backstop of one call into a policy; the step budget is the real bound. */
const POLICY_DEADLINE_MS = 1_000;
/** Step budget of one round: agents looked at. A round that needs more goes on in the next turn. */
export const ROUND_STEPS_MAX = 200_000;

/** Numbers for the parameters that a policy's manifest names, defaults filled in. */
function parametersOf({ manifest, config }: WasmPlugin): number[] {
  const given = (config ?? {}) as Readonly<Record<string, unknown>>;
  const values: number[] = [];
  for (const { name, index, default: fallback } of manifest.parameters ?? []) {
    const value = given[name];
    values[index] = typeof value === "number" ? value : Number(value ?? fallback);
  }
  return Array.from(values, (value) => value ?? 0);
}

/** Who is told, in order, of everything that decides and of what was decided. */
export interface RoundsListener {
  started(instance: StartedInstance): void;
  decided(decisions: RoundDecisions, listed: readonly OfferDecision[]): void;
}

/** The allocation of a master: its live policy under supervision, and the figures of its rounds. */
export class Rounds {
  readonly supervisor: PolicySupervisor;
  readonly #listener: RoundsListener | undefined;
  readonly #rounds: AllocationRounds;
  readonly #seed: number;
  readonly #seconds;
  readonly #offers;
  readonly #lost;

  /** `seed` makes the order of agents differ between masters and equal between replays. */
  constructor(
    seed: number,
    monotonicMs: () => number,
    metrics: Metrics,
    listener?: RoundsListener,
  ) {
    this.#seed = seed;
    this.#listener = listener;
    this.supervisor = new PolicySupervisor(DEFAULT_SUPERVISION, (started) =>
      listener?.started(started),
    );
    this.#rounds = new AllocationRounds(this.supervisor, monotonicMs);
    this.#seconds = metrics.histogram({
      name: "allocation_round_seconds",
      help: "Time of one allocation round: columns, policy and verification.",
      labels: ["policy"],
      buckets: [0.0001, 0.0005, 0.001, 0.002, 0.005, 0.01, 0.05, 0.1, 0.5, 1],
    });
    this.#offers = metrics.counter({
      name: "allocation_decisions_total",
      help: "Verified decisions, each of which became an offer.",
      labels: ["policy"],
    });
    this.#lost = metrics.counter({
      name: "allocation_rounds_lost_total",
      help: "Rounds lost because the policy failed.",
      labels: ["policy"],
    });
  }

  /**
   * Admits a policy and makes it the live one.
   * @throws PolicyFault when it is not fit to run; nothing changes then.
   */
  promote(plugin: WasmPlugin, tables: AllocationTables): void {
    const policy = admitPolicy(plugin.name, plugin.bytes, plugin.digest);
    const options = { deadlineMs: POLICY_DEADLINE_MS, params: parametersOf(plugin) };
    this.supervisor.promote({ policy, options }, tables, this.#rounds.round);
  }

  /** Name and digest of the policy that is meant to run. */
  live(): { readonly name: string; readonly digest: string } {
    const live = this.supervisor.live;
    return { name: live?.name ?? "built-in", digest: live?.digest ?? "" };
  }

  /** Number of the last round. */
  get round(): number {
    return this.#rounds.round;
  }

  /** One round over the cluster; what it decided, as the input to step. */
  decide(state: ClusterState, nowMs: number): ClusterInput | undefined {
    prepareRound(state);
    const input = { seed: this.#seed, nowMs, stepsMax: ROUND_STEPS_MAX };
    const decisions = this.#rounds.run(state.tables, input);
    if (decisions === undefined) return undefined;
    this.#count(decisions);
    const listed = listOf(decisions);
    this.#listener?.decided(decisions, listed);
    const { policy: name, digest } = decisions;
    return {
      type: "offers-decided",
      decisions: listed,
      policy: { name, digest },
      more: decisions.more,
    };
  }

  #count(decisions: RoundDecisions): void {
    const labels = { policy: decisions.policy };
    this.#seconds.observe(decisions.tookMs / 1_000, labels);
    this.#offers.add(decisions.count, labels);
    if (decisions.lost) this.#lost.add(1, labels);
  }
}

/** The columns as a list that stays valid after the next round. */
export function listOf({
  count,
  agents,
  clients,
  flags,
  amounts,
}: RoundDecisions): OfferDecision[] {
  const list: OfferDecision[] = new Array(count);
  for (let row = 0; row < count; row++) {
    const agentRow = agents[row] as number;
    const clientRow = clients[row] as number;
    const bits = flags[row] as number;
    const whole = (bits & DecisionFlag.WHOLE) !== 0;
    list[row] = whole
      ? { agentRow, clientRow, whole }
      : {
          agentRow,
          clientRow,
          whole,
          amounts: [...amounts.subarray(row * KINDS, (row + 1) * KINDS)],
          reserved: (bits & DecisionFlag.RESERVED) !== 0,
          revocable: (bits & DecisionFlag.REVOCABLE) !== 0,
        };
  }
  return list;
}
