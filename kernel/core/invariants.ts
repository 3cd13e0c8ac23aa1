import {
  contains,
  equal,
  giveBack,
  identityKey,
  NOTHING,
  type Resources,
} from "../../contract/resources.ts";
import { isTerminal } from "../../contract/task-state.ts";
import { assert } from "./assert.ts";
import { clientFlags, recount } from "./books.ts";
import { stillWanted } from "./hints.ts";
import { knownKind } from "./known-kind.ts";
import { wouldBeOffer } from "./offers.ts";
import type { Agent, Client, ClusterState, Framework, Role } from "./state.ts";
import { executorKey, strayKey } from "./state.ts";
import { KINDS, ROOT_ROLE } from "./tables/shape.ts";

/**
 * Walks everything and stops at the first thing that does not hold: what is handed out and what is
 * there, every index and its inverse, the tables and the state. For tests and simulations; it costs
 * the size of the cluster.
 * @throws Error starting with "assertion:".
 */
export function invariants(state: ClusterState): void {
  if (!state.recovered) return;
  for (const agent of state.agents.values()) checkAgent(state, agent);
  for (const framework of state.frameworks.values()) checkFramework(state, framework);
  for (const offer of state.offers.values()) {
    assert(offer.agent.offers.has(offer), `offer ${offer.id} is not with its agent`);
    assert(offer.framework.offers.has(offer), `offer ${offer.id} is not with its framework`);
    assert(offer.framework.peer !== undefined, `offer ${offer.id} is with nobody`);
    assert(offer.agent.peer !== undefined, `offer ${offer.id} is of a disconnected agent`);
  }
  checkPeers(state);
  checkRoles(state);
  checkUse(state);
  checkFilters(state);
  checkRounds(state);
}

function checkAgent(state: ClusterState, agent: Agent): void {
  const { id, row } = agent;
  assert(state.agents.get(id) === agent, `agent ${id} is filed under another id`);
  assert(state.agentRows[row] === agent, `agent ${id} is not in its row ${row}`);
  assert(!state.registry.gone.has(id), `agent ${id} is here, and gone for good`);
  const { peer } = agent;
  assert(peer === undefined || state.agentPeers.get(peer) === agent, `agent ${id}: its peer`);
  const { free, overcommitted } = agent;
  recount(agent);
  assert(equal(free, agent.free), `agent ${id}: free is not what is neither offered nor used`);
  assert(overcommitted === agent.overcommitted, `agent ${id}: overcommitted is wrong`);
  if (!overcommitted) {
    let sum: Resources = free;
    for (const { wire } of agent.offers) sum = giveBack(sum, wire.resources);
    for (const task of agent.tasks) if (task.holds) sum = giveBack(sum, task.resources);
    for (const { resources } of agent.strays.values()) sum = giveBack(sum, resources);
    for (const executor of agent.executors.values()) sum = giveBack(sum, executor.resources);
    assert(equal(sum, agent.total), `agent ${id} does not add up`);
  }
  checkAgentRow(state, agent);
  for (const task of agent.tasks) {
    assert(task.agentId === id, `task ${task.id} is on agent ${id} and says otherwise`);
    assert(task.framework.tasks.get(task.id) === task, `task ${task.id} is not its framework's`);
  }
  for (const [key, stray] of agent.strays) {
    const { framework, holds } = stray;
    assert(key === strayKey(framework.id, stray.id), `stray ${key} has another key`);
    assert(state.strayIds.get(id)?.has(key) === true, `stray ${key} is not known by its id`);
    assert(holds && stray.agentId === id, `stray ${key} holds nothing, or elsewhere`);
    assert(state.frameworks.get(framework.id) === framework, `stray ${key} is nobody's`);
    assert(framework.tasks.get(stray.id)?.agentId !== id, `stray ${key} is its framework's task`);
  }
  for (const [key, { framework, info, client }] of agent.executors) {
    assert(key === executorKey(framework.id, info.executorId), `executor ${key} has another key`);
    assert(framework.clients.get(client.role.name) === client, `executor ${key} has no client`);
  }
  for (const offer of agent.offers) {
    assert(state.offers.get(offer.id) === offer, `offer ${offer.id} is not filed`);
  }
  for (const framework of agent.known.keys()) {
    assert(framework.agents.has(agent), `${framework.id} does not know who knows it`);
  }
}

function checkAgentRow({ tables, registry }: ClusterState, agent: Agent): void {
  const { id, row, peer, leaving } = agent;
  const sums = new Float64Array(KINDS);
  for (const resource of agent.free) {
    if (resource.scalar === undefined || resource.revocable === true) continue;
    if ((resource.reservations?.length ?? 0) > 0) continue;
    const kind = knownKind(tables, resource.name);
    if (kind !== undefined) sums[kind] = (sums[kind] ?? 0) + resource.scalar;
  }
  for (let kind = 0; kind < KINDS; kind++) {
    const free = tables.agents.free[row * KINDS + kind];
    assert(free === sums[kind], `agent ${id} has ${sums[kind]} of kind ${kind}, its row ${free}`);
  }
  const inService = !registry.deactivated.has(id) && !registry.drains.has(id);
  const offerable = peer !== undefined && !leaving && inService;
  assert(tables.agents.offerable(row) === offerable, `agent ${id}: its row's flags are wrong`);
}

function checkFramework(state: ClusterState, framework: Framework): void {
  const { id, peer } = framework;
  assert((framework.state === "active") === (peer !== undefined), `framework ${id}: its peer`);
  for (const task of framework.tasks.values()) {
    const agent = state.agents.get(task.agentId);
    assert(agent?.tasks.has(task) === true, `task ${task.id} is not with its agent`);
    assert(task.holds === !isTerminal(task.state), `task ${task.id}: it holds, or does not`);
    assert(!framework.unreachable.has(task.id), `task ${task.id} is here and unreachable`);
    const client = framework.clients.get(task.client.role.name);
    assert(!task.holds || client === task.client, `task ${task.id} has no client`);
  }
  for (const offer of framework.offers) {
    assert(state.offers.get(offer.id) === offer, `offer ${offer.id} is not filed`);
  }
  const { operations, otherOperations } = framework;
  for (const { agentId } of [...operations.values(), ...otherOperations.values()]) {
    const text = `an operation of ${id} is on agent ${agentId}, which is not there`;
    assert(state.agents.has(agentId), text);
  }
  for (const agent of framework.agents) {
    assert(agent.known.has(framework), `agent ${agent.id} does not know framework ${id}`);
    assert(state.agents.get(agent.id) === agent, `agent ${agent.id} has gone and knows ${id}`);
  }
  for (const [role, client] of framework.clients) {
    assert(client.role.name === role, `a client of ${id} is filed under ${role}`);
    assert(client.role.clients.has(client), `role ${role} does not know its client of ${id}`);
    assert(client.subscribed || client.holders > 0, `client ${id} in ${role} is idle`);
    if (client.row < 0) continue;
    assert(state.clientRows[client.row] === client, `client ${id} in ${role} is not in its row`);
    const flags = state.tables.clients.flags[client.row];
    assert(flags === clientFlags(framework, client), `client ${id} in ${role}: flags are wrong`);
    checkHints(state, client);
  }
}

/** Priority and demand as the framework states them, against what the policies are told. */
function checkHints({ tables }: ClusterState, client: Client): void {
  const { framework, role, row } = client;
  const who = `client ${framework.id} in ${role.name}`;
  const priority = tables.clients.priority[row];
  assert(priority === (framework.info.priority ?? 0), `${who}: its row has priority ${priority}`);
  for (const [kind, amount] of stillWanted(tables, client).entries()) {
    const told = tables.clients.demand[row * KINDS + kind];
    assert(told === amount, `${who} wants ${amount} of kind ${kind}, its row ${told}`);
  }
}

function checkPeers(state: ClusterState): void {
  for (const [peer, framework] of state.frameworkPeers) {
    assert(framework.peer === peer, `peer ${peer} is not that of framework ${framework.id}`);
    assert(state.frameworks.get(framework.id) === framework, `peer ${peer} has no framework`);
  }
  for (const [peer, agent] of state.agentPeers) {
    assert(agent.peer === peer, `peer ${peer} is not that of agent ${agent.id}`);
    assert(state.agents.get(agent.id) === agent, `peer ${peer} has no agent`);
  }
  assert(state.admitting.size === state.admissions.size, "an agent waits on two connections");
  for (const [peer, id] of state.admitting) {
    assert(state.admissions.get(id) === peer, `agent ${id} waits on another peer than ${peer}`);
    assert(!state.agents.has(id), `agent ${id} is here, and waits to be`);
    assert(!state.recovering.has(id), `agent ${id} is awaited, and waits to be here`);
  }
  for (const [row, agent] of state.agentRows.entries()) {
    if (agent === undefined) continue;
    assert(agent.row === row, `agent row ${row} holds another`);
    assert(state.agents.get(agent.id) === agent, `agent row ${row} is of an agent that is not`);
  }
}

function checkRoles(state: ClusterState): void {
  const references = new Map([...state.roles.keys()].map((name) => [name, 0]));
  const refer = (name: string): void => {
    references.set(name as never, (references.get(name as never) ?? 0) + 1);
  };
  for (const { parent } of state.roles.values()) if (parent !== undefined) refer(parent.name);
  for (const name of state.roleSettings.weights) refer(name);
  for (const name of state.roleSettings.quotas) refer(name);
  for (const agent of state.agents.values()) for (const r of agent.reservedRoles) refer(r.name);
  for (const role of state.roles.values()) {
    assert(role.references === references.get(role.name), `role ${role.name}: its references`);
    assert(role.references + role.clients.size > 0, `role ${role.name} is idle`);
    assert(state.tables.roles.names[role.row] === role.name, `role ${role.name}: its row`);
  }
}

/**
 * What clients and roles hold by the books, against what the tables say they use. A shared volume
 * counts once for each of them, however many below hold it (E13).
 */
function checkUse(state: ClusterState): void {
  const { tables } = state;
  const holders = new Map<Client, number>();
  const clients = new Sums();
  const roles = new Sums();
  for (const agent of state.agents.values()) {
    for (const [client, resources] of heldOn(agent)) {
      holders.set(client, (holders.get(client) ?? 0) + 1);
      if (client.row < 0) continue;
      clients.add(state, agent, client.row, resources);
      roles.add(state, agent, ROOT_ROLE, resources);
      for (let at: Role | undefined = client.role; at !== undefined; at = at.parent) {
        roles.add(state, agent, at.row, resources);
      }
    }
  }
  for (const framework of state.frameworks.values()) {
    for (const client of framework.clients.values()) {
      const count = holders.get(client) ?? 0;
      assert(client.holders === count, `client of ${framework.id}: ${client.holders} holders`);
      if (client.row < 0) continue;
      clients.check(`client of ${framework.id}`, client.row, tables.clients.used);
    }
  }
  roles.check("the root role", ROOT_ROLE, tables.roles.used);
  for (const { name, row } of state.roles.values()) {
    roles.check(`role ${name}`, row, tables.roles.used);
  }
}

function heldOn(agent: Agent): [Client, Resources][] {
  return [
    ...[...agent.offers].map(({ client, wire }) => [client, wire.resources] as const),
    ...[...agent.tasks].filter(({ holds }) => holds).map((t) => [t.client, t.resources] as const),
    ...[...agent.strays.values()].map(({ client, resources }) => [client, resources] as const),
    ...[...agent.executors.values()].map(({ client, resources }) => [client, resources] as const),
  ] as [Client, Resources][];
}

/** Amounts by row and kind, added up without the help of the books. */
class Sums {
  readonly #rows = new Map<number, Float64Array>();
  readonly #shared = new Set<string>();

  add({ tables }: ClusterState, agent: Agent, row: number, resources: Resources): void {
    const sums = this.#rows.get(row) ?? new Float64Array(KINDS);
    this.#rows.set(row, sums);
    for (const resource of resources) {
      const { name, scalar, shared } = resource;
      const kind = scalar === undefined ? undefined : knownKind(tables, name);
      if (kind === undefined) continue;
      const key = `${row} ${agent.id} ${identityKey(resource)}`;
      if (shared === true && this.#shared.has(key)) continue;
      if (shared === true) this.#shared.add(key);
      sums[kind] = (sums[kind] ?? 0) + (scalar ?? 0);
    }
  }

  check(what: string, row: number, column: Float64Array): void {
    for (let kind = 0; kind < KINDS; kind++) {
      const sum = this.#rows.get(row)?.[kind] ?? 0;
      const told = column[row * KINDS + kind];
      assert(told === sum, `${what} uses ${sum} of kind ${kind}, its row ${told}`);
    }
  }
}

/** Filters of what is there; called after `prepareRound`, the bits of the tables are right, too. */
export function checkFilterBits(state: ClusterState): void {
  const blocked = new Set<string>();
  for (const { client, agent, known } of state.filters.entries()) {
    const offer = wouldBeOffer(
      state,
      state.agentRows[agent] as Agent,
      state.clientRows[client] as Client,
    );
    if (contains(known, offer ?? NOTHING)) blocked.add(`${client} ${agent}`);
  }
  for (const { row: agent } of state.agents.values()) {
    for (const client of state.clientRows) {
      if (client === undefined) continue;
      const bit = state.tables.filters.get(client.row, agent);
      const excluded = state.tables.filters.excludes(client.row, agent);
      const should = excluded || blocked.has(`${client.row} ${agent}`);
      assert(bit === should, `filter bit of ${client.row} ${agent}`);
    }
  }
}

function checkFilters(state: ClusterState): void {
  let count = 0;
  for (const { client, agent } of state.filters.entries()) {
    count += 1;
    assert(state.clientRows[client] !== undefined, `a filter of client ${client}, which is not`);
    assert(state.agentRows[agent] !== undefined, `a filter on agent ${agent}, which is not`);
  }
  assert(count === state.filters.size, "filters are lost");
}

/** Between two rounds nobody is hidden, and only clients that are there can be idle. */
function checkRounds({ rounds, clientRows }: ClusterState): void {
  assert(rounds.hidden.length === 0, "a client is hidden from the policies, and no round runs");
  for (const row of rounds.idle) {
    assert((clientRows[row]?.unusedTimes ?? 0) > 0, `client ${row} is taken for idle`);
  }
}
