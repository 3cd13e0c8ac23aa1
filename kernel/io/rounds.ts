import type { Clock } from "../../contract/ports/clock.ts";
import type { Logger } from "../../contract/ports/log.ts";
import type { Metrics } from "../../contract/ports/metrics.ts";
import { PolicyHistory, type PolicyName } from "../allocation/history.ts";
import type { InstanceListener } from "../allocation/instances.ts";
import { AllocationRounds, type RoundDecisions } from "../allocation/round.ts";
import { Shadows } from "../allocation/shadows.ts";
import { DecisionFlag } from "../allocation/slots.ts";
import { DEFAULT_SUPERVISION } from "../allocation/supervision.ts";
import { type PolicySpec, PolicySupervisor } from "../allocation/supervisor.ts";
import { WasmPolicy } from "../allocation/wasm-policy.ts";
import type { ClusterInput, OfferDecision } from "../core/event.ts";
import { offersOut } from "../core/offers-out.ts";
import type { ClusterState } from "../core/state.ts";
import { prepareRound } from "../core/step.ts";
import { KINDS } from "../core/tables/shape.ts";
import type { AllocationTables } from "../core/tables.ts";
import { Statements } from "./statements.ts";
import { Timings } from "./timings.ts";

/** Step budget of one round: agents looked at. A round that needs more goes on in the next turn. */
export const ROUND_STEPS_MAX = 200_000;

/** Who is told, in order, of everything that decides and of what was decided. */
export interface RoundsListener extends InstanceListener {
  /** `program` is that of the instance that ran, replaced when it is another. */
  decided(
    decisions: RoundDecisions,
    listed: readonly OfferDecision[],
    program: Uint8Array | undefined,
  ): void;
  /** The next round looks at all agents, because another policy or other settings decide. */
  touchedAll(): void;
}

/** What a master's rounds are made of. */
export interface RoundsParts {
  /** Makes the order of agents differ between masters and equal between replays. */
  readonly seed: number;
  readonly clock: Clock;
  readonly metrics: Metrics;
  readonly log: Logger;
  readonly listener?: RoundsListener | undefined;
}

/**
 * The allocation of a master: its live policy under supervision, the shadows beside it, and the
 * figures of its rounds.
 */
export class Rounds {
  readonly history: PolicyHistory;
  readonly supervisor: PolicySupervisor;
  readonly shadows: Shadows;
  readonly statements: Statements;
  readonly #rounds: AllocationRounds;
  readonly #seed: number;
  readonly #seconds;
  readonly #offers;
  readonly #reclaims;
  readonly #lost;
  readonly #runs = new Timings(3_600_000);
  readonly #latencies = new Timings(3_600_000);
  readonly #listener: RoundsListener | undefined;

  constructor({ seed, clock, metrics, log, listener }: RoundsParts) {
    this.#seed = seed;
    this.#listener = listener;
    this.statements = new Statements(() => {
      const { companion } = this.supervisor;
      return { name: this.live().name, companion };
    }, log);
    this.history = new PolicyHistory(() => clock.nowMs());
    this.supervisor = new PolicySupervisor(DEFAULT_SUPERVISION, this.history, listener);
    this.shadows = new Shadows(this.supervisor, () => clock.monotonicMs());
    this.#rounds = new AllocationRounds(this.supervisor, () => clock.monotonicMs(), this.shadows);
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
    this.#reclaims = metrics.counter({
      name: "allocation_reclaims_total",
      help: "Verified decisions that took back what a framework was offered and had not answered.",
      labels: ["policy"],
    });
    this.#lost = metrics.counter({
      name: "allocation_rounds_lost_total",
      help: "Rounds lost because the policy failed.",
      labels: ["policy"],
    });
  }

  /** Number of the last round that ran. */
  get round(): number {
    return this.#rounds.round;
  }

  /**
   * Starts an instance of a policy on the tables as they are, to see that it does, and for a
   * promotion to take.
   * @throws PolicyFault with which it refuses
   */
  tryOut({ policy, options }: PolicySpec, tables: AllocationTables): WasmPolicy {
    return new WasmPolicy(policy, tables, options);
  }

  /** Name and digest of the policy that is meant to run. */
  live(): PolicyName {
    const { live } = this.supervisor;
    return { name: live?.name ?? "built-in", digest: live?.digest ?? "" };
  }

  /** Has the next round look at all agents: what was of no use before may be of use now. */
  touchAll(tables: AllocationTables): void {
    tables.touchAll();
    this.#listener?.touchedAll();
  }

  /** Adds the figures of rounds under Mesos' names (H8). */
  show(nowMs: number, out: Record<string, number>): void {
    out["allocator/mesos/allocation_runs"] = this.round;
    this.#runs.show("allocator/mesos/allocation_run_ms", nowMs, out);
    this.#latencies.show("allocator/mesos/allocation_run_latency_ms", nowMs, out);
  }

  /**
   * One round over the cluster; what it decided, as the input to step. It waited for so long for
   * its turn.
   */
  decide(state: ClusterState, nowMs: number, waitedMs = 0): ClusterInput | undefined {
    this.#latencies.add(waitedMs, nowMs);
    this.statements.audit(state.tables);
    prepareRound(state);
    const { filters: expiries } = state;
    const offers = offersOut(state);
    const input = { seed: this.#seed, nowMs, stepsMax: ROUND_STEPS_MAX, expiries, offers };
    const decisions = this.#rounds.run(state.tables, input);
    if (decisions === undefined) return undefined;
    const listed = listOf(decisions);
    this.#count(decisions, listed);
    this.#runs.add(decisions.tookMs, nowMs);
    this.#listener?.decided(decisions, listed, this.supervisor.program);
    const { policy: name, digest } = decisions;
    return {
      type: "offers-decided",
      decisions: listed,
      policy: { name, digest },
      more: decisions.more,
      lookAgain: decisions.lookAgain,
    };
  }

  #count(decisions: RoundDecisions, listed: readonly OfferDecision[]): void {
    const labels = { policy: decisions.policy };
    this.#seconds.observe(decisions.tookMs / 1_000, labels);
    const takes = listed.reduce((sum, { reclaim }) => sum + (reclaim === true ? 1 : 0), 0);
    this.#offers.add(listed.length - takes, labels);
    if (takes > 0) this.#reclaims.add(takes, labels);
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
}: Pick<RoundDecisions, "count" | "agents" | "clients" | "flags" | "amounts">): OfferDecision[] {
  const list: OfferDecision[] = new Array(count);
  for (let row = 0; row < count; row++) {
    const agentRow = agents[row] as number;
    const clientRow = clients[row] as number;
    const bits = flags[row] as number;
    const whole = (bits & DecisionFlag.WHOLE) !== 0;
    if ((bits & DecisionFlag.RECLAIM) !== 0) {
      list[row] = { agentRow, clientRow, whole, reclaim: true };
      continue;
    }
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
