import type { AgentId, FrameworkId, TaskId } from "../ids.ts";
import type { AgentView, FrameworkView, TaskView } from "../operator-api.ts";
import type { InverseOffer, Offer } from "../schema/offer.ts";
import type { TaskState } from "../task-state.ts";
import type { ExecutorPlace } from "./cluster-view.ts";

/**
 * A task that can be shown when somebody gets to it. What it says of the task is as of when it is
 * asked, not of when it was listed.
 */
export interface TaskSource {
  /** The same for the same task, as long as the master has it; for weak maps. */
  readonly key: object;
  readonly taskId: TaskId;
  readonly frameworkId: FrameworkId;
  readonly agentId: AgentId;
  readonly state: TaskState;
  readonly launchedMs: number;
  /** Its newest status, and how many it had: with them what is shown of it changes. */
  readonly newest: object | undefined;
  readonly statuses: number;
  show(): TaskView;
}

/** An agent that can be shown when somebody gets to it. */
export interface AgentSource {
  readonly id: AgentId;
  readonly state: AgentView["state"];
  show(): AgentView;
}

/**
 * What a master has, listed at once and worked out one by one: who shows much can do so in slices
 * and let others have their turn between them. What is shown late is shown as it is then.
 */
export interface ClusterSnapshot {
  /** All that `ClusterView.agents` has. */
  readonly agents: readonly AgentSource[];
  readonly frameworks: readonly (() => FrameworkView)[];
  readonly completedFrameworks: readonly (() => FrameworkView)[];
  /** Tasks that are alive or unreachable. */
  readonly tasks: readonly TaskSource[];
  readonly completedTasks: readonly TaskSource[];
  readonly executors: readonly ExecutorPlace[];
  readonly offers: readonly Offer[];
  readonly inverseOffers: readonly InverseOffer[];
}
