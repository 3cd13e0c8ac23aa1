import type { ContainerId, FrameworkId } from "../../contract/ids.ts";
import type { FrameworkInfo } from "../../contract/schema/framework.ts";
import type { CheckpointEntry } from "./checkpoint.ts";
import type {
  AgentState,
  Container,
  ContainerPlan,
  Executor,
  GroupExecutor,
  Task,
} from "./state.ts";

// What a framework runs belongs to one process of the agent, unless the framework checkpoints: when
// that process ends, the master declares it lost (B23), and the framework starts it elsewhere. So
// it must not run on (D9, F2).

/** Whether what a framework runs outlives the agent's process. */
export function outlives(state: AgentState, plan: ContainerPlan): boolean {
  return state.frameworks.get(plan.frameworkId)?.info.checkpoint ?? plan.checkpoint;
}

/** Containers that end with the agent's process. */
export function boundContainers(state: AgentState): ContainerId[] {
  const all = [...state.containers.values()];
  return all.filter(({ plan }) => !outlives(state, plan)).map(({ plan }) => plan.id);
}

/**
 * What an agent that starts anew does not take up of the checkpoint of the one before: all that is
 * of frameworks that do not checkpoint.
 */
export function forsakenIn(entries: readonly CheckpointEntry[]): CheckpointEntry[] {
  const lasting = new Map<FrameworkId, boolean>();
  for (const { key, value } of entries) {
    if (kindOf(key) !== "framework") continue;
    const { id, checkpoint } = value as FrameworkInfo;
    if (id !== undefined) lasting.set(id, checkpoint === true);
  }
  // One that was shut down is forgotten while the last of it still ends.
  for (const { key, value } of entries) {
    if (kindOf(key) !== "container") continue;
    const { frameworkId, checkpoint } = (value as Container).plan;
    if (!lasting.has(frameworkId)) lasting.set(frameworkId, checkpoint);
  }
  return entries.filter((entry) => {
    const owner = ownerOf(entry);
    return owner !== undefined && lasting.get(owner) === false;
  });
}

/** The containers among entries of a checkpoint. */
export function containersIn(entries: readonly CheckpointEntry[]): Container[] {
  const found = entries.filter(({ key }) => kindOf(key) === "container");
  return found.map(({ value }) => value as Container);
}

function kindOf(key: string): string | undefined {
  return key.split("/", 1)[0];
}

/** Operations are the agent's own: what they made of its resources stays in any case (E12). */
function ownerOf({ key, value }: CheckpointEntry): FrameworkId | undefined {
  switch (kindOf(key)) {
    case "framework":
      return (value as FrameworkInfo).id;
    case "container":
      return (value as Container).plan.frameworkId;
    case "task":
    case "update":
    case "executor":
    case "exit":
    case "group-executor":
      return (value as Task | Executor | GroupExecutor).frameworkId;
    default:
      return undefined;
  }
}
