import type { UpdateId } from "../../contract/ids.ts";
import type { ContainerStatus, NetworkInfo } from "../../contract/schema/container.ts";
import type { TaskStatus } from "../../contract/schema/task.ts";
import { isTerminal } from "../../contract/task-state.ts";
import { dropEntry, keepTask } from "./checkpoint.ts";
import type { Effect } from "./effect.ts";
import { nextUpdateId } from "./ids.ts";
import type { AgentState, Task } from "./state.ts";
import { append, dropStream, hasRoom, streamOf, take } from "./streams.ts";
import { tally } from "./tallies.ts";

/** What an update says, without what the agent fills in for every one (v1-wire 7.9). */
export type UpdateWords = Partial<Omit<TaskStatus, "taskId" | "agentId" | "timestampMs">> &
  Pick<TaskStatus, "state">;

/** Statuses that are kept for a task; more than there are states, so none of them is lost. */
const STATUSES_MAX = 16;

/**
 * Adds an update to a task's stream, durably, and sends it if nothing of that task is in flight.
 * After a terminal state nothing is added any more (D9).
 */
export function addUpdate(
  state: AgentState,
  task: Task,
  words: UpdateWords,
  nowMs: number,
  out: Effect[],
): void {
  if (isTerminal(task.state)) return;
  const executorId = task.group?.executorId ?? task.info.executor?.executorId;
  const containerStatus = containerStatusOf(state, task, words.containerStatus);
  const status: TaskStatus = {
    source: "SOURCE_AGENT",
    ...seenOf(task),
    ...words,
    taskId: task.info.taskId,
    uuid: words.uuid ?? nextUpdateId(state),
    timestampMs: nowMs,
    ...(state.info.id === undefined ? {} : { agentId: state.info.id }),
    ...(executorId === undefined ? {} : { executorId }),
    ...(containerStatus === undefined ? {} : { containerStatus }),
  };
  task.state = status.state;
  const last = task.statuses.at(-1);
  if (last?.state === status.state) task.statuses.pop();
  // Its data is only for the framework, once.
  const { data: _, ...kept } = status;
  task.statuses.push(kept);
  if (task.statuses.length > STATUSES_MAX) task.statuses.shift();
  const stream = streamOf(state, task);
  // Of what this agent says again and again while nobody listens, the newest counts.
  const isOwn = words.uuid === undefined && stream.pending.at(-1)?.status.state === status.state;
  if (isOwn && !hasRoom(stream) && stream.pending.length > 1) take(state, task, "last", out);
  append(state, task, status, out);
  tally(state, "valid_status_updates");
  // What was refused, or is not known here, has no container: nothing of it has ended here.
  if (isTerminal(status.state) && task.containerId !== undefined) tally(state, status.state);
  keepTask(task, out);
  if (stream.pending.length === 1) sendHead(state, task, nowMs, out);
}

/**
 * In which container a task is, and at which addresses: those that are said now, else those that an
 * engine's container was said to have, else the agent's own, in whose network it is then. Clients
 * read the first address without a look whether there is one (v1-wire 6.9).
 */
function containerStatusOf(
  state: AgentState,
  { containerId, statuses, info }: Task,
  said: ContainerStatus | undefined,
): ContainerStatus | undefined {
  if (containerId === undefined) return said;
  const pid = state.containers.get(containerId)?.process?.pid;
  const { ip } = state.info;
  const protocol = ip.includes(":") ? "IPv6" : "IPv4";
  const own: NetworkInfo = { ipAddresses: [{ protocol, ipAddress: ip }] };
  const isOfEngine = info.container?.type === "DOCKER";
  const before = isOfEngine ? statuses.at(-1)?.containerStatus?.networkInfos : undefined;
  const [networkInfos] = [said?.networkInfos, before, [own]].filter((list) => list?.length);
  return {
    containerId,
    ...(pid === undefined ? {} : { executorPid: pid }),
    ...said,
    ...(networkInfos === undefined ? {} : { networkInfos }),
  };
}

/** What checks have seen travels with every update. */
function seenOf({ checks }: Task): Pick<TaskStatus, "healthy" | "checkStatus"> {
  const { healthy, status } = checks ?? {};
  return {
    ...(healthy === undefined ? {} : { healthy }),
    ...(status === undefined ? {} : { checkStatus: status }),
  };
}

/** Sends the head of a stream for the first time, or anew after a change of master (D5). */
export function sendHead(state: AgentState, task: Task, nowMs: number, out: Effect[]): void {
  const head = streamOf(state, task).pending[0]?.status;
  if (head === undefined) return;
  task.resendWaitMs = state.setup.times.retryMinMs;
  task.toldState = head.state;
  if (head.uuid !== undefined) task.toldUuid = head.uuid;
  transmit(state, task, head, nowMs, out);
}

/** The wait is over and no acknowledgement came: sends the head again and waits twice as long. */
export function resendHead(state: AgentState, task: Task, nowMs: number, out: Effect[]): void {
  const head = streamOf(state, task).pending[0]?.status;
  if (head === undefined || task.resendDueMs > nowMs || task.resendDueMs === 0) return;
  task.resendWaitMs = Math.min(task.resendWaitMs * 2, state.setup.times.retryMaxMs);
  transmit(state, task, head, nowMs, out);
}

function transmit(
  state: AgentState,
  task: Task,
  status: TaskStatus,
  nowMs: number,
  out: Effect[],
): void {
  // Without a master nothing is sent, and nothing waits: registration sends every head at once.
  if (state.master.phase !== "registered") {
    task.resendDueMs = 0;
    return;
  }
  task.resendDueMs = nowMs + task.resendWaitMs;
  state.timers.add({ dueMs: task.resendDueMs, kind: "resend", of: task.key });
  const { frameworkId } = task;
  out.push({
    type: "send-master",
    message: { type: "update", frameworkId, status, latestState: task.state },
  });
}

/**
 * Takes the head off if it is the one that was acknowledged (D6) and sends the next one. After the
 * acknowledgement of a terminal state the task is forgotten; then the answer is true.
 */
export function acknowledge(
  state: AgentState,
  task: Task,
  uuid: UpdateId,
  nowMs: number,
  out: Effect[],
): boolean {
  const head = streamOf(state, task).pending[0]?.status;
  if (head?.uuid !== uuid) return false;
  take(state, task, "first", out);
  if (isTerminal(head.state)) {
    state.tasks.delete(task.key);
    dropStream(state, task, out);
    dropEntry(`task/${task.key}`, out);
    return true;
  }
  keepTask(task, out);
  sendHead(state, task, nowMs, out);
  return false;
}
