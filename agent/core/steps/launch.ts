import type { AgentOrderOf } from "../../../contract/agent-api.ts";
import type { FrameworkId, RoleName } from "../../../contract/ids.ts";
import type { ExecutorInfo, TaskInfo } from "../../../contract/schema/task.ts";
import { keepContainer, keepExecutor, keepFramework } from "../checkpoint.ts";
import type { Effect } from "../effect.ts";
import { executorKey, nextContainerId, taskKey } from "../ids.ts";
import { sameJson } from "../same.ts";
import type { AgentState, Container, ContainerPlan, Executor, Task } from "../state.ts";
import { addUpdate, type UpdateWords } from "../updates.ts";
import { assert, lostAs } from "../words.ts";

/** Launches tasks of one framework; what is wrong with one of them is that one's answer. */
export function stepLaunch(
  state: AgentState,
  order: AgentOrderOf<"launch">,
  nowMs: number,
  out: Effect[],
): void {
  const { frameworkId, framework, role } = order;
  if (framework !== undefined) {
    const info = { ...framework, id: frameworkId };
    state.frameworks.set(frameworkId, { info });
    keepFramework(info, out);
  }
  for (const info of order.tasks) {
    // An order that was sent twice is carried out once.
    if (state.tasks.has(taskKey(frameworkId, info.taskId))) continue;
    const refusal = refusalOf(state, order);
    if (refusal !== undefined) {
      const task = newTask(state, { frameworkId, role, info }, nowMs);
      addUpdate(state, task, refusal, nowMs, out);
    } else if (info.executor === undefined) {
      launchCommand(state, frameworkId, role, info, nowMs, out);
    } else {
      launchOnExecutor(state, frameworkId, role, info, info.executor, nowMs, out);
    }
  }
}

function refusalOf(state: AgentState, order: AgentOrderOf<"launch">): UpdateWords | undefined {
  const { frameworkId, groupExecutor } = order;
  if (state.leaving !== undefined || !state.frameworks.has(frameworkId)) {
    return {
      state: lostAs(state, frameworkId, "TASK_DROPPED"),
      reason: "REASON_EXECUTOR_TERMINATED",
      message: state.leaving?.message ?? "The agent does not know this framework",
    };
  }
  if (groupExecutor === undefined) return undefined;
  return {
    state: "TASK_ERROR",
    reason: "REASON_TASK_GROUP_INVALID",
    message: "This agent does not run task groups",
  };
}

/** What names a task and says how it is run. */
interface TaskParts {
  readonly frameworkId: FrameworkId;
  readonly role: RoleName;
  readonly info: TaskInfo;
  readonly containerId?: Task["containerId"];
}

/** A task of which nothing has been told yet. */
export function newTask(state: AgentState, parts: TaskParts, nowMs: number): Task {
  const { containerId, ...rest } = parts;
  const task: Task = {
    ...rest,
    key: taskKey(parts.frameworkId, parts.info.taskId),
    launchedMs: nowMs,
    ...(containerId === undefined ? {} : { containerId }),
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

function userOf(state: AgentState, frameworkId: FrameworkId, own: string | undefined) {
  const user = own ?? state.frameworks.get(frameworkId)?.info.user;
  return user === undefined || user === "" ? {} : { user };
}

function common(state: AgentState, frameworkId: FrameworkId, role: RoleName) {
  const agentId = state.info.id;
  assert(agentId !== undefined, "an agent without an id was given a task");
  const checkpoint = state.frameworks.get(frameworkId)?.info.checkpoint ?? false;
  return { id: nextContainerId(state), agentId, frameworkId, role, checkpoint };
}

function launchCommand(
  state: AgentState,
  frameworkId: FrameworkId,
  role: RoleName,
  info: TaskInfo,
  nowMs: number,
  out: Effect[],
): void {
  const command = info.command ?? {};
  const { container, limits } = info;
  const plan: ContainerPlan = {
    ...common(state, frameworkId, role),
    // The built-in executor of a command goes by the name of its task (F20).
    executorId: info.taskId as unknown as ContainerPlan["executorId"],
    taskId: info.taskId,
    command,
    resources: info.resources,
    ...(container === undefined ? {} : { container }),
    ...(limits === undefined ? {} : { limits }),
    ...userOf(state, frameworkId, command.user),
    shutdownGraceMs: state.setup.times.executorShutdownGraceMs,
  };
  const task = newTask(state, { frameworkId, role, info, containerId: plan.id }, nowMs);
  startContainer(state, plan, out);
  addUpdate(state, task, { state: "TASK_STARTING", source: "SOURCE_EXECUTOR" }, nowMs, out);
}

function launchOnExecutor(
  state: AgentState,
  frameworkId: FrameworkId,
  role: RoleName,
  info: TaskInfo,
  wanted: ExecutorInfo,
  nowMs: number,
  out: Effect[],
): void {
  const known = state.executors.get(executorKey(frameworkId, wanted.executorId));
  const refusal = executorRefusal(state, frameworkId, wanted, known);
  if (refusal !== undefined) {
    const refused = newTask(state, { frameworkId, role, info }, nowMs);
    addUpdate(state, refused, refusal, nowMs, out);
    return;
  }
  const executor = known ?? startExecutor(state, frameworkId, role, info, wanted, nowMs, out);
  const { containerId } = executor;
  const task = newTask(state, { frameworkId, role, info, containerId }, nowMs);
  executor.tasks.add(task.key);
  if (executor.phase === "running") deliver(executor, task, out);
  out.push({ type: "checkpoint", key: `task/${task.key}`, value: task });
}

function executorRefusal(
  state: AgentState,
  frameworkId: FrameworkId,
  wanted: ExecutorInfo,
  known: Executor | undefined,
): UpdateWords | undefined {
  if (wanted.type === "DEFAULT") {
    return {
      state: "TASK_ERROR",
      reason: "REASON_TASK_INVALID",
      message: "This agent does not run the built-in executor of task groups",
    };
  }
  if (known === undefined) return undefined;
  if (known.phase === "ending") {
    return {
      state: lostAs(state, frameworkId, "TASK_DROPPED"),
      reason: "REASON_EXECUTOR_TERMINATED",
      message: "Executor terminating",
    };
  }
  if (sameJson(known.info, wanted)) return undefined;
  return {
    state: "TASK_ERROR",
    reason: "REASON_TASK_INVALID",
    message: `Executor ${wanted.executorId} is running with another description`,
  };
}

function startExecutor(
  state: AgentState,
  frameworkId: FrameworkId,
  role: RoleName,
  task: TaskInfo,
  info: ExecutorInfo,
  nowMs: number,
  out: Effect[],
): Executor {
  const { times } = state.setup;
  const plan: ContainerPlan = {
    ...common(state, frameworkId, role),
    executorId: info.executorId,
    command: info.command ?? {},
    // The container holds the executor and its tasks (F23).
    resources: [...(info.resources ?? []), ...task.resources],
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

/** Hands a task to a subscribed executor, in the order of launch (D21). */
export function deliver(executor: Executor, task: Task, out: Effect[]): void {
  task.delivered = true;
  executor.everRan = true;
  const { containerId } = executor;
  out.push({ type: "send-executor", containerId, event: { type: "launch", task: task.info } });
}
