import { idProblem } from "../../contract/ids.ts";
import { isPlain, type Resource, SCALAR_MILLI_MAX, validate } from "../../contract/resources.ts";
import type { ExecutorInfo, TaskInfo } from "../../contract/schema/task.ts";
import { same } from "./same.ts";
import { type Agent, executorKey, type Framework, strayKey } from "./state.ts";
import { checkProblem, commandProblem, containerProblem } from "./validate-command.ts";

const NEITHER_OR_BOTH =
  "Task should have at least one (but not both) of CommandInfo or ExecutorInfo present";

const CUSTOM_WITHOUT_COMMAND = "executor: a custom executor needs a command";

/** Says why a task cannot be launched, in the order of M2 and in words; or `undefined`. */
export function taskProblem(
  task: TaskInfo,
  framework: Framework,
  agent: Agent,
  inGroup: boolean,
): string | undefined {
  const { taskId, agentId, killPolicy, maxCompletionMs } = task;
  const badId = idProblem(taskId);
  if (badId !== undefined) return `Task has an invalid id: ${badId}`;
  const isStray = agent.strays.has(strayKey(framework.id, taskId));
  if (framework.tasks.has(taskId) || framework.unreachable.has(taskId) || isStray) {
    return `Task has duplicate ID: ${taskId}`;
  }
  if (agentId !== agent.id) {
    return `Task uses invalid agent ${agentId} while agent ${agent.id} is expected`;
  }
  if (killPolicy?.gracePeriodMs !== undefined && !(killPolicy.gracePeriodMs >= 0)) {
    return "Task's 'kill_policy.grace_period' must be non-negative";
  }
  if (maxCompletionMs !== undefined && !(maxCompletionMs >= 0)) {
    return "Task's 'max_completion_time' must be non-negative";
  }
  return (
    checkProblem("check", task.check) ??
    checkProblem("healthCheck", task.healthCheck) ??
    (task.resources.length === 0
      ? "Task uses no resources"
      : resourcesProblem("resources", task.resources)) ??
    commandProblem("command", task.command) ??
    containerProblem("container", task.container) ??
    limitsProblem(task, agent) ??
    (inGroup ? undefined : programProblem(task, framework, agent))
  );
}

/**
 * Says that something is said to be allocated to another role than the offers are (M4, M11), or
 * `undefined`.
 */
export function allocationProblem(
  what: string,
  allocatedTo: readonly string[] | undefined,
  role: string,
): string | undefined {
  const other = allocatedTo?.find((one) => one !== role);
  if (other === undefined) return undefined;
  const there = `what is available in the offers is allocated to '${role}'`;
  return `${what} uses resources allocated to role '${other}', but ${there}`;
}

/** Says what is wrong with resources that were asked for (M2, M14), or `undefined`. */
export function resourcesProblem(
  where: string,
  resources: readonly Resource[],
): string | undefined {
  let before: Resource | undefined;
  let usual = true;
  for (const resource of resources) {
    usual &&= isUsual(resource) && (before === undefined || before.name < resource.name);
    if (!usual) break;
    before = resource;
  }
  return usual ? undefined : listProblem(where, resources);
}

/** The common case, seen at a glance: a plain scalar of a sensible amount, and not of gpus. */
function isUsual(resource: Resource): boolean {
  const { name, scalar } = resource;
  if (scalar === undefined || !isPlain(resource) || name === "gpus" || name === "ports") {
    return false;
  }
  return (
    scalar >= 0 &&
    scalar <= SCALAR_MILLI_MAX &&
    Number.isInteger(scalar) &&
    resource.ranges === undefined &&
    resource.set === undefined &&
    (name === "cpus" || name === "mem" || name === "disk")
  );
}

function listProblem(where: string, resources: readonly Resource[]): string | undefined {
  const volumes = new Set<string>();
  const revocable = new Map<string, boolean>();
  for (const [at, resource] of resources.entries()) {
    const problem = validate(resource);
    if (problem !== undefined) return `${where}[${at}]: ${problem}`;
    const id = resource.disk?.persistence?.id;
    if (id !== undefined && resource.shared === undefined) {
      if (volumes.has(id)) return `${where}[${at}]: persistence id ${id} is there twice`;
      volumes.add(id);
    }
    const isRevocable = resource.revocable === true;
    if ((revocable.get(resource.name) ?? isRevocable) !== isRevocable) {
      return `${where}: ${resource.name} is both revocable and not`;
    }
    revocable.set(resource.name, isRevocable);
  }
  return undefined;
}

/** Limits above requests (M8). */
function limitsProblem({ limits, resources }: TaskInfo, agent: Agent): string | undefined {
  if (limits === undefined || Object.keys(limits).length === 0) return undefined;
  if (!agent.capabilities.includes("TASK_RESOURCE_LIMITS")) {
    return "limits: the agent lacks the capability TASK_RESOURCE_LIMITS";
  }
  for (const [name, limit] of Object.entries(limits)) {
    if (name !== "cpus" && name !== "mem") return `limits: ${name} can have no limit`;
    const asked = resources.find((resource) => resource.name === name)?.scalar;
    if (asked === undefined) return `limits: ${name} is not among the resources`;
    if (!(limit >= asked)) return `limits: ${name} is less than the ${asked / 1000} asked for`;
  }
  return undefined;
}

/** Exactly one of command and executor (M3), and a good executor (M5). */
function programProblem(task: TaskInfo, framework: Framework, agent: Agent): string | undefined {
  const { executor, command } = task;
  if ((executor === undefined) === (command === undefined)) return NEITHER_OR_BOTH;
  if (executor === undefined) return undefined;
  if (executor.type === "DEFAULT") {
    return "executor.type: LAUNCH takes CUSTOM executors; DEFAULT ones go with LAUNCH_GROUP";
  }
  const problem = executorProblem(executor, framework, agent);
  if (problem !== undefined) return problem;
  return executor.command === undefined ? CUSTOM_WITHOUT_COMMAND : undefined;
}

/** Says what is wrong with an executor (M5), or `undefined`. */
export function executorProblem(
  executor: ExecutorInfo,
  framework: Framework,
  agent: Agent,
): string | undefined {
  const { executorId, frameworkId, shutdownGracePeriodMs, type } = executor;
  const badId = idProblem(executorId);
  if (badId !== undefined) return `executor.executorId: ${badId}`;
  if (frameworkId !== undefined && frameworkId !== framework.id) {
    return `executor.frameworkId: it is ${frameworkId}, not ${framework.id}`;
  }
  if (shutdownGracePeriodMs !== undefined && !(shutdownGracePeriodMs >= 0)) {
    return "executor.shutdownGracePeriodMs: it must not be negative";
  }
  if (type === "DEFAULT" && executor.command !== undefined) {
    return "executor.command: an executor of type DEFAULT has none";
  }
  if (type === "DEFAULT" && (executor.container?.type ?? "MESOS") !== "MESOS") {
    return "executor.container: an executor of type DEFAULT is contained by MESOS";
  }
  const problem =
    commandProblem("executor.command", executor.command) ??
    containerProblem("executor.container", executor.container) ??
    resourcesProblem("executor.resources", executor.resources ?? []);
  if (problem !== undefined) return problem;
  const running = agent.executors.get(executorKey(framework.id, executorId));
  if (running === undefined || same(running.info, { ...executor, frameworkId: framework.id })) {
    return undefined;
  }
  return `Executor ${executorId} is already running on the agent with another ExecutorInfo`;
}

/** Says what keeps a task from being one of a group (M6), or `undefined`. */
function memberProblem(task: TaskInfo, executor: ExecutorInfo): string | undefined {
  const { command, container, executor: own } = task;
  if (container?.type === "DOCKER") return "container: DOCKER is not for task groups";
  if (own !== undefined && !same(own, executor)) {
    return "executor: it differs from that of the group";
  }
  if (executor.type === "CUSTOM" || command !== undefined) return undefined;
  return "command: the executor of type DEFAULT runs commands";
}

/** Says what is wrong with a task group as a whole (M6), or `undefined`. */
export function groupProblem(
  executor: ExecutorInfo,
  tasks: readonly TaskInfo[],
  framework: Framework,
  agent: Agent,
): string | undefined {
  if (tasks.length === 0) return "Task group is empty";
  if (executor.type === undefined) return "executor.type: it is needed in a task group";
  if (executor.frameworkId === undefined) {
    return "executor.frameworkId: it is needed in a task group";
  }
  const problem = executorProblem(executor, framework, agent);
  if (problem !== undefined) return problem;
  if (executor.type === "CUSTOM" && executor.command === undefined) return CUSTOM_WITHOUT_COMMAND;
  const least = { cpus: 10, mem: 32_000, disk: 1 } as const;
  for (const [name, amount] of Object.entries(least)) {
    const asked = (executor.resources ?? []).find((each) => each.name === name)?.scalar ?? 0;
    if (asked < amount) return `executor.resources: ${name} must be at least ${amount / 1000}`;
  }
  const ids = new Set<string>();
  for (const task of tasks) {
    if (ids.has(task.taskId)) return `Task has duplicate ID: ${task.taskId}`;
    ids.add(task.taskId);
    const bad = memberProblem(task, executor) ?? taskProblem(task, framework, agent, true);
    if (bad !== undefined) return `Task '${task.taskId}' is invalid: ${bad}`;
  }
  return undefined;
}
