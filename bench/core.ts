import { createHash } from "node:crypto";
import type { AgentId, TaskId, UpdateId } from "../contract/ids.ts";
import type { TaskInfo } from "../contract/schema/task.ts";
import type { TaskState } from "../contract/task-state.ts";
import type { Effect } from "../kernel/core/effect.ts";
import type { ClusterInput, OfferDecision } from "../kernel/core/event.ts";
import type { ClusterState } from "../kernel/core/state.ts";
import { prepareRound, step } from "../kernel/core/step.ts";
import { InProcessMaster } from "./cluster/in-process.ts";
import type { BenchOptions, Row } from "./harness/bench.ts";

const TASKS_PER_OFFER = 32;
function newCluster(agents: number, frameworks: number): ClusterState {
  const cluster = new InProcessMaster();
  for (let number = 0; number < frameworks; number++) {
    cluster.subscribe({ name: `f${number}`, user: "nobody", roles: [`role-${number}` as never] });
  }
  for (let number = 0; number < agents; number++) {
    cluster.register({
      hostname: `a${number}`,
      ip: "127.0.0.1",
      port: 0,
      resources: [
        { name: "cpus", scalar: 32_000 },
        { name: "mem", scalar: 128_000_000 },
      ],
    });
  }
  return cluster.state;
}

/** Times the steps alone: what they are fed with was made before. */
function timed(state: ClusterState, inputs: readonly ClusterInput[], nowMs: number): number {
  const out: Effect[] = [];
  const began = performance.now();
  for (const input of inputs) step(state, input, nowMs, out);
  return performance.now() - began;
}

interface Cycle {
  readonly tasks: number;
  readonly offersMs: number;
  readonly acceptMs: number;
  readonly updateMs: number;
  readonly ackMs: number;
}

let uuids = 0;

interface Running {
  readonly peer: number;
  readonly frameworkPeer: number;
  readonly task: TaskInfo;
  readonly id: string;
}

/** Calls that fill every offer with tasks. */
function fill(state: ClusterState): { accepts: ClusterInput[]; running: Running[] } {
  const accepts: ClusterInput[] = [];
  const running: Running[] = [];
  for (const offer of state.offers.values()) {
    const tasks: TaskInfo[] = Array.from({ length: TASKS_PER_OFFER }, (_, number) => ({
      name: "task",
      taskId: `${offer.id}-${number}` as TaskId,
      agentId: offer.agent.id,
      resources: [
        { name: "cpus", scalar: 1_000 },
        { name: "mem", scalar: 1_024_000 },
      ],
      command: { value: "true" },
    }));
    const frameworkPeer = offer.framework.peer as number;
    const call = {
      type: "accept",
      offerIds: [offer.id],
      operations: [{ type: "LAUNCH", tasks } as const],
      filters: { refuseMs: 0 },
    } as const;
    accepts.push({
      type: "framework-call",
      peer: frameworkPeer,
      call: { ...call, offerIds: [...call.offerIds], operations: [...call.operations] },
    });
    for (const task of tasks) {
      running.push({
        peer: offer.agent.peer as number,
        frameworkPeer,
        task,
        id: offer.framework.id,
      });
    }
  }
  return { accepts, running };
}

/** Every agent is offered, filled with tasks, which run, end, and are acknowledged. */
function cycle(state: ClusterState, frameworks: number, nowMs: number): Cycle {
  prepareRound(state);
  const decisions: OfferDecision[] = [];
  for (const agentRow of state.tables.candidates) {
    decisions.push({ agentRow, clientRow: agentRow % frameworks, whole: true });
  }
  state.tables.dropCandidates(state.tables.candidates.length);
  const policy = { name: "bench", digest: "0" };
  const offersMs = timed(state, [{ type: "offers-decided", decisions, policy }], nowMs);
  const { accepts, running } = fill(state);
  const acceptMs = timed(state, accepts, nowMs);
  let updateMs = 0;
  let ackMs = 0;
  for (const latestState of ["TASK_RUNNING", "TASK_FINISHED"] as const satisfies TaskState[]) {
    const updates: ClusterInput[] = [];
    const acks: ClusterInput[] = [];
    for (const { peer, frameworkPeer, task, id } of running) {
      const { taskId } = task;
      const agentId = task.agentId as AgentId;
      const uuid = (uuids++).toString(16).padStart(32, "0") as UpdateId;
      const status = { taskId, agentId, state: latestState, uuid, timestampMs: nowMs } as const;
      updates.push({
        type: "agent-message",
        peer,
        message: { type: "update", frameworkId: id as never, status, latestState },
      });
      const call = { type: "acknowledge", agentId, taskId, uuid } as const;
      acks.push({ type: "framework-call", peer: frameworkPeer, call });
    }
    updateMs += timed(state, updates, nowMs);
    ackMs += timed(state, acks, nowMs);
  }
  return { tasks: running.length, offersMs, acceptMs, updateMs, ackMs };
}

function measure(agents: number, frameworks: number, cycles: number): Row {
  const state = newCluster(agents, frameworks);
  cycle(state, frameworks, 1_000);
  const sum = { tasks: 0, offersMs: 0, acceptMs: 0, updateMs: 0, ackMs: 0 };
  for (let number = 0; number < cycles; number++) {
    const one = cycle(state, frameworks, 2_000 + number);
    for (const key of Object.keys(sum) as (keyof Cycle)[]) sum[key] += one[key];
  }
  const micros = (ms: number): number => Number(((ms * 1_000) / sum.tasks).toFixed(2));
  const books = JSON.stringify([state.counts, [...state.tables.clients.used.slice(0, 64)]]);
  return {
    agents,
    frameworks,
    tasks: sum.tasks,
    offerMicrosPerTask: micros(sum.offersMs),
    acceptMicrosPerTask: micros(sum.acceptMs),
    twoUpdatesMicrosPerTask: micros(sum.updateMs),
    twoAcksMicrosPerTask: micros(sum.ackMs),
    lifeMicrosPerTask: micros(sum.offersMs + sum.acceptMs + sum.updateMs + sum.ackMs),
    decisionsHash: createHash("sha256").update(books).digest("hex").slice(0, 16),
  };
}

/**
 * What the pure core spends on a task's whole life: offered, launched, RUNNING and FINISHED told
 * and acknowledged. No sockets, no encoding, no policy.
 */
export async function run(options: BenchOptions): Promise<readonly Row[]> {
  if (options.quick) return [measure(20, 4, 1)];
  return [measure(100, 10, 30), measure(1_000, 10, 6), measure(1_000, 200, 6)];
}
