import type { FrameworkId } from "../../../contract/ids.ts";
import type { ContainerInfo } from "../../../contract/schema/container.ts";
import { dropEntry, keepAgent } from "../checkpoint.ts";
import type { Effect } from "../effect.ts";
import { type ExecutorKey, nextContainerId } from "../ids.ts";
import type { AgentState, ContainerPlan, GroupExecutor } from "../state.ts";
import { dropPending } from "../streams.ts";

/** An executor of groups with no task yet. */
export function newGroupExecutor(
  state: AgentState,
  key: ExecutorKey,
  parts: Pick<GroupExecutor, "frameworkId" | "role" | "info">,
): GroupExecutor {
  return { key, ...parts, runId: nextContainerId(state), tasks: new Set() };
}

/** Who a container is to run as: its own user, else the framework's (F9). */
export function userOf(state: AgentState, frameworkId: FrameworkId, own: string | undefined) {
  const user = own ?? state.frameworks.get(frameworkId)?.info.user;
  return user === undefined || user === "" ? {} : { user };
}

/** What a container has of the executor of its group: the network, and folders of its sandbox. */
export function sharedIn(
  state: AgentState,
  container: ContainerInfo | undefined,
  executor: GroupExecutor | undefined,
): Pick<ContainerPlan, "container" | "parent"> {
  if (executor === undefined) return container === undefined ? {} : { container };
  const { info, runId: id, frameworkId } = executor;
  const { networkInfos = [] } = info.container ?? {};
  const own = networkInfos.length === 0 ? container : { type: "MESOS" as const, ...container };
  const usesParent = own?.volumes?.some(({ source }) => source?.sandboxPath?.type === "PARENT");
  return {
    ...(own === undefined
      ? {}
      : { container: networkInfos.length === 0 ? own : { ...own, networkInfos } }),
    ...(usesParent === true
      ? { parent: { id, ...userOf(state, frameworkId, info.command?.user) } }
      : {}),
  };
}

/** Once everything has ended, an agent that is leaving ends as well. */
export function checkLeft(state: AgentState, out: Effect[]): void {
  if (state.leaving === undefined || state.containers.size > 0) return;
  // It has left: the next agent in this folder is another one, and owes nobody an update.
  for (const task of state.tasks.values()) {
    dropPending(state, task, out);
    dropEntry(`task/${task.key}`, out);
  }
  for (const id of state.frameworks.keys()) dropEntry(`framework/${id}`, out);
  for (const uuid of state.operations.keys()) dropEntry(`operation/${uuid}`, out);
  keepAgent(state, out);
  out.push({ type: "shutdown-process", ...state.leaving });
}
