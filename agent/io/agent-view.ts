import { type AgentConfig, AgentConfigSchema } from "../../contract/config/agent.ts";
import type { ContainerShown, OwnAgentView } from "../../contract/ports/agent-view.ts";
import type { Clock } from "../../contract/ports/clock.ts";
import type { ShownFiles } from "../../contract/ports/files.ts";
import type { Usage } from "../../contract/ports/isolator.ts";
import type { Verbosity } from "../../contract/ports/log.ts";
import type { NestedContainers } from "../../contract/ports/nested-containers.ts";
import { flagsOf } from "../../kernel/host/config-flags.ts";
import { systemMetrics } from "../../kernel/host/system-metrics.ts";
import { type ExecutorKey, executorKey } from "../core/ids.ts";
import type { AgentState, Container, GroupExecutor } from "../core/state.ts";
import { recordOf } from "../core/steps/registration.ts";
import { agentMetrics } from "./metrics.ts";
import type { Sandboxes } from "./sandbox.ts";
import type { EndedRun } from "./sandbox-gc.ts";
import type { ExecutorTokens } from "./tokens.ts";

/** What the view is a view of, as soon as there is something to see. */
export interface AgentViewSource {
  readonly state: AgentState;
  readonly tokens: ExecutorTokens;
  readonly sandboxes: Sandboxes;
  readonly files: ShownFiles;
  readonly nested: NestedContainers;
  ended(): readonly EndedRun[];
  readonly images: { prune(kept: readonly string[]): Promise<void> };
  readonly agent: {
    readonly containerizer: { usage(id: string): Promise<Usage | undefined> };
    figures(): Record<string, number>;
  };
}

/** What is known of an agent before that. */
export interface AgentGround {
  readonly master: string;
  readonly flags: Readonly<Record<string, string>>;
  readonly verbosity: Verbosity;
  readonly startedMs: number;
  nowMs(): number;
}

/** What is known of an agent from its config alone. */
export function groundOf(config: AgentConfig, verbosity: Verbosity, clock: Clock): AgentGround {
  return {
    master: [config.master].flat().join(","),
    flags: flagsOf(AgentConfigSchema, config),
    verbosity,
    startedMs: clock.nowMs(),
    nowMs: () => clock.nowMs(),
  };
}

/** Shows an agent's state to transports; there is nothing to see before it has recovered. */
export function viewOf(
  source: () => AgentViewSource | undefined,
  ground: AgentGround,
): OwnAgentView {
  /** Nobody asks before `isReady`. */
  const ready = (): AgentViewSource => {
    const from = source();
    if (from === undefined) throw new Error("nothing is shown yet");
    return from;
  };
  const look = <T>(shown: (from: AgentViewSource) => Iterable<T>): Iterable<T> => {
    const from = source();
    return from === undefined ? [] : shown(from);
  };
  return {
    isReady: () => source() !== undefined,
    hasFramework: (id) => source()?.state.frameworks.has(id) ?? false,
    executor(frameworkId, executorId) {
      const from = source();
      const executor = from?.state.executors.get(executorKey(frameworkId, executorId));
      if (from === undefined || executor === undefined) return undefined;
      const { containerId } = executor;
      return { containerId, token: from.tokens.issue(containerId) };
    },
    info: () => source()?.state.info,
    capabilities: () => source()?.state.setup.capabilities ?? [],
    drain() {
      const state = source()?.state;
      const isEmpty = state === undefined || state.tasks.size + state.containers.size === 0;
      return isEmpty ? undefined : state.drain;
    },
    master: () => ground.master,
    frameworks: () => look(({ state }) => Array.from(state.frameworks.values(), (one) => one.info)),
    tasks: () => look(({ state }) => Array.from(state.tasks.values(), (t) => recordOf(state, t))),
    operations: () => look(({ state }) => state.operations.values()),
    containers: () => look(containersOf),
    endedContainers: () =>
      look(({ ended, sandboxes }) =>
        ended().map((run) => ({
          containerId: run.id,
          frameworkId: run.frameworkId,
          executorId: run.executorId,
          directory: sandboxes.pathOf(run),
        })),
      ),
    usage: async (id) => source()?.agent.containerizer.usage(id),
    get files() {
      return ready().files;
    },
    get nested() {
      return ready().nested;
    },
    pruneImages: (kept) => ready().images.prune(kept),
    verbosity: ground.verbosity,
    metrics: () => ({ ...systemMetrics(), ...agentMetrics(source(), ground) }),
    flags: () => ground.flags,
    startedMs: () => ground.startedMs,
  };
}

/** Containers, and executors of groups instead of those of their tasks. */
function containersOf(from: AgentViewSource): ContainerShown[] {
  const { containers, groupExecutors } = from.state;
  const members = new Map<ExecutorKey, Container[]>();
  const shown: ContainerShown[] = [];
  for (const container of containers.values()) {
    const { frameworkId, executorId } = container.plan;
    const key = executorKey(frameworkId, executorId);
    if (groupExecutors.has(key)) members.set(key, [...(members.get(key) ?? []), container]);
    else shown.push(shownOf(from, container));
  }
  for (const [key, group] of members) {
    const executor = groupExecutors.get(key);
    if (executor !== undefined) shown.push(groupOf(from, executor, group));
  }
  return shown;
}

function shownOf({ state, sandboxes }: AgentViewSource, container: Container): ContainerShown {
  const { plan, process } = container;
  const { id, frameworkId, executorId, role, resources } = plan;
  const key = executorKey(frameworkId, executorId);
  const executor = state.executors.get(key);
  const tasks = [...state.tasks.values()].filter(({ containerId }) => containerId === id);
  return {
    containerId: id,
    frameworkId,
    executorId,
    ...(executor === undefined ? {} : { executor: executor.info }),
    role,
    resources,
    ...(process === undefined ? {} : { pid: process.pid }),
    directory: sandboxes.pathOf(plan),
    tasks: tasks.map(({ info }) => info.taskId),
    parts: [id],
  };
}

/**
 * The built-in executor of groups: it holds its own resources and those of its tasks (F23, F24).
 */
function groupOf(
  { state, sandboxes }: AgentViewSource,
  { frameworkId, info, role, runId }: GroupExecutor,
  members: readonly Container[],
): ContainerShown {
  const { executorId } = info;
  const [{ plan }] = members as [Container];
  const tasks = [...state.tasks.values()].filter(
    (task) => task.frameworkId === frameworkId && task.group?.executorId === executorId,
  );
  const held = [info, ...members.map((one) => one.plan)];
  return {
    containerId: runId,
    frameworkId,
    executorId,
    executor: info,
    role,
    resources: held.flatMap(({ resources }) => resources ?? []),
    directory: sandboxes.pathOf({ ...plan, id: runId }),
    tasks: tasks.map((task) => task.info.taskId),
    parts: members.map((one) => one.plan.id),
  };
}
