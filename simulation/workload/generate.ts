import { Distributions } from "../random.ts";
import type { Workload, WorkloadAgents, WorkloadFramework, WorkloadJob } from "./model.ts";
import { optionDefaults, plainFramework } from "./model.ts";

/** What a generated workload is like. */
export interface GenerateOptions {
  readonly seed: number;
  readonly agents: number;
  readonly frameworks: number;
  /** Jobs of all frameworks together. */
  readonly jobs: number;
  /**
   * Work that arrives while jobs do, by what all agents could do in that time; above 1 it piles up.
   */
  readonly load: number;
  /** How jobs come: independently, or in bursts with long breaks. */
  readonly arrivals: "poisson" | "pareto";
  /** How long tasks run: around the median, or with a heavier tail. */
  readonly durations: "lognormal" | "pareto";
  /** Median of the durations. */
  readonly durationMs: number;
}

/** Usual values. */
export const generateDefaults: GenerateOptions = {
  seed: 1,
  agents: 10,
  frameworks: 6,
  jobs: 1_500,
  load: 1,
  arrivals: "poisson",
  durations: "lognormal",
  durationMs: 60_000,
};

/**
 * Shape of the Pareto distributions. At 1.5 the mean exists and the variance does not, as is found
 * in traces of clusters (Harchol-Balter and Downey 1997 have 1.1 for processes).
 */
const TAIL = 1.5;
/** Deviation of the logarithm of log-normal durations: the longest of 1,000 is 100 medians. */
const SIGMA = 1.5;
/** No task runs longer than so many medians, lest one task make the makespan. */
const LONGEST = 20;
const TASKS_MAX = 200;

const AGENT_KINDS = [
  { cpus: 8, mem: 16 },
  { cpus: 16, mem: 64 },
  { cpus: 32, mem: 128 },
] as const;

/** Tasks are of few shapes: some want cpus, some memory (DRF's paper has both). */
const TASK_SHAPES = [
  { cpus: 0.5, mem: 1 },
  { cpus: 1, mem: 2 },
  { cpus: 1, mem: 8 },
  { cpus: 4, mem: 4 },
  { cpus: 2, mem: 16 },
] as const;

const WEIGHTS = [1, 1, 1, 2, 4] as const;

const MIB_OF_GIB = 1024;

/** A workload that looks like those of real clusters, the same for the same options. */
export function generateWorkload(options: GenerateOptions): Workload {
  const random = new Distributions(options.seed);
  const perKind = [0, 1, 2].map((kind) => Math.floor((options.agents + 2 - kind) / 3));
  const agents = AGENT_KINDS.flatMap(({ cpus, mem }, kind) => {
    const count = perKind[kind] ?? 0;
    const resources = milli(cpus, mem);
    const about = { attributes: [], domain: undefined, fromMs: 0, untilMs: undefined };
    return count === 0 ? [] : [{ name: `kind${kind}`, count, resources, ...about }];
  });
  const frameworks = Array.from({ length: options.frameworks }, (_, number): WorkloadFramework => {
    return plainFramework(`framework${number}`, `role${number}`);
  });
  const roles = frameworks.map(({ role }) => {
    const weight = random.pick(WEIGHTS);
    return { name: role, weight, guarantee: undefined, limit: undefined };
  });
  return {
    options: optionDefaults,
    agents,
    roles,
    frameworks,
    jobs: spread(generateJobs(options, frameworks, random), agents, options.load),
  };
}

/** Puts jobs so far apart that they are so much work for the agents. */
function spread(
  jobs: readonly WorkloadJob[],
  agents: readonly WorkloadAgents[],
  load: number,
): WorkloadJob[] {
  let neededMs = 0;
  for (const name of ["cpus", "mem"]) {
    let work = 0;
    let capacity = 0;
    for (const { tasks, durationMs, resources } of jobs) {
      work += tasks * durationMs * (resources[name] ?? 0);
    }
    for (const { count, resources } of agents) capacity += count * (resources[name] ?? 0);
    neededMs = Math.max(neededMs, work / capacity);
  }
  const lastMs = jobs.at(-1)?.arrivalMs ?? 0;
  const stretch = lastMs === 0 ? 1 : neededMs / load / lastMs;
  return jobs.map((job) => ({ ...job, arrivalMs: Math.round(job.arrivalMs * stretch) }));
}

function generateJobs(
  options: GenerateOptions,
  frameworks: readonly WorkloadFramework[],
  random: Distributions,
): WorkloadJob[] {
  // Each framework mostly runs tasks of one shape.
  const usual = frameworks.map(() => random.pick(TASK_SHAPES));
  let arrivalMs = 0;
  return Array.from({ length: options.jobs }, (): WorkloadJob => {
    // Only how gaps compare matters: `spread` stretches them.
    arrivalMs += options.arrivals === "poisson" ? random.exponential(1) : random.pareto(1, TAIL);
    const at = random.below(frameworks.length);
    const { cpus, mem } = random.chance(0.8)
      ? (usual[at] as (typeof TASK_SHAPES)[number])
      : random.pick(TASK_SHAPES);
    return {
      framework: (frameworks[at] as WorkloadFramework).name,
      arrivalMs,
      tasks: Math.min(TASKS_MAX, Math.floor(random.pareto(1, TAIL))),
      durationMs: Math.round(durationOf(options, random)),
      resources: milli(cpus, mem),
      attributes: {},
    };
  });
}

function durationOf({ durations, durationMs }: GenerateOptions, random: Distributions): number {
  const drawn =
    durations === "lognormal"
      ? random.logNormal(durationMs, SIGMA)
      : // The median of a Pareto distribution is its least value times the shape-th root of 2.
        random.pareto(durationMs / 2 ** (1 / TAIL), TAIL);
  return Math.min(Math.max(drawn, 100), durationMs * LONGEST);
}

function milli(cpus: number, memGib: number) {
  return { cpus: cpus * 1000, mem: memGib * MIB_OF_GIB * 1000 };
}
