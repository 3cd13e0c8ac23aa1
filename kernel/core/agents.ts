import { type AgentId, idProblem } from "../../contract/ids.ts";
import { NOTHING, validate } from "../../contract/resources.ts";
import type { AgentInfo } from "../../contract/schema/agent.ts";
import { isTerminal, type TaskReason, type TaskState } from "../../contract/task-state.ts";
import { assert } from "./assert.ts";
import { flagAgent, recount, totalChanged } from "./books.ts";
import { constrainAgent } from "./constraints.ts";
import { describeInTables } from "./describe.ts";
import type { Effect } from "./effect.ts";
import type { PeerNumber } from "./event.ts";
import { withdrawAgent } from "./inverse-offers.ts";
import { unavailabilityOf } from "./maintenance.ts";
import { rescindOffer } from "./offers.ts";
import { normal } from "./pool.ts";
import { type Agent, type Away, type ClusterState, type Task, wantRound } from "./state.ts";
import { forAwareness, masterStatus, publishUpdate, sendStatus } from "./statuses.ts";
import { loseOperations } from "./steps/operations.ts";
import { dropStrays } from "./strays.ts";
import { tally, tallyEnd } from "./tallies.ts";
import { completeTask, detachTask, dropExecutor } from "./tasks.ts";

/** What an agent says about itself when it registers. */
export interface Registration {
  readonly agent: AgentInfo;
  readonly version: string;
  readonly capabilities: Agent["capabilities"];
}

/** What is kept of an agent that is being given up: since now, and where it was. */
export function awayOf(state: ClusterState, id: AgentId, nowMs: number): Away {
  const { agents, recovering, registry } = state;
  const at = agents.get(id)?.info ?? recovering.get(id) ?? registry.unreachable.get(id)?.at;
  if (at === undefined) return { sinceMs: nowMs };
  const { hostname, ip, port } = at;
  return { sinceMs: nowMs, at: { hostname, ip, port } };
}

/** Adds an agent that the registry has; `undefined` when the tables are full. Offers follow. */
export function addAgent(
  state: ClusterState,
  id: AgentId,
  peer: PeerNumber,
  { agent: info, version, capabilities }: Registration,
  nowMs: number,
): Agent | undefined {
  const { tables } = state;
  assert(!state.agents.has(id), `agent ${id} is added twice`);
  const row = tables.addAgent(1);
  if (row === undefined) return undefined;
  const total = normal(info.resources);
  const agent: Agent = {
    id,
    row,
    info: { ...info, id },
    version,
    capabilities,
    peer,
    leaving: false,
    total,
    free: total,
    overcommitted: false,
    offers: new Set(),
    tasks: new Set(),
    strays: new Map(),
    executors: new Map(),
    known: new Map(),
    kills: new Map(),
    reservedRoles: [],
    registeredMs: nowMs,
    reregisteredMs: undefined,
    heard: true,
    missedPings: 0,
    pingAtMs: nowMs + state.options.agentPingTimeoutMs,
    reregisterAtMs: undefined,
    unavailability: unavailabilityOf(state.registry.maintenance, info),
    inverse: new Map(),
    removalAtMs: undefined,
  };
  state.agents.set(id, agent);
  while (state.agentRows.length <= row) state.agentRows.push(undefined);
  state.agentRows[row] = agent;
  state.agentPeers.set(peer, agent);
  state.recovering.delete(id);
  describeInTables(state, agent);
  totalChanged(state, agent);
  tables.setUnavailability(row, agent.unavailability?.startMs ?? 0);
  flagAgent(state, agent);
  constrainAgent(state, agent);
  state.timers.set(agent.pingAtMs, "ping", id);
  wantRound(state);
  return agent;
}

/** Takes over a new description; filters go when it says something else than before (C9). */
export function describeAgent(state: ClusterState, agent: Agent, registration: Registration): void {
  const { agent: info, version, capabilities } = registration;
  const changed =
    agent.info.hostname !== info.hostname ||
    !sameJson(agent.info.attributes, info.attributes) ||
    !sameJson(agent.info.resources, info.resources) ||
    !sameJson(agent.info.domain, info.domain);
  agent.info = { ...info, id: agent.id };
  agent.version = version;
  agent.capabilities = capabilities;
  agent.total = normal(info.resources);
  if (!changed) return;
  describeInTables(state, agent);
  state.filters.dropAgent(agent.row);
  constrainAgent(state, agent);
}

function sameJson(a: unknown, b: unknown): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}

/** Says what is wrong with an agent's description (M15), or `undefined`. */
export function registrationProblem({ agent }: Registration): string | undefined {
  const badId = agent.id === undefined ? undefined : idProblem(agent.id);
  if (badId !== undefined) return `agent.id: ${badId}`;
  for (const [at, resource] of agent.resources.entries()) {
    const problem = validate(resource);
    if (problem !== undefined) return `agent.resources[${at}]: ${problem}`;
  }
  if (agent.hostname.length === 0) return "agent.hostname: it is empty";
  return undefined;
}

/** The connection is gone: no offers until the agent is back (B23). */
export function disconnectAgent(
  state: ClusterState,
  agent: Agent,
  nowMs: number,
  out: Effect[],
): void {
  assert(agent.peer !== undefined, `agent ${agent.id} is disconnected twice`);
  state.agentPeers.delete(agent.peer);
  agent.peer = undefined;
  agent.reregisterAtMs = nowMs + state.options.agentReregisterTimeoutMs;
  state.timers.set(agent.reregisterAtMs, "reregister", agent.id);
  flagAgent(state, agent);
  for (const offer of [...agent.offers]) rescindOffer(state, offer, out);
  withdrawAgent(state, agent, out);
}

/** How an agent goes. */
export interface Departure {
  /**
   * unreachable: its tasks may come back with it (B24). removed: they are lost (B28, B29). gone:
   * an operator says that they are (B31).
   */
  readonly how: "unreachable" | "removed" | "gone";
  readonly message: string;
}

/**
 * Removes an agent from the books, after the registry has it: first offers, so that nobody launches
 * on it, then its tasks' updates, then FAILURE to everyone (B24).
 */
export function removeAgent(
  state: ClusterState,
  agent: Agent,
  { how, message }: Departure,
  nowMs: number,
  out: Effect[],
): void {
  if (agent.peer !== undefined) state.agentPeers.delete(agent.peer);
  agent.peer = undefined;
  for (const offer of [...agent.offers]) rescindOffer(state, offer, out);
  withdrawAgent(state, agent, out);
  for (const task of [...agent.tasks]) {
    if (how === "unreachable") loseSight(state, agent, task, message, nowMs, out);
    else if (how === "gone") endGone(state, agent, task, message, nowMs, out);
    else loseTask(state, agent, task, "REASON_AGENT_REMOVED", message, nowMs, out);
  }
  loseOperations(state, agent, how, nowMs, out);
  dropStrays(state, agent);
  if (how !== "unreachable") state.strayIds.delete(agent.id);
  for (const executor of [...agent.executors.values()]) dropExecutor(state, agent, executor);
  for (const framework of agent.known.keys()) framework.agents.delete(agent);
  agent.known.clear();
  state.filters.dropAgent(agent.row);
  agent.total = NOTHING;
  recount(agent);
  totalChanged(state, agent);
  state.tables.removeAgent(agent.row);
  state.agentRows[agent.row] = undefined;
  state.agents.delete(agent.id);
  state.counts.agentsLost += 1;
  if (how !== "gone") tally(state, "slave_removals");
  announceFailure(state, agent.id, out);
  publishAgent(state, agent, "agent-removed", nowMs, out);
}

/** Tells every framework that an agent is lost (B24). */
export function announceFailure(state: ClusterState, agentId: AgentId, out: Effect[]): void {
  for (const { peer } of state.frameworks.values()) {
    if (peer === undefined) continue;
    out.push({ type: "send-framework", to: peer, event: { type: "failure", agentId } });
  }
}

/** A task on an agent that became unreachable: set aside until the agent is back (B24). */
function loseSight(
  state: ClusterState,
  agent: Agent,
  task: Task,
  message: string,
  nowMs: number,
  out: Effect[],
): void {
  if (isTerminal(task.state)) {
    completeTask(state, agent, task);
    return;
  }
  const { framework } = task;
  task.unreachableMs = nowMs;
  const next = forAwareness(framework, "TASK_UNREACHABLE");
  sayLost(state, task, next, "REASON_AGENT_REMOVED", message, nowMs, out);
  detachTask(state, agent, task);
  framework.unreachable.set(task.id, task);
  for (const oldest of framework.unreachable.keys()) {
    if (framework.unreachable.size <= state.options.maxUnreachableTasksPerFramework) break;
    framework.unreachable.delete(oldest);
  }
}

/** A task on an agent that will never come back (B31). */
function endGone(
  state: ClusterState,
  agent: Agent,
  task: Task,
  message: string,
  nowMs: number,
  out: Effect[],
): void {
  if (!isTerminal(task.state)) {
    const next = forAwareness(task.framework, "TASK_GONE_BY_OPERATOR");
    sayLost(state, task, next, "REASON_AGENT_REMOVED_BY_OPERATOR", message, nowMs, out);
  }
  completeTask(state, agent, task);
}

/** A task is lost for good, for frameworks that know about partitions too (B23, B28). */
export function loseTask(
  state: ClusterState,
  agent: Agent,
  task: Task,
  reason: TaskReason,
  message: string,
  nowMs: number,
  out: Effect[],
): void {
  if (!isTerminal(task.state)) sayLost(state, task, "TASK_LOST", reason, message, nowMs, out);
  completeTask(state, agent, task);
}

function sayLost(
  state: ClusterState,
  task: Task,
  next: TaskState,
  reason: TaskReason,
  message: string,
  nowMs: number,
  out: Effect[],
): void {
  task.state = next;
  const status = masterStatus(task.id, next, nowMs, {
    reason,
    message,
    agentId: task.agentId,
    unreachableTimeMs: task.unreachableMs,
  });
  if (task.executorId !== undefined) status.executorId = task.executorId;
  task.statuses.push(status);
  if (isTerminal(next)) tallyEnd(state, task.framework, status);
  sendStatus(task.framework, status, out);
  publishUpdate(state, task, status, nowMs, out);
}

/** Tells listeners about an agent (H2). */
export function publishAgent(
  state: ClusterState,
  agent: Agent,
  kind: "agent-added" | "agent-removed",
  nowMs: number,
  out: Effect[],
): void {
  if (state.listeners === 0) return;
  const { id, info } = agent;
  out.push({ type: "publish", event: { kind, timeMs: nowMs, agentId: id, name: info.hostname } });
}
