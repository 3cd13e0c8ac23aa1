import type { AgentOrderOf } from "../../../contract/agent-api.ts";
import type { ExecutorId, FrameworkId } from "../../../contract/ids.ts";
import { limits } from "../../../contract/limits.ts";
import { printResources } from "../../../contract/resources/text.ts";
import { add, isEmpty, type Resources, tryTake } from "../../../contract/resources.ts";
import type { Operation } from "../../../contract/schema/offer.ts";
import type { ExecutorInfo, TaskInfo } from "../../../contract/schema/task.ts";
import { encodedBytes, sizeProblem } from "../../../contract/size.ts";
import type { TaskReason } from "../../../contract/task-state.ts";
import { assert } from "../assert.ts";
import { normal } from "../pool.ts";
import { countShared } from "../sharing.ts";
import { executorKey } from "../state.ts";
import { masterStatus, sendStatus } from "../statuses.ts";
import { tallyEnd } from "../tallies.ts";
import { addTask } from "../tasks.ts";
import { allocationProblem, groupProblem, taskProblem } from "../validate-task.ts";
import type { Acceptance } from "./accept.ts";

type Launch = Extract<Operation, { type: "LAUNCH" }>;
type LaunchGroup = Extract<Operation, { type: "LAUNCH_GROUP" }>;

/** Launches tasks, each for itself: one that is wrong does not keep the others (D4). */
export function launch(acceptance: Acceptance, operation: Launch): void {
  const { framework, agent, client } = acceptance;
  let launched: TaskInfo[] = [];
  let launchedBytes = 0;
  for (const given of operation.tasks) {
    const bytes = encodedBytes(given);
    const task = withoutRoles(given);
    const problem =
      operation.id === undefined
        ? (sizeProblem("Task", bytes, limits.taskBytesMax) ??
          taskProblem(task, framework, agent, false) ??
          allocationProblem("Task", given.allocatedTo, client.role.name))
        : "The `id` field cannot be set on LAUNCH operations";
    if (problem !== undefined) {
      sayInvalid(acceptance, task, "REASON_TASK_INVALID", problem);
      continue;
    }
    const wanted = normal(task.resources);
    const executor = newExecutor(acceptance, task.executor);
    const left = tryTake(acceptance.left, executor ? add(wanted, executor.cost) : wanted);
    if (left === undefined || isEmpty(wanted)) {
      const what = executor === undefined ? "" : " with its executor";
      const message =
        left === undefined
          ? tooMuch(`Task${what}`, executor ? add(wanted, executor.cost) : wanted, acceptance.left)
          : "Task uses no resources";
      sayInvalid(acceptance, task, "REASON_TASK_INVALID", message);
      continue;
    }
    acceptance.left = left;
    if (executor !== undefined) addExecutor(acceptance, executor);
    book(acceptance, task, task.executor?.executorId, wanted);
    if (launchedBytes + bytes > limits.launchBytesMax) {
      order(acceptance, launched, undefined);
      launched = [];
      launchedBytes = 0;
    }
    launched.push(withFrameworkId(task, framework.id));
    launchedBytes += bytes;
  }
  if (launched.length > 0) order(acceptance, launched, undefined);
}

/** What was said of roles has been looked at, and nobody else asks for it. */
function withoutRoles(task: TaskInfo): TaskInfo {
  if (task.allocatedTo === undefined) return task;
  const { allocatedTo: _, ...rest } = task;
  return rest;
}

/** The master fills in whose a custom executor is (M5). */
function withFrameworkId(task: TaskInfo, frameworkId: FrameworkId): TaskInfo {
  const { executor } = task;
  return executor === undefined ? task : { ...task, executor: { ...executor, frameworkId } };
}

/** Launches a task group: all of it or nothing (D4, M6). */
export function launchGroup(acceptance: Acceptance, operation: LaunchGroup): void {
  const { framework, agent, client } = acceptance;
  const { executor: info, tasks } = operation;
  let problem =
    operation.id === undefined
      ? (groupSizeProblem(info, tasks) ??
        groupProblem(info, tasks, framework, agent) ??
        groupAllocationProblem(operation, client.role.name))
      : "The `id` field cannot be set on LAUNCH_GROUP operations";
  let left: Resources | undefined = acceptance.left;
  const executor = newExecutor(acceptance, info);
  if (problem === undefined) {
    for (const task of tasks) left &&= tryTake(left, normal(task.resources));
    if (executor !== undefined) left &&= tryTake(left, executor.cost);
    if (left === undefined) {
      const costs = tasks.map((task) => normal(task.resources));
      problem = tooMuch("Task group", costs.reduce(add, executor?.cost ?? []), acceptance.left);
    }
  }
  if (problem !== undefined || left === undefined) {
    for (const task of tasks) {
      sayInvalid(acceptance, task, "REASON_TASK_GROUP_INVALID", problem ?? "");
    }
    return;
  }
  acceptance.left = left;
  if (executor !== undefined) addExecutor(acceptance, executor);
  const bare = tasks.map((task) => withoutRoles(withoutExecutor(task)));
  for (const task of bare) book(acceptance, task, info.executorId, normal(task.resources));
  order(acceptance, bare, info);
}

function groupAllocationProblem(group: LaunchGroup, role: string): string | undefined {
  for (const { allocatedTo } of [group, ...group.tasks]) {
    const problem = allocationProblem("Task group", allocatedTo, role);
    if (problem !== undefined) return problem;
  }
  return undefined;
}

/** Mesos' words, then the figures: what is wanted and what is left of each kind that is short. */
function tooMuch(what: string, wanted: Resources, left: Resources): string {
  const names = [...new Set(wanted.map(({ name }) => name))];
  const short = names
    .map((name) => [wanted, left].map((all) => all.filter((one) => one.name === name)))
    .filter(([asked = [], there = []]) => tryTake(there, asked) === undefined)
    .map(([asked = [], there = []]) => {
      const rest = there.length === 0 ? "nothing" : printResources(there);
      return `${printResources(asked)} of ${rest}`;
    });
  return `${what} uses more resources than available in the offers: ${short.join(", ")}`;
}

/** The executor of a group travels once and is kept once, however many tasks repeat it (D4). */
function withoutExecutor(task: TaskInfo): TaskInfo {
  if (task.executor === undefined) return task;
  const { executor: _, ...rest } = task;
  return rest;
}

/** A group goes to its agent in one order, whole. */
function groupSizeProblem(executor: ExecutorInfo, tasks: readonly TaskInfo[]): string | undefined {
  let bytes = encodedBytes(executor);
  for (const task of tasks) {
    const taskBytes = encodedBytes(task);
    const large = sizeProblem(`Task '${task.taskId}'`, taskBytes, limits.taskBytesMax);
    if (large !== undefined) return large;
    bytes += taskBytes;
  }
  return sizeProblem("Task group with its executor", bytes, limits.launchBytesMax);
}

interface NewExecutor {
  readonly info: ExecutorInfo;
  readonly cost: Resources;
}

/** The executor that a task brings with it; one that runs already costs nothing more (M4). */
function newExecutor(
  { framework, agent }: Acceptance,
  info: ExecutorInfo | undefined,
): NewExecutor | undefined {
  if (info === undefined) return undefined;
  if (agent.executors.has(executorKey(framework.id, info.executorId))) return undefined;
  return { info: { ...info, frameworkId: framework.id }, cost: normal(info.resources ?? []) };
}

function addExecutor({ state, framework, agent, client }: Acceptance, executor: NewExecutor): void {
  const { info, cost } = executor;
  client.holders += 1;
  const key = executorKey(framework.id, info.executorId);
  assert(!agent.executors.has(key), `executor ${key} is added twice`);
  agent.executors.set(key, { framework, info, client, resources: cost });
  countShared(state, agent, client, cost, 1);
}

function book(
  acceptance: Acceptance,
  info: TaskInfo,
  executorId: ExecutorId | undefined,
  resources: Resources,
): void {
  const { state, framework, agent, client, nowMs, out } = acceptance;
  state.counts.tasksLaunched += 1;
  const parts = {
    id: info.taskId,
    framework,
    agent,
    client,
    executorId,
    resources,
    about: info,
    state: "TASK_STAGING",
    launchedMs: nowMs,
  } as const;
  addTask(state, parts, nowMs, out);
  countShared(state, agent, client, resources, 1);
}

/** One order for all tasks of an operation; the framework goes along if the agent needs it. */
function order(
  { framework, agent, client, out }: Acceptance,
  tasks: TaskInfo[],
  groupExecutor: ExecutorInfo | undefined,
): void {
  assert(agent.peer !== undefined, `agent ${agent.id} is not connected, but was offered`);
  const launchOrder: AgentOrderOf<"launch"> = {
    type: "launch",
    frameworkId: framework.id,
    role: client.role.name,
    tasks,
  };
  if (groupExecutor !== undefined) launchOrder.groupExecutor = groupExecutor;
  if (agent.known.get(framework) !== framework.infoVersion) {
    launchOrder.framework = framework.info;
    agent.known.set(framework, framework.infoVersion);
    framework.agents.add(agent);
  }
  out.push({ type: "send-agent", to: agent.peer, order: launchOrder });
}

function sayInvalid(
  { state, framework, agent, nowMs, out }: Acceptance,
  task: TaskInfo,
  reason: TaskReason,
  message: string,
): void {
  state.counts.taskErrors += 1;
  const details = { reason, message, agentId: agent.id };
  const status = masterStatus(task.taskId, "TASK_ERROR", nowMs, details);
  tallyEnd(state, framework, status);
  sendStatus(framework, status, out);
}
