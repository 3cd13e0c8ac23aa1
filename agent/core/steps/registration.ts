import type { AgentMessageOf, AgentOrderOf } from "../../../contract/agent-api.ts";
import type { FrameworkId } from "../../../contract/ids.ts";
import { limits } from "../../../contract/limits.ts";
import type { TaskRecord, TaskStatus } from "../../../contract/schema/task.ts";
import { encodedBytes } from "../../../contract/size.ts";
import { dropEntry, keepAgent } from "../checkpoint.ts";
import type { Effect } from "../effect.ts";
import { tellExits } from "../exits.ts";
import { executorIdOf, nextFraction, taskKey } from "../ids.ts";
import type { AgentState, Task } from "../state.ts";
import { sendHead } from "../updates.ts";
import { assert } from "../words.ts";
import { tellUnknown } from "./kill.ts";
import { operationRecords, sendOperations } from "./operation.ts";

/** Longest wait between two tries to register (B20). */
const BACKOFF_MS_MAX = 60_000;

/** The link is up: registers after a random wait, so that a whole fleet does not come at once. */
export function stepLinkUp(state: AgentState, nowMs: number): void {
  if (state.leaving !== undefined) return;
  state.master.phase = "waiting";
  state.master.attempts = 0;
  waitToRegister(state, nowMs);
}

/**
 * Forgets frameworks of which nothing is here any more: the master may have forgotten them too, and
 * never says so. Only on a new link, on which nothing comes before the agent has said what it has;
 * on an old one, a launch that counts on the framework being known may be on its way.
 */
export function forgetFrameworks(state: AgentState, out: Effect[]): void {
  const { tasks, executors, groupExecutors, exits, operations, frameworks } = state;
  const used = new Set<FrameworkId | undefined>();
  for (const held of [tasks, executors, groupExecutors, exits, operations]) {
    for (const { frameworkId } of held.values()) used.add(frameworkId);
  }
  for (const id of frameworks.keys()) {
    if (used.has(id)) continue;
    frameworks.delete(id);
    dropEntry(`framework/${id}`, out);
  }
}

/** The link is down: nothing is sent until it is up and the agent has registered again. */
export function stepLinkDown(state: AgentState): void {
  state.master.phase = "down";
}

function waitToRegister(state: AgentState, nowMs: number): void {
  const { master, setup } = state;
  const longestMs = setup.times.registrationBackoffFactorMs * 2 ** Math.min(master.attempts, 16);
  master.dueMs = nowMs + nextFraction(state) * Math.min(longestMs, BACKOFF_MS_MAX);
  state.timers.add({ dueMs: master.dueMs, kind: "register", of: "" });
}

/** Registers, or tries again, when it is time to. */
export function registerIfDue(state: AgentState, nowMs: number, out: Effect[]): void {
  const { master, setup, info } = state;
  const isWanted = master.phase === "waiting" || master.phase === "registering";
  if (!isWanted || master.dueMs > nowMs || state.returning.size > 0) return;
  master.phase = "registering";
  master.attempts++;
  const { version } = setup;
  const capabilities = [...setup.capabilities];
  out.push({
    type: "send-master",
    message:
      info.id === undefined
        ? { type: "register", agent: info, version, capabilities }
        : { type: "reregister", agent: info, version, capabilities, ...holdings(state) },
  });
  waitToRegister(state, nowMs);
}

/** All that a returning agent runs and keeps (B21). */
function holdings(
  state: AgentState,
): Pick<AgentMessageOf<"reregister">, "tasks" | "executors" | "frameworks" | "operations"> {
  const { executors: custom, groupExecutors, exits } = state;
  const all = [...custom.values(), ...groupExecutors.values(), ...exits.values()];
  const executors = all.map(({ frameworkId, info, role }) => ({
    frameworkId,
    executor: info,
    role,
  }));
  return {
    tasks: [...state.tasks.values()].filter((task) => !task.silent).map((t) => recordOf(state, t)),
    executors,
    frameworks: [...state.frameworks.values()].map(({ info }) => info),
    operations: operationRecords(state),
  };
}

/** A task as it is told to others. */
export function recordOf(state: AgentState, task: Task): TaskRecord {
  const { info, frameworkId, role, statuses, launchedMs, toldState, toldUuid } = task;
  const executorId = executorIdOf(task);
  const { labels, discovery, container, healthCheck, killPolicy, limits } = info;
  const agentId = state.info.id;
  assert(agentId !== undefined, "an agent without an id has tasks");
  return {
    taskId: info.taskId,
    frameworkId,
    agentId,
    name: info.name,
    role,
    resources: info.resources,
    state: task.state,
    statuses: told(statuses),
    launchedMs,
    ...(executorId === undefined ? {} : { executorId }),
    ...(toldState === undefined ? {} : { statusUpdateState: toldState }),
    ...(toldUuid === undefined ? {} : { statusUpdateUuid: toldUuid }),
    ...(labels === undefined ? {} : { labels }),
    ...(discovery === undefined ? {} : { discovery }),
    ...(container === undefined ? {} : { container }),
    ...(healthCheck === undefined ? {} : { healthCheck }),
    ...(killPolicy === undefined ? {} : { killPolicy }),
    ...(limits === undefined ? {} : { limits }),
  };
}

/** The newest statuses, as many as may travel; their data is the framework's own affair. */
function told(statuses: readonly TaskStatus[]): TaskStatus[] {
  const newest: TaskStatus[] = [];
  let bytes = 0;
  for (const { data: _, ...status } of statuses.toReversed()) {
    bytes += encodedBytes(status);
    if (bytes > limits.recordStatusesBytesMax) break;
    newest.push(status);
  }
  return newest.reverse();
}

/** The master has taken the agent up: every stream sends its head at once (D5). */
export function stepRegistered(
  state: AgentState,
  order: AgentOrderOf<"registered"> | AgentOrderOf<"reregistered">,
  nowMs: number,
  out: Effect[],
): void {
  const { master } = state;
  if (master.phase === "down") return;
  state.info = { ...state.info, id: order.agentId };
  master.phase = "registered";
  master.attempts = 0;
  master.heardMs = nowMs;
  master.pingTimeoutMs = order.masterPingTimeoutMs;
  state.timers.add({ dueMs: nowMs + master.pingTimeoutMs, kind: "master", of: "" });
  keepAgent(state, out);
  for (const task of state.tasks.values()) sendHead(state, task, nowMs, out);
  sendOperations(state, undefined, nowMs, out);
  tellExits(state, out);
  if (order.type === "registered") return;
  for (const { frameworkId, taskId } of order.reconcile) {
    if (state.tasks.has(taskKey(frameworkId, taskId))) continue;
    tellUnknown(state, frameworkId, taskId, "REASON_RECONCILIATION", nowMs, out);
  }
}

/** The master asks whether the agent is there, and tells whether it counts as connected (B22). */
export function stepPing(
  state: AgentState,
  order: AgentOrderOf<"ping">,
  nowMs: number,
  out: Effect[],
): void {
  out.push({ type: "send-master", message: { type: "pong" } });
  if (!order.connected && state.master.phase === "registered") stepLinkUp(state, nowMs);
}

/** A master that was not heard for too long has forgotten this agent, or is gone (B22). */
export function checkMaster(state: AgentState, nowMs: number): void {
  const { master } = state;
  if (master.phase !== "registered") return;
  const dueMs = master.heardMs + master.pingTimeoutMs;
  if (dueMs <= nowMs) stepLinkUp(state, nowMs);
  else state.timers.add({ dueMs, kind: "master", of: "" });
}
