import type { AgentId, FrameworkId, TaskId } from "../../../contract/ids.ts";
import type { TaskView } from "../../../contract/operator-api.ts";
import type { ClusterSnapshot, TaskSource } from "../../../contract/ports/cluster-snapshot.ts";
import type { TaskStatus } from "../../../contract/schema/task.ts";
import type { TaskState } from "../../../contract/task-state.ts";
import { openInverseOffers } from "../inverse-offers.ts";
import type { ClusterState, Task } from "../state.ts";
import { agentMakers } from "./agents.ts";
import { executorsOf } from "./executors.ts";
import { completedMakers, liveMakers } from "./frameworks.ts";
import { endedOf, liveOf, taskView } from "./tasks.ts";

/**
 * A task of the books, looked at when somebody gets to it. There is one for each task whenever the
 * cluster is shown, and they live until all of it is: what they hold is what a collection of young
 * objects has to move.
 */
class TaskInBooks implements TaskSource {
  readonly #state: ClusterState;
  readonly #task: Task;

  constructor(state: ClusterState, task: Task) {
    this.#state = state;
    this.#task = task;
  }

  get key(): object {
    return this.#task;
  }

  get taskId(): TaskId {
    return this.#task.id;
  }

  get frameworkId(): FrameworkId {
    return this.#task.framework.id;
  }

  get agentId(): AgentId {
    return this.#task.agentId;
  }

  get state(): TaskState {
    return this.#task.state;
  }

  get launchedMs(): number {
    return this.#task.launchedMs;
  }

  get newest(): TaskStatus | undefined {
    return this.#task.statuses.at(-1);
  }

  get statuses(): number {
    return this.#task.statuses.length;
  }

  show(): TaskView {
    return taskView(this.#state, this.#task);
  }
}

/** Lists what there is; each of it is worked out when it is asked for. */
export function snapshotOf(state: ClusterState): ClusterSnapshot {
  return {
    agents: agentMakers(state).map(([id, standing, show]) => ({ id, state: standing, show })),
    frameworks: liveMakers(state),
    completedFrameworks: completedMakers(state),
    tasks: Array.from(liveOf(state), (task) => new TaskInBooks(state, task)),
    completedTasks: Array.from(endedOf(state), (task) => new TaskInBooks(state, task)),
    executors: [...executorsOf(state)],
    offers: Array.from(state.offers.values(), ({ wire }) => wire),
    inverseOffers: openInverseOffers(state),
  };
}
