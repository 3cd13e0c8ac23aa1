import type { Random } from "../../conformance/random.ts";
import type { FrameworkCall } from "../../contract/framework-api.ts";
import type { AgentId, FrameworkId, RoleName, TaskId } from "../../contract/ids.ts";
import {
  add,
  fromScalars,
  type Resource,
  type Resources,
  scalarOf,
} from "../../contract/resources.ts";
import type { Offer, Operation } from "../../contract/schema/offer.ts";
import type { TaskInfo } from "../../contract/schema/task.ts";
import type { TaskState } from "../../contract/task-state.ts";
import type { OfferDecision } from "../../kernel/core/event.ts";
import { wouldBeOffer } from "../../kernel/core/offers.ts";
import type { ClusterState } from "../../kernel/core/state.ts";

/** Disk of an agent that is kept for a role. */
export const plainDisk: Resource & { scalar: number } = {
  name: "disk",
  scalar: 64_000,
  reservations: [{ type: "static", role: "r0" as RoleName }],
};

/** The same as a volume that any number of tasks may use (E13). */
export const sharedVolume: Resource & { scalar: number } = {
  ...plainDisk,
  disk: { persistence: { id: "v" }, volume: { containerPath: "v", mode: "RW" } },
  shared: true,
};

/** What an agent has: some have disk of one role, and some of those the volume on it. */
export function someResources(random: Random): Resources {
  const total = fromScalars({ cpus: 1 + random.below(8), mem: 256 * (1 + random.below(8)) });
  const disk = random.chance(0.3) ? sharedVolume : plainDisk;
  return random.chance(0.6) ? add(total, [disk]) : total;
}

/** A task as its framework sees it. */
export interface SimTask {
  readonly agentId: AgentId;
  /** Terminal states as told. */
  readonly ends: TaskState[];
  last: TaskState;
}

/** A framework of the simulation. */
export interface SimFramework {
  readonly name: string;
  readonly roles: RoleName[];
  id: FrameworkId | undefined;
  peer: number | undefined;
  offers: Offer[];
  readonly tasks: Map<TaskId, SimTask>;
}

/** Some client or other takes an agent, or a part of it. */
export function decideAtRandom(state: ClusterState, random: Random): OfferDecision[] {
  const { tables, agentRows, clientRows } = state;
  const decisions: OfferDecision[] = [];
  for (const agentRow of tables.candidates) {
    const agent = agentRows[agentRow];
    if (agent === undefined || !tables.agents.offerable(agentRow)) continue;
    const able = [...clientRows.entries()].filter(
      ([row, client]) =>
        client !== undefined &&
        tables.clients.offerable(row) &&
        !tables.filters.get(row, agentRow) &&
        wouldBeOffer(state, agent, client).length > 0,
    );
    if (able.length === 0) continue;
    const [clientRow] = random.pick(able);
    const cpus = scalarOf(agent.free, "cpus");
    if (cpus < 2_000 || random.chance(0.6)) {
      decisions.push({ agentRow, clientRow, whole: true });
    } else {
      const amounts = [1_000, Math.floor(scalarOf(agent.free, "mem") / 2), 0, 0, 0, 0, 0, 0];
      decisions.push({ agentRow, clientRow, whole: false, amounts });
    }
  }
  return decisions;
}

/** A few small tasks that fit an offer, noted down with the framework. */
export function someTasks(
  framework: SimFramework,
  offer: Offer,
  random: Random,
  nextId: () => TaskId,
): TaskInfo[] {
  let cpus = scalarOf(offer.resources, "cpus");
  let mem = scalarOf(offer.resources, "mem");
  const tasks: TaskInfo[] = [];
  const volumes = offer.resources.filter((each) => each.shared === true);
  while (cpus >= 500 && mem >= 32_000 && tasks.length < 4 && random.chance(0.8)) {
    const resources: Resource[] = [
      { name: "cpus", scalar: 500 },
      { name: "mem", scalar: 32_000 },
      ...(random.chance(0.7) ? volumes : []),
    ];
    const taskId = nextId();
    const command = { value: "true" };
    tasks.push({ name: taskId, taskId, agentId: offer.agentId, resources, command });
    framework.tasks.set(taskId, { agentId: offer.agentId, ends: [], last: "TASK_STAGING" });
    cpus -= 500;
    mem -= 32_000;
  }
  return tasks;
}

/** A framework answers an offer or does something else that comes to its mind. */
export function callOf(
  framework: SimFramework,
  orderly: boolean,
  random: Random,
  nextId: () => TaskId,
): FrameworkCall | undefined {
  const offer = framework.offers.shift();
  const refuseMs = random.pick([0, 1_000, 5_000, 60_000]);
  if (offer !== undefined) {
    const filters = random.chance(0.3) ? {} : { filters: { refuseMs } };
    if (orderly || random.chance(0.3)) {
      return { type: "decline", offerIds: [offer.id], ...filters };
    }
    const tasks = someTasks(framework, offer, random, nextId);
    const operations: Operation[] = [{ type: "LAUNCH", tasks }];
    const shares = offer.resources.some((each) => each.shared === true);
    const hasDisk = offer.resources.some(({ name }) => name === "disk");
    if (shares && random.chance(0.2)) operations.push({ type: "DESTROY", volumes: [sharedVolume] });
    if (!shares && hasDisk) operations.push({ type: "CREATE", volumes: [sharedVolume] });
    return { type: "accept", offerIds: [offer.id], operations, ...filters };
  }
  const roll = random.below(7);
  const tasks = [...framework.tasks].filter(([, { ends }]) => ends.length === 0);
  if (roll === 0) return { type: "revive" };
  if (roll === 1 && !orderly) return { type: "suppress" };
  if (roll === 2) return { type: "reconcile", tasks: [] };
  if (roll === 6) {
    const cpus: Resource = { name: "cpus", scalar: 1_000 * random.below(9) };
    return { type: "request", requests: random.chance(0.7) ? [{ resources: [cpus] }] : [] };
  }
  if (tasks.length === 0 || roll < 3) return undefined;
  const [taskId, { agentId }] = random.pick(tasks);
  if (roll === 3) return { type: "kill", taskId };
  else return { type: "reconcile", tasks: [{ taskId, agentId }] };
}

/** One to four frameworks; some compete in one role, some are in several. */
export function someFrameworks(random: Random): SimFramework[] {
  return Array.from({ length: 1 + random.below(4) }, (_, number) => ({
    name: `framework${number}`,
    roles: (random.chance(0.3) ? ["a", `b/${number}`] : [`r${number % 2}`]) as RoleName[],
    id: undefined,
    peer: undefined,
    offers: [],
    tasks: new Map(),
  }));
}

/** How a framework subscribes, again if it has an id; the first one states what it wants. */
export function subscription({ name, roles, id }: SimFramework): FrameworkCall {
  return {
    type: "subscribe",
    framework: {
      name,
      user: "nobody",
      roles,
      failoverTimeoutMs: 1e9,
      checkpoint: true,
      capabilities: [
        "MULTI_ROLE",
        "PARTITION_AWARE",
        ...(name === "framework2" ? [] : (["SHARED_RESOURCES"] as const)),
      ],
      ...(name === "framework0" && { priority: 3, demand: { [roles[0] ?? ""]: { cpus: 4_000 } } }),
      ...(id && { id }),
    },
  };
}

/**
 * A task has ended, or is on an agent that lost its connection before it learned its id: that agent
 * never comes back, and its tasks are away until an operator says that it is gone.
 */
export function isSettled(
  { agentId, ends, last }: SimTask,
  agents: readonly { readonly id: AgentId | undefined }[],
): boolean {
  if (ends.length > 0) return true;
  const isNobody = agents.every(({ id }) => id !== agentId);
  const isLost = last === "TASK_UNREACHABLE" || last === "TASK_UNKNOWN";
  if (isNobody && isLost) ends.push("TASK_GONE_BY_OPERATOR");
  return ends.length > 0;
}
