import { errors } from "../../../contract/errors.ts";
import type { FrameworkId, RoleName, TaskId } from "../../../contract/ids.ts";
import type { Agent, ClusterState, CompletedFramework, Framework, Role, Task } from "../state.ts";
import { ownedTask, remembered } from "../tasks.ts";

/**
 * The framework with an id, or the only one with a name; live ones go before ended ones.
 * @throws TepuiError FRAMEWORK_NOT_FOUND, FRAMEWORK_AWAITED while agents that may bring it have not
 * come back, FRAMEWORK_NAME_AMBIGUOUS, ROLE_UNKNOWN for a role that it is not in.
 */
export function findFramework(
  state: ClusterState,
  asked: string,
  role?: RoleName,
): Framework | CompletedFramework {
  const id = asked as FrameworkId;
  const known = state.frameworks.get(id) ?? state.completedFrameworks.get(id);
  const found =
    known ?? theOnly(asked, state.frameworks.values()) ?? latest(asked, state.completedFrameworks);
  if (found === undefined) {
    const { size } = state.recovering;
    throw size > 0 ? errors.FRAMEWORK_AWAITED(asked, size) : errors.FRAMEWORK_NOT_FOUND(asked);
  }
  if (role !== undefined && "clients" in found && !found.clients.has(role)) {
    throw errors.ROLE_UNKNOWN(role, `${found.info.name} is not in it`);
  }
  return found;
}

function theOnly(name: string, frameworks: Iterable<Framework>): Framework | undefined {
  const found = [...frameworks].filter(({ info }) => info.name === name);
  if (found.length < 2) return found[0];
  throw errors.FRAMEWORK_NAME_AMBIGUOUS(
    name,
    found.map(({ id }) => id),
  );
}

function latest(
  name: string,
  completed: ReadonlyMap<FrameworkId, CompletedFramework>,
): CompletedFramework | undefined {
  return [...completed.values()].filter(({ info }) => info.name === name).at(-1);
}

/**
 * The registered agent with an id, or the only one with a hostname; `undefined` when none is.
 * @throws TepuiError AGENT_NAME_AMBIGUOUS
 */
export function findAgent(state: ClusterState, asked: string): Agent | undefined {
  const known = state.agents.get(asked as Agent["id"]);
  if (known !== undefined) return known;
  const found = [...state.agents.values()].filter(({ info }) => info.hostname === asked);
  if (found.length < 2) return found[0];
  throw errors.AGENT_NAME_AMBIGUOUS(
    asked,
    found.map(({ id }) => id),
  );
}

/** @throws TepuiError ROLE_UNKNOWN */
export function findRole(state: ClusterState, asked: RoleName): Role {
  const role = state.roles.get(asked);
  if (role !== undefined) return role;
  throw errors.ROLE_UNKNOWN(asked, "no framework is in it, and nothing is configured for it");
}

/**
 * The task with an id, or the only one whose id begins so, among those that the master remembers;
 * of several with the same id, from one framework after another, the newest.
 * @throws TepuiError TASK_UNEXPLAINED, TASK_AWAITED, TASK_ID_AMBIGUOUS
 */
export function findTask(state: ClusterState, asked: string, of: FrameworkId | undefined): Task {
  const found: Task[] = [];
  const most = state.options.maxCompletedTasksPerFramework;
  const take = (tasks: Iterable<Task>): void => {
    for (const task of tasks) if (task.id.startsWith(asked)) found.push(task);
  };
  for (const framework of state.frameworks.values()) {
    if (of !== undefined && framework.id !== of) continue;
    take(framework.tasks.values());
    take(framework.unreachable.values());
    take(remembered(framework.completed, most));
  }
  for (const framework of state.completedFrameworks.values()) {
    if (of === undefined || framework.id === of) take(framework.tasks);
  }
  const exact = found.filter(({ id }) => id === asked);
  const fitting = exact.length > 0 ? exact : found;
  const owners = new Map<string, Task>();
  for (const task of fitting) owners.set(`${task.framework.id} ${task.id}`, task);
  const [only, ...others] = owners.values();
  if (only === undefined) {
    const { size } = state.recovering;
    throw size > 0 ? errors.TASK_AWAITED(asked, size) : errors.TASK_UNEXPLAINED(asked as TaskId);
  }
  if (others.length === 0) return only;
  throw errors.TASK_ID_AMBIGUOUS(asked, [only, ...others].map(ownedTask));
}
