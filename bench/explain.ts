import { performance } from "node:perf_hooks";
import type { RoleName, TaskId } from "../contract/ids.ts";
import { AllocationRounds } from "../kernel/allocation/round.ts";
import { PolicySupervisor } from "../kernel/allocation/supervisor.ts";
import {
  type Asked,
  builtInHeeds,
  explainAgent,
  explainFramework,
  explainRole,
  explainTask,
} from "../kernel/core/explain.ts";
import type { ClusterState, Offer } from "../kernel/core/state.ts";
import { InProcessMaster } from "./cluster/in-process.ts";
import type { BenchOptions, Row } from "./harness/bench.ts";

const SIZES: readonly (readonly [agents: number, frameworks: number])[] = [
  [1_000, 200],
  [10_000, 1_000],
  [50_000, 1_000],
];
const REPEATS = 31;
/** A task takes half of an agent. */
const TASK = [
  { name: "cpus", scalar: 16_000 },
  { name: "mem", scalar: 64_000_000 },
];

/**
 * What explanations cost on a master in the middle of its work: of every eight agents four are
 * full, one is declined for an hour, and three are offered. Medians and slowest of 31 in a row,
 * each for another subject, the first ones in code that has just been loaded; `cpu` is the mean
 * time of the processor, which other processes do not stretch. The last column names every agent.
 */
export async function run({ quick, progress }: BenchOptions): Promise<readonly Row[]> {
  return SIZES.slice(0, quick ? 1 : SIZES.length).map(([agents, frameworks]) => {
    progress(`${agents} agents, ${frameworks} frameworks`);
    const state = build(agents, frameworks);
    const asked: Asked = {
      nowMs: 3_000,
      policy: { name: "built-in", digest: "" },
      heedsOf: () => builtInHeeds,
    };
    const frameworkIds = [...state.frameworks.keys()];
    const agentIds = [...state.agents.keys()];
    const roles = [...state.roles.keys()];
    const tasks = [...state.agents.values()].flatMap((agent) => [...agent.tasks]);
    const at = <T>(list: readonly T[], n: number): T => list[(n * 7919) % list.length] as T;
    const framework = timed((n) =>
      explainFramework(state, { framework: at(frameworkIds, n) }, asked),
    );
    const agent = timed((n) => explainAgent(state, { agent: at(agentIds, n) }, asked));
    const role = timed((n) => explainRole(state, { role: at(roles, n) }, asked));
    const task = timed((n) => explainTask(state, { task: at(tasks, n).id }, asked));
    const examples = 10_000;
    const all = timed((n) =>
      explainFramework(state, { framework: at(frameworkIds, n), examples }, asked),
    );
    return {
      agents,
      frameworks,
      offers: state.offers.size,
      tasks: tasks.length,
      frameworkMs: framework.median,
      frameworkMaxMs: framework.max,
      frameworkCpuMs: framework.cpu,
      agentMs: agent.median,
      agentMaxMs: agent.max,
      roleMs: role.median,
      taskMs: task.median,
      frameworkAllMs: all.median,
    };
  });
}

function build(agents: number, frameworks: number): ClusterState {
  const master = new InProcessMaster();
  const rounds = new AllocationRounds(new PolicySupervisor(), () => 0);
  for (let number = 0; number < frameworks; number++) {
    const roles = [`role-${number}` as RoleName];
    master.subscribe({ name: `framework-${number}`, user: "nobody", roles });
  }
  for (let number = 0; number < agents; number++) {
    master.register({
      hostname: `agent-${number}`,
      ip: "127.0.0.1",
      port: 0,
      resources: [
        { name: "cpus", scalar: 32_000 },
        { name: "mem", scalar: 128_000_000 },
      ],
    });
  }
  master.round(rounds);
  let count = 0;
  for (const offer of [...master.state.offers.values()]) {
    if (count % 8 < 4) fill(master, offer, count);
    else if (count % 8 === 4) decline(master, offer);
    count += 1;
  }
  master.nowMs = 2_000;
  master.step({ type: "tick" });
  master.round(rounds);
  return master.state;
}

function fill(master: InProcessMaster, { wire, framework }: Offer, number: number): void {
  const tasks = [1, 2].map((half) => {
    const taskId = `task-${number}-${half}` as TaskId;
    const command = { value: "true" };
    return { name: taskId, taskId, agentId: wire.agentId, resources: TASK, command };
  });
  const operations = [{ type: "LAUNCH" as const, tasks }];
  master.call(framework.peer as number, { type: "accept", offerIds: [wire.id], operations });
}

function decline(master: InProcessMaster, { wire, framework }: Offer): void {
  const filters = { refuseMs: 3_600_000 };
  master.call(framework.peer as number, { type: "decline", offerIds: [wire.id], filters });
}

function timed(explain: (n: number) => unknown): { median: number; max: number; cpu: number } {
  const took: number[] = [];
  const before = process.cpuUsage();
  for (let n = 0; n < REPEATS; n++) {
    const startMs = performance.now();
    explain(n);
    took.push(performance.now() - startMs);
  }
  const { user, system } = process.cpuUsage(before);
  took.sort((a, b) => a - b);
  return {
    median: took[REPEATS >> 1] as number,
    max: took.at(-1) as number,
    cpu: (user + system) / 1_000 / REPEATS,
  };
}
