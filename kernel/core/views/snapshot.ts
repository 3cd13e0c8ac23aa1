import type { ClusterSnapshot, TaskSource } from "../../../contract/ports/cluster-snapshot.ts";
import { openInverseOffers } from "../inverse-offers.ts";
import type { ClusterState, Task } from "../state.ts";
import { agentMakers } from "./agents.ts";
import { executorsOf } from "./executors.ts";
import { completedMakers, liveMakers } from "./frameworks.ts";
import { endedOf, liveOf, taskView } from "./tasks.ts";

function sourceOf(state: ClusterState, task: Task): TaskSource {
  return {
    key: task,
    taskId: task.id,
    frameworkId: task.framework.id,
    agentId: task.agentId,
    state: task.state,
    launchedMs: task.launchedMs,
    newest: task.statuses.at(-1),
    statuses: task.statuses.length,
    show: () => taskView(state, task),
  };
}

/** Lists what there is; each of it is worked out when it is asked for. */
export function snapshotOf(state: ClusterState): ClusterSnapshot {
  return {
    agents: agentMakers(state).map(([id, standing, show]) => ({ id, state: standing, show })),
    frameworks: liveMakers(state),
    completedFrameworks: completedMakers(state),
    tasks: Array.from(liveOf(state), (task) => sourceOf(state, task)),
    completedTasks: Array.from(endedOf(state), (task) => sourceOf(state, task)),
    executors: [...executorsOf(state)],
    offers: Array.from(state.offers.values(), ({ wire }) => wire),
    inverseOffers: openInverseOffers(state),
  };
}
