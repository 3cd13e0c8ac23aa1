import {
  giveBack,
  NOTHING,
  nonRevocable,
  quantitiesOf,
  type Resource,
  type Resources,
  reservationRole,
  shared,
  take,
  tryTake,
} from "../../contract/resources.ts";
import type { Quantities } from "../../contract/schema/framework.ts";
import { demandOf, stillWanted } from "./hints.ts";
import { knownKind } from "./known-kind.ts";
import { dropRole, holdRole } from "./roles.ts";
import { countShared } from "./sharing.ts";
import type { Agent, Client, ClusterState, Framework, Role } from "./state.ts";
import { AgentFlag, ClientFlag, KINDS, type Vector } from "./tables/shape.ts";
import { isEmpty, vectorAt } from "./tables/vectors.ts";
import type { AllocationTables } from "./tables.ts";

// The only place that writes the numbers of the allocation tables: whatever holds or gives back
// resources goes through here, so that state and tables cannot part.

const free = new Float64Array(KINDS);
const all = new Float64Array(KINDS);
const charged = new Float64Array(KINDS);

/** Adds up the scalars of a list by kind. A scalar whose name found no kind is not allocated by. */
function sumInto(
  vector: Float64Array,
  tables: AllocationTables,
  resources: Resources,
  counts: (resource: Resource) => boolean,
): Float64Array {
  vector.fill(0);
  for (const resource of resources) {
    if (resource.scalar === undefined || !counts(resource)) continue;
    const kind = knownKind(tables, resource.name);
    if (kind !== undefined) vector[kind] = (vector[kind] as number) + resource.scalar;
  }
  return vector;
}

const isAny = (): boolean => true;
const isUnshared = (resource: Resource): boolean => resource.shared !== true;
const isRevocable = (resource: Resource): boolean => resource.revocable === true;
const isFirm = (resource: Resource): boolean => resource.revocable !== true;
const isOpen = (resource: Resource): boolean =>
  resource.revocable !== true && reservationRole(resource) === undefined;

/**
 * Amounts that operators name as a vector of the tables. Their names are told apart from now on,
 * as those of agents are: nobody else may use up the kinds that there are.
 */
export function vectorOf(tables: AllocationTables, quantities: Quantities): Float64Array {
  const vector = new Float64Array(KINDS);
  for (const name in quantities) {
    const kind = tables.kindOf(name);
    if (kind !== undefined) vector[kind] = quantities[name] as number;
  }
  return vector;
}

/** Vectors of all that is in a list, and of what is neither reserved nor revocable in it. */
export function sumsOf(
  tables: AllocationTables,
  resources: Resources,
): { readonly all: Float64Array; readonly open: Float64Array } {
  return {
    all: sumInto(new Float64Array(KINDS), tables, resources, isAny),
    open: sumInto(new Float64Array(KINDS), tables, resources, isOpen),
  };
}

/**
 * A client holds more of an agent from now on: an offer, or what agents reported (C3). What holds
 * it is among what the agent has, for shared volumes are counted by who is there (E13).
 */
export function charge(
  state: ClusterState,
  agent: Agent,
  client: Client,
  resources: Resources,
): void {
  count(state, agent, client, resources, 1);
}

/** A client gave something back; what held it is with the agent no more. */
export function discharge(
  state: ClusterState,
  agent: Agent,
  client: Client,
  resources: Resources,
): void {
  count(state, agent, client, resources, -1);
}

function count(
  state: ClusterState,
  agent: Agent,
  client: Client,
  resources: Resources,
  sign: 1 | -1,
): void {
  if (client.row < 0) return;
  const { tables } = state;
  sumInto(all, tables, resources, isUnshared);
  sumInto(charged, tables, resources, isOpen);
  tables.addUsed(client.row, all, sign, charged);
  countShared(state, agent, client, resources, sign);
  demandChanged(state, client);
}

/** A client may want more or less of what it stated than before. */
export function demandChanged(state: ClusterState, client: Client): void {
  if (client.row >= 0 && demandOf(client) !== undefined) writeDemand(state, client);
}

/** Takes resources of an agent out of what is free. */
export function takeFree(state: ClusterState, agent: Agent, resources: Resources): void {
  agent.free = resources === agent.free ? shared(resources) : take(agent.free, resources);
  freeChanged(state, agent);
}

/** Gives resources of an agent back to what is free. */
export function giveFree(state: ClusterState, agent: Agent, resources: Resources): void {
  if (resources.length === 0) return;
  if (agent.overcommitted) recount(agent);
  else agent.free = giveBack(agent.free, resources);
  freeChanged(state, agent);
}

/** An executor or task was found running, whether or not there is room for it (B21). */
export function takeFound(state: ClusterState, agent: Agent, resources: Resources): void {
  if (resources.length === 0) return;
  const left = agent.overcommitted ? undefined : tryTake(agent.free, resources);
  if (left === undefined) {
    agent.overcommitted = true;
    agent.free = NOTHING;
  } else {
    agent.free = left;
  }
  freeChanged(state, agent);
}

/** Works out what is free from what there is and who holds it. */
export function recount(agent: Agent): void {
  let left: Resources | undefined = agent.total;
  for (const { wire } of agent.offers) left &&= tryTake(left, wire.resources);
  for (const task of agent.tasks) if (task.holds) left &&= tryTake(left, task.resources);
  for (const { resources } of agent.strays.values()) left &&= tryTake(left, resources);
  for (const executor of agent.executors.values()) left &&= tryTake(left, executor.resources);
  agent.overcommitted = left === undefined;
  agent.free = left ?? NOTHING;
}

/** Tells the tables and the filters what is free on an agent now. */
export function freeChanged(state: ClusterState, agent: Agent): void {
  const { tables } = state;
  tables.setAgentFree(agent.row, sumInto(free, tables, agent.free, isOpen));
  if (agent.reservedRoles.length > 0) writeReservations(state, agent);
  if (tables.agents.hasRevocable || agent.total.some(isRevocable)) {
    tables.setAgentRevocable(agent.row, sumInto(all, tables, agent.free, isRevocable));
  }
  state.filters.markAgent(agent.row);
}

function writeReservations(state: ClusterState, agent: Agent): void {
  const { tables } = state;
  for (const role of agent.reservedRoles) {
    const isOf = (resource: Resource): boolean => reservationRole(resource) === role.name;
    const refined = agent.total.some((each) => isOf(each) && (each.reservations?.length ?? 0) > 1);
    // Shared volumes go along with what else is offered: they are no reason for an offer, or there
    // would be one more in each round, since no offer uses them up.
    sumInto(free, tables, agent.free, (each) => isUnshared(each) && isOf(each));
    sumInto(all, tables, agent.total, isOf);
    tables.setReservation(agent.row, role.row, free, all, refined);
  }
}

/** An agent is there, or has other resources than before; `free` is up to date. */
export function totalChanged(state: ClusterState, agent: Agent): void {
  const { tables } = state;
  bindKinds(state, agent.total);
  tables.setAgentTotal(agent.row, sumInto(all, tables, nonRevocable(agent.total), isFirm));
  const names = new Set(agent.total.flatMap((resource) => reservationRole(resource) ?? []));
  const kept: Role[] = [];
  for (const name of names) {
    const known = agent.reservedRoles.find((role) => role.name === name);
    const role = known ?? holdRole(state, name);
    if (role !== undefined) kept.push(role);
  }
  for (const role of agent.reservedRoles) {
    if (kept.includes(role)) continue;
    tables.setReservation(agent.row, role.row, NO_VECTOR, NO_VECTOR);
    dropRole(state, role);
  }
  agent.reservedRoles = kept;
  freeChanged(state, agent);
}

/** Tells the scalars of an agent apart, and looks again at what others had said of such. */
function bindKinds(state: ClusterState, total: Resources): void {
  const { tables } = state;
  const before = tables.kindNames.length;
  for (const { name, scalar } of total) if (scalar !== undefined) tables.kindOf(name);
  if (tables.kindNames.length === before) return;
  for (const client of state.clientRows) {
    if (client === undefined) continue;
    demandChanged(state, client);
    if (state.minima.has(client)) writeMinimum(state, client);
  }
}

const NO_VECTOR: Vector = new Float64Array(KINDS);

/** Tells the tables whether an agent may be offered, and to whom (C19, E16). */
export function flagAgent(state: ClusterState, agent: Agent): void {
  const { options, tables } = state;
  let flags: number = AgentFlag.PRESENT;
  const { deactivated, drains } = state.registry;
  if (agent.peer !== undefined && !agent.leaving && !deactivated.has(agent.id)) {
    flags |= AgentFlag.ACTIVE;
  }
  if (drains.has(agent.id)) flags |= AgentFlag.DRAINING;
  if (options.filterGpuResources && (quantitiesOf(agent.total)["gpus"] ?? 0) > 0) {
    flags |= AgentFlag.GPU_FENCED;
  }
  const region = agent.info.domain?.region;
  if (region !== undefined && options.region !== undefined && region !== options.region) {
    flags |= AgentFlag.REMOTE_REGION;
  }
  tables.setAgentFlags(agent.row, flags);
}

/** Bits of a client as its framework is now (C11, C19, C20). */
export function clientFlags(framework: Framework, client: Client): number {
  let flags: number = ClientFlag.PRESENT;
  if (framework.state === "active" && client.subscribed) flags |= ClientFlag.ACTIVE;
  if (framework.suppressed.has(client.role.name)) flags |= ClientFlag.SUPPRESSED;
  if (demandOf(client) !== undefined) flags |= ClientFlag.HAS_DEMAND;
  for (const capability of framework.info.capabilities ?? []) {
    if (capability === "REVOCABLE_RESOURCES") flags |= ClientFlag.REVOCABLE;
    if (capability === "GPU_RESOURCES") flags |= ClientFlag.GPU;
    if (capability === "SHARED_RESOURCES") flags |= ClientFlag.SHARED;
    if (capability === "RESERVATION_REFINEMENT") flags |= ClientFlag.REFINEMENT;
    if (capability === "REGION_AWARE") flags |= ClientFlag.REGION_AWARE;
  }
  return flags;
}

/** Tells the tables how much a client still wants of what it stated. */
function writeDemand({ tables }: ClusterState, client: Client): void {
  const { row } = client;
  const before = vectorAt(tables.clients.demand, row);
  const wanted = stillWanted(tables, client);
  if (wanted.every((amount, kind) => amount === before[kind])) return;
  const wasMet = isEmpty(before);
  tables.setDemand(row, wanted);
  // Policies that go by demands passed over all agents for a client that wanted nothing.
  if (wasMet && tables.clients.offerable(row)) tables.touchAll();
}

/** Tells the tables what a client may be offered now, and its smallest offer (C13). */
export function flagClient(state: ClusterState, client: Client): void {
  if (client.row < 0) return;
  const { framework } = client;
  const { tables } = state;
  tables.setClientFlags(client.row, clientFlags(framework, client));
  const { priority = 0 } = framework.info;
  if (tables.clients.priority[client.row] !== priority) tables.setPriority(client.row, priority);
  writeDemand(state, client);
  const minimum = framework.info.offerFilters?.[client.role.name]?.minAllocatable;
  const before = state.minima.get(client);
  if (minimum === before) return;
  if (minimum === undefined) state.minima.delete(client);
  else state.minima.set(client, minimum);
  writeMinimum(state, client);
}

function writeMinimum({ tables, minima }: ClusterState, client: Client): void {
  tables.setMinAllocatable(
    client.row,
    minima.get(client)?.map((quantities) => minimumOf(tables, quantities)),
  );
}

/** An alternative of a framework; one that names what no agent has is met by none. */
function minimumOf(tables: AllocationTables, quantities: Quantities): Float64Array {
  const vector = new Float64Array(KINDS);
  for (const [name, amount] of Object.entries(quantities)) {
    const kind = knownKind(tables, name);
    if (kind !== undefined) vector[kind] = amount;
    else if (amount > 0) vector[0] = Number.MAX_SAFE_INTEGER;
  }
  return vector;
}
