import type { TaskState } from "../../contract/task-state.ts";
import { EPOCH_MS, type Observer, type SimulatedCluster } from "../cluster/engine.ts";
import type { SimulatedTask } from "../cluster/world.ts";
import type { Workload, WorkloadFramework } from "../workload/model.ts";
import { type Competitor, fairness } from "./fairness.ts";
import { type Distribution, distributionOf, quantile } from "./quantiles.ts";
import { Series } from "./series.ts";

/** Points of a line: time in milliseconds from the beginning, and the value. */
export type Line = readonly (readonly [atMs: number, value: number])[];

/** What came of one framework. */
export interface FrameworkFigures {
  readonly name: string;
  readonly role: string;
  readonly tasks: number;
  readonly ended: number;
  readonly waitMs: Distribution;
  /** Average dominant share over the makespan. */
  readonly shareMean: number;
  readonly shares: Line;
}

/** What came of a simulation. The same workload, policy and seed give the same figures. */
export interface Figures {
  readonly tasks: number;
  readonly ended: number;
  /** Attempts that were lost with their agents, and ran again. */
  readonly lost: number;
  /** From the first arrival to the last end, or to the stop where something has not ended then. */
  readonly makespanMs: number;
  /** From arrival to start; of tasks that never started, to the end of the makespan. */
  readonly waitMs: Distribution;
  /** Waits at each hundredth of the tasks, shortest first. */
  readonly waits: readonly number[];
  /** Average share of what there is that runs, by scalar. */
  readonly utilisation: Readonly<Record<string, number>>;
  readonly utilisationOverTime: Readonly<Record<string, Line>>;
  /**
   * Jain's index, averaged over the time in which two or more want more; none without such time.
   */
  readonly fairnessMean: number | undefined;
  readonly contendedMs: number;
  readonly fairnessOverTime: Line;
  /** Tasks that wait. */
  readonly waitingOverTime: Line;
  readonly frameworks: readonly FrameworkFigures[];
}

/** What a framework holds, and how its share went. */
class Holder {
  readonly used = new Map<string, number>();
  readonly shares = new Series();
  share = 0;
  sinceMs = 0;

  add(resources: Readonly<Record<string, number>>, sign: 1 | -1): void {
    for (const [name, amount] of Object.entries(resources)) {
      this.used.set(name, (this.used.get(name) ?? 0) + sign * amount);
    }
  }

  /** The share changed: what was until now is written down. */
  move(nowMs: number, share: number): void {
    if (share === this.share) return;
    if (nowMs > this.sinceMs) this.shares.add(this.sinceMs, nowMs, this.share);
    this.share = share;
    this.sinceMs = nowMs;
  }

  finish(nowMs: number): void {
    if (nowMs > this.sinceMs) this.shares.add(this.sinceMs, nowMs, this.share);
  }
}

/** Measures a simulation from what happens in it. */
export class Meter implements Observer {
  readonly #firstMs: number;
  readonly #weights: ReadonlyMap<string, number>;
  readonly #holders = new Map<string, Holder>();
  readonly #all = new Holder();
  readonly #utilisation = new Map<string, Series>();
  readonly #fairness = new Series();
  readonly #waiting = new Series();
  #cluster: SimulatedCluster | undefined;
  #contendedMs = 0;
  #lost = 0;
  #ended = 0;
  #lastEndMs: number;
  /** How far from the first arrival on the simulation has come. */
  #seenMs = 0;
  #isStale = true;
  #fair: number | undefined;
  /** What there is, and who wants more, as it was when shares were worked out. */
  #totals = "";
  #wanting = "";

  constructor({ roles, frameworks, jobs }: Workload) {
    const arrivals = jobs.map(({ arrivalMs }) => arrivalMs);
    this.#firstMs = EPOCH_MS + arrivals.reduce((a, b) => Math.min(a, b), arrivals[0] ?? 0);
    this.#lastEndMs = this.#firstMs;
    this.#weights = new Map(roles.map(({ name, weight }) => [name, weight]));
    for (const { name } of frameworks) this.#holders.set(name, new Holder());
  }

  /** Whom it measures. */
  watch(cluster: SimulatedCluster): void {
    this.#cluster = cluster;
  }

  started({ job }: SimulatedTask): void {
    this.#holder(job.framework).add(job.resources, 1);
    this.#all.add(job.resources, 1);
    this.#isStale = true;
  }

  ended({ job }: SimulatedTask, state: TaskState, nowMs: number): void {
    this.#holder(job.framework).add(job.resources, -1);
    this.#all.add(job.resources, -1);
    this.#isStale = true;
    if (state !== "TASK_FINISHED") {
      this.#lost += 1;
      return;
    }
    this.#ended += 1;
    this.#lastEndMs = nowMs;
  }

  pass(nowMs: number, untilMs: number): void {
    // What is before the first arrival is of no interest.
    const fromMs = Math.max(0, nowMs - this.#firstMs);
    const toMs = untilMs - this.#firstMs;
    const cluster = this.#cluster;
    if (toMs <= fromMs || cluster === undefined) return;
    this.#seenMs = toMs;
    const totals = this.#totalsOf(cluster);
    if (this.#isStale || this.#waitsChanged(cluster)) this.#settle(cluster, totals, fromMs);
    for (const [name, total] of totals) {
      const used = this.#all.used.get(name) ?? 0;
      this.#seriesOf(name).add(fromMs, toMs, total === 0 ? 0 : used / total);
    }
    this.#waiting.add(fromMs, toMs, cluster.waiting);
    if (this.#fair === undefined) return;
    this.#fairness.add(fromMs, toMs, this.#fair);
    this.#contendedMs += toMs - fromMs;
  }

  /** What came of it. */
  figures(cluster: SimulatedCluster): Figures {
    const tasks = [...cluster.tasks.values()];
    const isOver = tasks.every((task) => task.endedMs !== undefined);
    const endMs = isOver ? this.#lastEndMs - this.#firstMs : this.#seenMs;
    const waits = tasks.flatMap((task) => this.#waitOf(task, endMs)).sort((a, b) => a - b);
    const series = [...this.#utilisation];
    const byFramework = new Map<string, SimulatedTask[]>();
    for (const task of tasks) {
      const own = byFramework.get(task.job.framework);
      if (own === undefined) byFramework.set(task.job.framework, [task]);
      else own.push(task);
    }
    return {
      tasks: tasks.length,
      ended: this.#ended,
      lost: this.#lost,
      makespanMs: endMs,
      waitMs: distributionOf(waits),
      waits: Array.from({ length: 101 }, (_, at) => quantile(waits, at / 100)),
      utilisation: Object.fromEntries(series.map(([name, each]) => [name, each.mean(endMs)])),
      utilisationOverTime: Object.fromEntries(series.map(([name, each]) => [name, each.points])),
      fairnessMean: this.#contendedMs === 0 ? undefined : this.#fairness.mean(),
      contendedMs: this.#contendedMs,
      fairnessOverTime: this.#fairness.points,
      waitingOverTime: this.#waiting.points,
      frameworks: cluster.frameworks.map(({ about }) =>
        this.#framework(about, byFramework.get(about.name) ?? [], endMs),
      ),
    };
  }

  #framework(
    { name, role }: WorkloadFramework,
    tasks: readonly SimulatedTask[],
    endMs: number,
  ): FrameworkFigures {
    const holder = this.#holder(name);
    holder.finish(endMs);
    const ended = tasks.filter((task) => task.endedMs !== undefined).length;
    const waitMs = distributionOf(tasks.flatMap((task) => this.#waitOf(task, endMs)));
    const { shares } = holder;
    const shareMean = shares.mean(endMs);
    return { name, role, tasks: tasks.length, ended, waitMs, shareMean, shares: shares.points };
  }

  /** None for tasks that would have come later. */
  #waitOf({ job, startedMs }: SimulatedTask, endMs: number): number[] {
    const cameMs = EPOCH_MS + job.arrivalMs;
    const waitMs = (startedMs ?? this.#firstMs + endMs) - cameMs;
    return waitMs < 0 ? [] : [waitMs];
  }

  #holder(name: string): Holder {
    return this.#holders.get(name) as Holder;
  }

  #seriesOf(name: string): Series {
    let series = this.#utilisation.get(name);
    if (series === undefined) {
      series = new Series();
      this.#utilisation.set(name, series);
    }
    return series;
  }

  /** What the cluster has, by scalar. */
  #totalsOf({ state: { tables } }: SimulatedCluster): [name: string, total: number][] {
    const totals = tables.kindNames.flatMap((name, kind): [string, number][] => {
      const total = tables.clusterTotal[kind] ?? 0;
      return total > 0 ? [[name, total]] : [];
    });
    const text = String(totals);
    if (text !== this.#totals) this.#isStale = true;
    this.#totals = text;
    return totals;
  }

  #waitsChanged({ frameworks }: SimulatedCluster): boolean {
    let wanting = "";
    for (const { waiting } of frameworks) wanting += waiting > 0 ? "1" : "0";
    const changed = wanting !== this.#wanting;
    this.#wanting = wanting;
    return changed;
  }

  /** Works out shares and fairness as they are now. */
  #settle(
    { frameworks }: SimulatedCluster,
    totals: readonly (readonly [string, number])[],
    nowMs: number,
  ): void {
    this.#isStale = false;
    const competitors = frameworks.map(({ about, waiting }): Competitor => {
      const holder = this.#holder(about.name);
      let share = 0;
      for (const [name, total] of totals) {
        share = Math.max(share, (holder.used.get(name) ?? 0) / total);
      }
      holder.move(nowMs, share);
      return { role: about.role, share, wantsMore: waiting > 0 };
    });
    this.#fair = fairness(competitors, (role) => this.#weights.get(role) ?? 1);
  }
}
