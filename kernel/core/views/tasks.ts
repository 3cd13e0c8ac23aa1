import { errors } from "../../../contract/errors.ts";
import type { FrameworkId, TaskId } from "../../../contract/ids.ts";
import type { OperatorParams, OperatorResult, TaskView } from "../../../contract/operator-api.ts";
import { isTerminal } from "../../../contract/task-state.ts";
import type { ClusterState, Task } from "../state.ts";
import { ownedTask, recordOf, remembered } from "../tasks.ts";
import { pageOf } from "./page.ts";

/** A task as operators see it. */
export function taskView(state: ClusterState, task: Task): TaskView {
  const view: TaskView = { task: recordOf(task), frameworkName: task.framework.info.name };
  const info = state.agents.get(task.agentId)?.info;
  if (info === undefined) return view;
  return { ...view, hostname: info.hostname, agentIp: info.ip, agentPort: info.port };
}

/** Every task that is alive, waits for an acknowledgement, or is on an unreachable agent. */
export function* liveOf(state: ClusterState): Generator<Task> {
  for (const framework of state.frameworks.values()) {
    yield* framework.tasks.values();
    yield* framework.unreachable.values();
  }
}

/** Every task that has ended and is remembered. */
export function* endedOf(state: ClusterState): Generator<Task> {
  const most = state.options.maxCompletedTasksPerFramework;
  for (const { completed } of state.frameworks.values()) yield* remembered(completed, most);
  for (const { tasks } of state.completedFrameworks.values()) yield* tasks;
}

/** Shows what `liveOf` has. */
export function* liveTasks(state: ClusterState): Generator<TaskView> {
  for (const task of liveOf(state)) yield taskView(state, task);
}

/** A task as `liveTasks` has it. */
export function taskViewOf(
  state: ClusterState,
  frameworkId: FrameworkId,
  taskId: TaskId,
): TaskView | undefined {
  const framework = state.frameworks.get(frameworkId);
  const task = framework?.tasks.get(taskId) ?? framework?.unreachable.get(taskId);
  return task && taskView(state, task);
}

/** Shows what `endedOf` has. */
export function* endedTasks(state: ClusterState): Generator<TaskView> {
  for (const task of endedOf(state)) yield taskView(state, task);
}

/**
 * Tasks, the newest first; those that have ended only if asked for.
 * @throws TepuiError TASK_ID_AMBIGUOUS when `taskId` begins the ids of several tasks.
 */
export function tasksView(
  state: ClusterState,
  { taskId, frameworkId, agentId, completed = false, ...page }: OperatorParams<"tasks">,
): OperatorResult<"tasks"> {
  const found: Task[] = [];
  const most = state.options.maxCompletedTasksPerFramework;
  const take = (tasks: Iterable<Task>): void => {
    for (const task of tasks) {
      if (agentId !== undefined && task.agentId !== agentId) continue;
      if (taskId !== undefined && !task.id.startsWith(taskId)) continue;
      if (completed || !isTerminal(task.state)) found.push(task);
    }
  };
  for (const framework of state.frameworks.values()) {
    if (frameworkId !== undefined && framework.id !== frameworkId) continue;
    take(framework.tasks.values());
    take(framework.unreachable.values());
    if (completed) take(remembered(framework.completed, most));
  }
  for (const framework of completed ? state.completedFrameworks.values() : []) {
    if (frameworkId === undefined || framework.id === frameworkId) take(framework.tasks);
  }
  const chosen = taskId === undefined ? found : oneNamed(taskId, found);
  chosen.sort((a, b) => b.launchedMs - a.launchedMs || (a.id < b.id ? -1 : 1));
  const { views, more } = pageOf(chosen, (task) => taskView(state, task), page);
  return { tasks: views, more };
}

/** The tasks of that very id, or the only id that begins so. */
function oneNamed(taskId: string, found: readonly Task[]): Task[] {
  const exact = found.filter(({ id }) => id === taskId);
  if (exact.length > 0) return exact;
  const ids = new Set(found.map(({ id }) => id));
  if (ids.size > 1) throw errors.TASK_ID_AMBIGUOUS(taskId, [...new Set(found.map(ownedTask))]);
  return [...found];
}
