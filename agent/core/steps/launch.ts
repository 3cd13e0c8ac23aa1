import type { AgentOrderOf } from "../../../contract/agent-api.ts";
import type { ExecutorEvent } from "../../../contract/executor-api.ts";
import type { FrameworkId, RoleName } from "../../../contract/ids.ts";
import type { ExecutorInfo, TaskInfo } from "../../../contract/schema/task.ts";
import {
  keepContainer,
  keepExecutor,
  keepFramework,
  keepGroupExecutor,
  keepTask,
} from "../checkpoint.ts";
import type { Effect } from "../effect.ts";
import { executorKey, nextContainerId, nextGroupId, taskKey } from "../ids.ts";
import { sameJson } from "../same.ts";
import type {
  AgentState,
  Container,
  ContainerPlan,
  Executor,
  GroupExecutor,
  Task,
} from "../state.ts";
import { addUpdate, type UpdateWords } from "../updates.ts";
import { assert, lostAs } from "../words.ts";
import { tell } from "./connection.ts";
import { resizeExecutor } from "./resize.ts";
import { newGroupExecutor, sharedIn, userOf } from "./shared.ts";

/** Launches tasks of one framework; what is wrong with one of them is that one's answer. */
export function stepLaunch(
  state: AgentState,
  order: AgentOrderOf<"launch">,
  nowMs: number,
  out: Effect[],
): void {
  const { frameworkId, framework, role, groupExecutor } = order;
  // A master gives nothing to an agent that it has emptied.
  delete state.drain;
  if (framework !== undefined) {
    const info = { ...framework, id: frameworkId };
    state.frameworks.set(frameworkId, { info });
    keepFramework(info, out);
  }
  // An order that was sent twice is carried out once.
  const tasks = order.tasks.filter(({ taskId }) => !state.tasks.has(taskKey(frameworkId, taskId)));
  if (groupExecutor !== undefined) {
    const isWhole = tasks.length === order.tasks.length;
    launchGroup(state, { ...order, tasks }, groupExecutor, isWhole, nowMs, out);
    return;
  }
  for (const info of tasks) {
    const { executor } = info;
    const parts = { frameworkId, role, info };
    const refusal = refusalOf(state, frameworkId, executor);
    if (refusal !== undefined) {
      addUpdate(state, newTask(state, parts, nowMs), refusal, nowMs, out);
    } else if (executor === undefined) {
      launchCommand(state, parts, nowMs, out);
    } else {
      launchOnExecutor(state, [parts], executor, nowMs, out);
    }
  }
}

/**
 * Launches a group whole or not at all (F24): custom executors are given it in one event, under
 * the built-in one each task is a container, and all of these are let run together.
 */
function launchGroup(
  state: AgentState,
  { frameworkId, role, tasks }: AgentOrderOf<"launch">,
  wanted: ExecutorInfo,
  isWhole: boolean,
  nowMs: number,
  out: Effect[],
): void {
  if (tasks.length === 0) return;
  const refusal = isWhole ? refusalOf(state, frameworkId, wanted) : NOT_WHOLE;
  const reason = "REASON_TASK_GROUP_INVALID" as const;
  const group = { id: nextGroupId(state), executorId: wanted.executorId };
  const parts = tasks.map((info) => ({ frameworkId, role, info, group }));
  if (refusal !== undefined) {
    const words = refusal.state === "TASK_ERROR" ? { ...refusal, reason } : refusal;
    for (const one of parts) addUpdate(state, newTask(state, one, nowMs), words, nowMs, out);
  } else if (wanted.type === "CUSTOM") {
    launchOnExecutor(state, parts, wanted, nowMs, out);
  } else {
    const key = executorKey(frameworkId, wanted.executorId);
    const known = state.groupExecutors.get(key);
    const executor = known ?? newGroupExecutor(state, key, { frameworkId, role, info: wanted });
    state.groupExecutors.set(key, executor);
    if (known === undefined) keepGroupExecutor(executor, out);
    for (const one of parts) {
      executor.tasks.add(launchCommand(state, one, nowMs, out, executor).key);
    }
  }
}

const NOT_WHOLE: UpdateWords = {
  state: "TASK_ERROR",
  reason: "REASON_TASK_GROUP_INVALID",
  message: "Another task of the group is on the agent already",
};

/** Why a task, or a group, cannot be launched here at all, or on the executor that it wants. */
function refusalOf(
  state: AgentState,
  frameworkId: FrameworkId,
  wanted: ExecutorInfo | undefined,
): UpdateWords | undefined {
  if (state.leaving !== undefined || !state.frameworks.has(frameworkId)) {
    return {
      state: lostAs(state, frameworkId, "TASK_DROPPED"),
      reason: "REASON_EXECUTOR_TERMINATED",
      message: state.leaving?.message ?? "The agent does not know this framework",
    };
  }
  if (wanted === undefined) return undefined;
  const key = executorKey(frameworkId, wanted.executorId);
  const known = state.executors.get(key);
  if (known?.phase === "ending") {
    return {
      state: lostAs(state, frameworkId, "TASK_DROPPED"),
      reason: "REASON_EXECUTOR_TERMINATED",
      message: "Executor terminating",
    };
  }
  const info = known?.info ?? state.groupExecutors.get(key)?.info;
  if (info === undefined || sameJson(info, wanted)) return undefined;
  return {
    state: "TASK_ERROR",
    reason: "REASON_TASK_INVALID",
    message: `Executor ${wanted.executorId} is running with another description`,
  };
}

/** What names a task and says how it is run. */
interface TaskParts {
  readonly frameworkId: FrameworkId;
  readonly role: RoleName;
  readonly info: TaskInfo;
  readonly containerId?: Task["containerId"];
  readonly group?: Task["group"];
}

/** A task of which nothing has been told yet. */
export function newTask(state: AgentState, parts: TaskParts, nowMs: number): Task {
  const { containerId, group, ...rest } = parts;
  const task: Task = {
    ...rest,
    key: taskKey(parts.frameworkId, parts.info.taskId),
    launchedMs: nowMs,
    ...(containerId === undefined ? {} : { containerId }),
    ...(group === undefined ? {} : { group }),
    state: "TASK_STAGING",
    statuses: [],
    pending: [],
    delivered: false,
    resendDueMs: 0,
    resendWaitMs: state.setup.times.retryMinMs,
  };
  assert(!state.tasks.has(task.key), `task ${task.key} is there already`);
  state.tasks.set(task.key, task);
  return task;
}

function startContainer(state: AgentState, plan: ContainerPlan, out: Effect[]): void {
  const container: Container = { plan, phase: "starting" };
  state.containers.set(plan.id, container);
  // What is to run is on record before it runs.
  keepContainer(container, out);
  out.push({ type: "start-container", plan });
}

function common(state: AgentState, frameworkId: FrameworkId, role: RoleName) {
  const agentId = state.info.id;
  assert(agentId !== undefined, "an agent without an id was given a task");
  const checkpoint = state.frameworks.get(frameworkId)?.info.checkpoint ?? false;
  return { id: nextContainerId(state), agentId, frameworkId, role, checkpoint };
}

function launchCommand(
  state: AgentState,
  parts: TaskParts,
  nowMs: number,
  out: Effect[],
  executor?: GroupExecutor,
): Task {
  const { frameworkId, role, info, group } = parts;
  const command = info.command ?? {};
  const { container, limits } = info;
  const plan: ContainerPlan = {
    ...common(state, frameworkId, role),
    // The built-in executor of a command goes by the name of its task (F20).
    executorId: group?.executorId ?? (info.taskId as unknown as ContainerPlan["executorId"]),
    taskId: info.taskId,
    command,
    resources: info.resources,
    ...sharedIn(state, container, executor),
    ...(limits === undefined ? {} : { limits }),
    ...userOf(state, frameworkId, command.user),
    shutdownGraceMs: state.setup.times.executorShutdownGraceMs,
  };
  const task = newTask(state, { ...parts, containerId: plan.id }, nowMs);
  startContainer(state, plan, out);
  addUpdate(state, task, { state: "TASK_STARTING", source: "SOURCE_EXECUTOR" }, nowMs, out);
  return task;
}

function launchOnExecutor(
  state: AgentState,
  parts: readonly TaskParts[],
  wanted: ExecutorInfo,
  nowMs: number,
  out: Effect[],
): void {
  const [{ frameworkId }] = parts as [TaskParts];
  const known = state.executors.get(executorKey(frameworkId, wanted.executorId));
  const executor = known ?? startExecutor(state, parts, wanted, nowMs, out);
  const { containerId } = executor;
  const tasks = parts.map((one) => newTask(state, { ...one, containerId }, nowMs));
  for (const task of tasks) {
    executor.tasks.add(task.key);
    keepTask(task, out);
  }
  if (known !== undefined) resizeExecutor(state, executor, out);
  // They are kept as they are at the end of the turn: given, if they are given now.
  if (executor.connection !== undefined) deliver(executor, tasks, out);
}

function startExecutor(
  state: AgentState,
  parts: readonly TaskParts[],
  info: ExecutorInfo,
  nowMs: number,
  out: Effect[],
): Executor {
  const [{ frameworkId, role }] = parts as [TaskParts];
  const { times } = state.setup;
  const plan: ContainerPlan = {
    ...common(state, frameworkId, role),
    executorId: info.executorId,
    command: info.command ?? {},
    // The container holds the executor and its tasks (F23).
    resources: [info, ...parts.map((one) => one.info)].flatMap((one) => one.resources ?? []),
    ...(info.container === undefined ? {} : { container: info.container }),
    ...userOf(state, frameworkId, info.command?.user),
    shutdownGraceMs: info.shutdownGracePeriodMs ?? times.executorShutdownGraceMs,
  };
  const executor: Executor = {
    key: executorKey(frameworkId, info.executorId),
    frameworkId,
    role,
    info,
    containerId: plan.id,
    phase: "starting",
    tasks: new Set(),
    everRan: false,
    subscribeDueMs: nowMs + times.executorRegistrationTimeoutMs,
  };
  state.timers.add({
    dueMs: nowMs + times.executorRegistrationTimeoutMs,
    kind: "subscribe",
    of: executor.key,
  });
  state.executors.set(executor.key, executor);
  keepExecutor(executor, out);
  startContainer(state, plan, out);
  return executor;
}

/** Hands a task, or a group, to a subscribed executor, in the order of launch (D21). */
export function deliver(executor: Executor, tasks: readonly Task[], out: Effect[]): void {
  executor.everRan = true;
  for (const task of tasks) {
    task.delivered = true;
    keepTask(task, out);
  }
  const [first] = tasks as [Task];
  const event: ExecutorEvent =
    first.group === undefined
      ? { type: "launch", task: first.info }
      : { type: "launch-group", tasks: tasks.map(({ info }) => info) };
  tell(executor, event, out);
}
