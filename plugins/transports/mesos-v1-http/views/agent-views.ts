import { hostPort } from "../../../../contract/address.ts";
import type { FrameworkId } from "../../../../contract/ids.ts";
import type {
  ContainerShown,
  EndedContainer,
  OwnAgentView,
} from "../../../../contract/ports/agent-view.ts";
import { printAttributeValue } from "../../../../contract/resources/attributes.ts";
import type { FrameworkInfo } from "../../../../contract/schema/framework.ts";
import type { TaskRecord } from "../../../../contract/schema/task.ts";
import { isTerminal } from "../../../../contract/task-state.ts";
import { type AgentSource, statisticsTo } from "../agent/agent-queries.ts";
import { containersOf } from "../agent/measured.ts";
import { Refusal } from "../http/answers.ts";
import { AGENT_PATH } from "../map/offers.ts";
import { buildFacts } from "./build-facts.ts";
import { groupBy } from "./framework-view.ts";
import { reservedObject, resourceObject, unreservedObject } from "./resource-object.ts";
import { taskPart } from "./task-view.ts";

/** Builds the JSON of a view of an agent; `query` is that of the request. */
export type AgentStateView = (
  source: AgentSource,
  query: URLSearchParams,
) => object | Promise<object>;

/** The v0 views of an agent, by path (§9). */
export const agentViews: Readonly<Record<string, AgentStateView>> = {
  "/state": state,
  "/flags": ({ view }) => ({ flags: view.flags() }),
  "/metrics/snapshot": ({ view }) => view.metrics(),
  "/containers": async ({ view }, query) =>
    (await containersOf(view, selected(query))).map(({ shown, usage }) => ({
      ...heading(shown),
      container_id: shown.containerId,
      status: { container_id: { value: shown.containerId }, executor_pid: shown.pid },
      statistics: usage && statisticsTo(usage, shown.resources),
    })),
  "/monitor/statistics": async ({ view }) =>
    (await containersOf(view)).map(({ shown, usage }) => ({
      ...heading(shown),
      statistics: usage === undefined ? {} : statisticsTo(usage, shown.resources),
    })),
};

/**
 * Which containers a query asks for.
 * @throws Refusal 400 for names that do not go together
 */
function selected(query: URLSearchParams): (shown: ContainerShown) => boolean {
  const [container, framework, executor] = ["container_id", "framework_id", "executor_id"].map(
    (name) => query.get(name),
  );
  const isAlone = framework === null && executor === null;
  const isWrong = container === null ? framework === null && executor !== null : !isAlone;
  if (isWrong) {
    const supported = "container_id only, framework_id only, or executor_id and framework_id only";
    throw new Refusal(400, `Supported query parameters are ${supported}`);
  }
  return ({ containerId, frameworkId, executorId, parts }) =>
    (container === null || [containerId, ...parts].some((id) => id === container)) &&
    (framework === null || frameworkId === framework) &&
    (executor === null || executorId === executor);
}

function heading({ frameworkId, executorId, executor }: ContainerShown): object {
  return {
    framework_id: frameworkId,
    executor_id: executorId,
    executor_name: executor?.name ?? "",
    source: executor?.source ?? executorId,
  };
}

function state({ view, config }: AgentSource): object {
  const info = view.info();
  const resources = info?.resources ?? [];
  return {
    version: config.version,
    ...buildFacts(),
    start_time: view.startedMs() / 1_000,
    id: info?.id ?? "",
    pid: info && `${AGENT_PATH.slice(1)}@${hostPort(info.ip, info.port)}`,
    hostname: info?.hostname,
    port: info?.port,
    capabilities: view.capabilities(),
    resources: resourceObject(resources),
    reserved_resources: reservedObject(resources),
    unreserved_resources: unreservedObject(resources),
    reserved_resources_allocated: {},
    attributes: Object.fromEntries(
      (info?.attributes ?? []).map((attribute) => [
        attribute.name,
        attribute.scalar === undefined ? printAttributeValue(attribute) : attribute.scalar / 1_000,
      ]),
    ),
    master_hostname: view.master(),
    flags: view.flags(),
    ...frameworks(view),
  };
}

/**
 * Frameworks that have something here, and those that had. Of what has ended and was acknowledged
 * an agent knows the names and where the sandbox is, which is what people look for.
 */
function frameworks(view: OwnAgentView): object {
  const containers = groupBy(view.containers(), ({ frameworkId }) => frameworkId);
  const ended = groupBy(view.endedContainers(), ({ frameworkId }) => frameworkId);
  const tasks = groupBy(view.tasks(), ({ frameworkId }) => frameworkId);
  const part = (framework: FrameworkInfo) => {
    const id = framework.id as FrameworkId;
    const past = ended.get(id) ?? [];
    return frameworkPart(framework, containers.get(id) ?? [], past, tasks.get(id) ?? []);
  };
  const here = [...view.frameworks()];
  const isHere = new Set<string | undefined>(here.map(({ id }) => id));
  const past = ([...ended.keys()] as FrameworkId[]).filter((id) => !isHere.has(id));
  return {
    frameworks: here.map(part),
    completed_frameworks: past.map((id) => part({ id, name: "", user: "", roles: [] })),
  };
}

function frameworkPart(
  { id, name, user, roles, checkpoint, failoverTimeoutMs, principal, hostname }: FrameworkInfo,
  containers: readonly ContainerShown[],
  ended: readonly EndedContainer[],
  tasks: readonly TaskRecord[],
): object {
  return {
    id,
    name,
    user,
    roles,
    role: roles[0] ?? "*",
    checkpoint: checkpoint ?? false,
    failover_timeout: (failoverTimeoutMs ?? 0) / 1_000,
    hostname: hostname ?? "",
    principal,
    executors: containers.map((one) => executorPart(one, tasks)),
    completed_executors: ended.map(({ executorId, containerId, directory }) => ({
      id: executorId,
      name: "",
      source: executorId,
      container: containerId,
      directory,
      resources: resourceObject([]),
      tasks: [],
      queued_tasks: [],
      completed_tasks: [],
    })),
  };
}

function executorPart(shown: ContainerShown, all: readonly TaskRecord[]): object {
  const { executor, executorId, containerId, directory, resources, role } = shown;
  const tasks = all.filter(({ taskId }) => shown.tasks.includes(taskId));
  const isQueued = ({ state: now }: TaskRecord) => now === "TASK_STAGING";
  const hasEnded = ({ state: now }: TaskRecord) => isTerminal(now);
  const parts = (some: readonly TaskRecord[]) => some.map((task) => taskPart({ task }));
  return {
    id: executorId,
    name: executor?.name ?? "",
    source: executor?.source ?? executorId,
    type: executor?.type,
    container: containerId,
    directory,
    role,
    resources: resourceObject(resources),
    tasks: parts(tasks.filter((one) => !isQueued(one) && !hasEnded(one))),
    queued_tasks: parts(tasks.filter(isQueued)),
    completed_tasks: parts(tasks.filter(hasEnded)),
  };
}
