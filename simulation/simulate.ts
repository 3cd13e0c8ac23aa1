import { errors } from "../contract/errors.ts";
import { silentLog } from "../contract/ports/log.ts";
import { silentMetrics } from "../contract/ports/metrics.ts";
import type { PolicyCompanion, StatementProblem } from "../contract/ports/policy-companion.ts";
import { POLICY_DEADLINE_MS, policySpec } from "../kernel/allocation/spec.ts";
import type { PolicySpec } from "../kernel/allocation/supervisor.ts";
import { AgentFlag } from "../kernel/core/tables/shape.ts";
import { Rounds } from "../kernel/io/rounds.ts";
import { systemClock } from "../wire/system-clock.ts";
import { EPOCH_MS, SimulatedCluster } from "./cluster/engine.ts";
import { type Figures, Meter } from "./measure/figures.ts";
import { type Distribution, distributionOf } from "./measure/quantiles.ts";
import type { ChosenPolicy } from "./policies.ts";
import { descriptionOf } from "./workload/description.ts";
import type { Workload, WorkloadCapability } from "./workload/model.ts";

/** How policies are compared. */
export interface SimulateOptions {
  readonly workload: Workload;
  readonly policies: readonly ChosenPolicy[];
  readonly seed: number;
  /** Simulations stop at this time at the latest. */
  readonly untilMs: number;
  readonly signal: AbortSignal;
  readonly onProgress: (progress: SimulationProgress) => void;
}

/** How far a comparison has come. */
export interface SimulationProgress {
  readonly policy: string;
  readonly ended: number;
  readonly tasks: number;
  /** Virtual time. */
  readonly nowMs: number;
  /** How often the policy failed so far. */
  readonly faults: number;
}

/** What the rounds of a policy cost here and now; every run has other figures. */
export interface RoundCosts {
  /** Milliseconds a round. */
  readonly roundMs: Distribution;
  readonly decisionMicros: number;
}

/** Rounds and decisions that are not a policy's own. */
export interface Replaced {
  readonly rounds: number;
  readonly decisions: number;
  /** The first of them; 0 for none. */
  readonly firstRound: number;
}

/** What came of one policy. */
export interface PolicyResult {
  /** What it is called in this comparison. */
  readonly label: string;
  readonly name: string;
  readonly digest: string;
  readonly config: unknown;
  readonly figures: Figures;
  readonly rounds: number;
  readonly decisions: number;
  /** What the policy that is built in did in its place, because it had failed. */
  readonly replaced: Replaced;
  readonly offersDeclined: number;
  /** What went wrong with it: the code of each fault, and how often. */
  readonly faults: Readonly<Record<string, number>>;
  /** What frameworks and agents state that the policy cannot read, as it would say on a master. */
  readonly misstated: readonly string[];
  /** Why the simulation ended with tasks that did not, if it did. */
  readonly stopped: string | undefined;
  readonly costs: RoundCosts;
}

/** Time that passes before others get their turn. */
const SLICE_MS = 50;
/** Batches without a start after which nothing more is expected to start. */
const HOPELESS_BATCHES = 100;
/** The same while the policy asks to look again: it may be waiting for something better. */
const WAITING_BATCHES = 1_000;

/**
 * Ten times what a master grants: endless loops end, and Ctrl-C is answered, but what a slow
 * machine takes does not change what comes out.
 */
const DEADLINE_MS = 10 * POLICY_DEADLINE_MS;

function patient({ policy, options }: PolicySpec): PolicySpec {
  return { policy, options: { ...options, deadlineMs: DEADLINE_MS } };
}

/** Runs a policy over a workload. */
async function simulateOne(options: SimulateOptions, policy: ChosenPolicy): Promise<PolicyResult> {
  const { workload, seed } = options;
  const meter = new Meter(workload);
  const parts = { clock: systemClock, metrics: silentMetrics, log: silentLog };
  const rounds = new Rounds({ seed, ...parts });
  const roundMs: number[] = [];
  let decisions = 0;
  let isWaiting = false;
  let replaced: Replaced = { rounds: 0, decisions: 0, firstRound: 0 };
  const cluster = new SimulatedCluster(workload, {
    observer: meter,
    rounds: (state) => {
      rounds.supervisor.promote(patient(policySpec(policy.plugin)), state.tables, 0);
      return {
        decide: (now, nowMs) => {
          const began = performance.now();
          const decided = rounds.decide(now, nowMs);
          roundMs.push(performance.now() - began);
          if (decided?.type !== "offers-decided") return decided;
          const { length } = decided.decisions;
          decisions += length;
          isWaiting = decided.lookAgain === true;
          if (decided.policy.digest !== policy.plugin.digest) {
            replaced = {
              rounds: replaced.rounds + 1,
              decisions: replaced.decisions + length,
              firstRound: replaced.firstRound || rounds.round,
            };
          }
          return decided;
        },
      };
    },
  });
  meter.watch(cluster);
  const { faultCounts } = rounds.supervisor;
  const faults = () => [...faultCounts.values()].reduce((sum, count) => sum + count, 0);
  const seen = { faults, isWaiting: () => isWaiting };
  const stopped = await run(cluster, options, policy.label, seen);
  const { manifest, digest, config } = policy.plugin;
  const spentMs = roundMs.reduce((sum, each) => sum + each, 0);
  return {
    label: policy.label,
    name: manifest.name,
    digest,
    config,
    figures: meter.figures(cluster),
    rounds: roundMs.length,
    decisions,
    replaced,
    offersDeclined: cluster.state.counts.offersDeclined,
    faults: Object.fromEntries(faultCounts),
    misstated: misstatedIn(workload, rounds.supervisor.companion),
    stopped,
    costs: {
      roundMs: distributionOf(roundMs),
      decisionMicros: decisions === 0 ? 0 : (spentMs * 1000) / decisions,
    },
  };
}

/** Turns until every task has ended; says why it stopped before, if it did. */
async function run(
  cluster: SimulatedCluster,
  { workload, untilMs, signal, onProgress }: SimulateOptions,
  policy: string,
  { faults, isWaiting }: { faults: () => number; isWaiting: () => boolean },
): Promise<string | undefined> {
  const refusals = workload.frameworks.map(({ refuseMs }) => refuseMs);
  const refusedMs = refusals.reduce((a, b) => Math.max(a, b), 0);
  const tasks = cluster.tasks.size;
  let pausedMs = performance.now();
  let quietSinceMs = cluster.nowMs;
  while (!cluster.isDone) {
    if (!cluster.isQuiet) quietSinceMs = cluster.nowMs;
    const { waiting } = cluster;
    const batches = isWaiting() ? WAITING_BATCHES : HOPELESS_BATCHES;
    const patienceMs = batches * workload.options.allocationIntervalMs + refusedMs;
    if (cluster.nowMs - quietSinceMs > patienceMs) return stalled(cluster);
    if (cluster.nextMs > EPOCH_MS + untilMs) return "the time is up";
    cluster.turn();
    if (performance.now() - pausedMs < SLICE_MS) continue;
    const ended = tasks - cluster.toArrive - waiting - cluster.running;
    onProgress({ policy, ended, tasks, nowMs: cluster.nowMs - EPOCH_MS, faults: faults() });
    await new Promise((resolve) => setImmediate(resolve));
    pausedMs = performance.now();
    if (signal.aborted) throw errors.CLI_INTERRUPTED("the simulation is not done");
  }
  return undefined;
}

/** Every statement that a companion finds a mistake in, once. */
function misstatedIn(
  { frameworks, agents }: Workload,
  companion: PolicyCompanion | undefined,
): string[] {
  const told = (who: string, problem: StatementProblem | undefined): string[] => {
    if (problem === undefined) return [];
    return [`${who}: ${problem.where}, character ${problem.column}: ${problem.message}`];
  };
  const found = [
    ...frameworks.flatMap((about) =>
      told(`framework ${about.name}`, companion?.checkFramework?.(descriptionOf(about, false))),
    ),
    ...agents.flatMap(({ name, attributes }) => {
      const facts = { hostname: name, attributes: [...attributes] };
      return told(`agents ${name}`, companion?.checkAgent?.(facts));
    }),
  ];
  return [...new Set(found)];
}

/** Why nothing starts any more: whose framework has left, what fits no agent, and the rest. */
function stalled({ frameworks, state }: SimulatedCluster): string {
  const { flags } = state.tables.agents;
  const rooms = [...state.agents.values()].map(({ row, total, info }) => {
    const { attributes } = info;
    const [own = 0, needs] = [flags[row], [] as WorkloadCapability[]];
    if ((own & AgentFlag.GPU_FENCED) !== 0) needs.push("GPU_RESOURCES");
    if ((own & AgentFlag.REMOTE_REGION) !== 0) needs.push("REGION_AWARE");
    return { resources: total, attributes, needs };
  });
  const counts = { left: 0, misfits: 0, fenced: 0, held: 0 };
  for (const framework of frameworks) {
    const { waiting } = framework;
    const fitting = framework.fitting(rooms);
    const open = framework.fitting(rooms.filter(({ needs }) => framework.has(needs)));
    if (framework.isThere) counts.held += open;
    else counts.left += waiting;
    if (framework.isThere) counts.fenced += fitting - open;
    if (framework.isThere) counts.misfits += waiting - fitting;
  }
  const reasons = [
    [counts.misfits, "fit no agent"],
    [counts.fenced, "fit agents alone that need GPU_RESOURCES or REGION_AWARE of their framework"],
    [counts.held, "fit an agent that quotas or the policy keep from them"],
    [counts.left, "are of frameworks that are not there"],
  ] as const;
  return reasons
    .flatMap(([count, what]) => (count > 0 ? [`${count} tasks ${what}`] : []))
    .join(", ");
}

/**
 * Runs policies over the same workload, each on a cluster of its own in virtual time.
 * @throws PolicyFault for a policy that does not start; CLI_INTERRUPTED
 */
export async function simulate(options: SimulateOptions): Promise<readonly PolicyResult[]> {
  const results: PolicyResult[] = [];
  for (const policy of options.policies) results.push(await simulateOne(options, policy));
  return results;
}
