import type { ExecutorRecord } from "../agent-api.ts";
import type { FrameworkCallOf, Problem } from "../framework-api.ts";
import type { AgentId, FrameworkId, RoleName, TaskId } from "../ids.ts";
import type {
  AgentView,
  ClusterEvent,
  FrameworkView,
  OperatorMethod,
  OperatorParams,
  OperatorResult,
  RoleView,
  TaskView,
} from "../operator-api.ts";
import type { MasterInfo } from "../schema/agent.ts";
import type { InverseOffer, Offer } from "../schema/offer.ts";
import type { ClusterSnapshot } from "./cluster-snapshot.ts";
import type { ShownFiles } from "./files.ts";
import type { Verbosity } from "./log.ts";
import { type Port, port } from "./plugin.ts";

/** The port under which a master shows its state to transports that must look before they ask. */
export const CLUSTER_VIEW: Port<ClusterView> = port<ClusterView>("cluster-view");

/**
 * Whether this master may be asked: `standby` is not the leader, `recovering` is elected and has
 * not read the registry yet, `leading` is both.
 */
export type Standing = "standby" | "recovering" | "leading";

/** What a transport must know of a framework before it hands on a call. */
export interface FrameworkStanding {
  readonly connected: boolean;
  readonly principal?: string | undefined;
}

/** An executor and where it runs. */
export interface ExecutorPlace extends ExecutorRecord {
  readonly agentId: AgentId;
}

/** What a framework has been asked and has not answered yet. */
export interface OpenOffers {
  readonly offers: readonly Offer[];
  readonly inverseOffers: readonly InverseOffer[];
}

/** A weight that an operator has set (E7). */
export interface RoleWeight {
  readonly role: RoleName;
  readonly weight: number;
}

/** When this master started and when it was elected, in milliseconds since 1970. */
export interface MasterTimes {
  readonly startedMs: number;
  readonly electedMs?: number | undefined;
}

/**
 * A master's state, to read only. Everything answers at once from the state between two turns of
 * the loop; iterables are walked before the caller gives up control, and never kept.
 */
export interface ClusterView {
  standing(): Standing;
  /** The leader as far as it is known; on the leader, itself. */
  leader(): MasterInfo | undefined;
  times(): MasterTimes;
  /**
   * Grows whenever anything that the views show has changed, so that answers can be kept until
   * then.
   */
  revision(): number;
  /** A framework that is connected, or may come back; completed ones are unknown. */
  framework(id: FrameworkId): FrameworkStanding | undefined;
  /**
   * What this change of a framework would be refused with, which is what it will be when it is
   * handed on in the same turn: so it is answered before it has been carried out.
   */
  updateRefusal(id: FrameworkId, call: FrameworkCallOf<"update-framework">): Problem | undefined;
  /** All of it for views that are too large to be worked out at once. */
  snapshot(): ClusterSnapshot;
  agents(): Iterable<AgentView>;
  /** An agent that is registered. */
  agent(id: AgentId): AgentView | undefined;
  /** Completed ones too; `state` tells. */
  frameworks(): Iterable<FrameworkView>;
  /** One of them, completed or not. */
  shownFramework(id: FrameworkId): FrameworkView | undefined;
  /** Tasks that are alive or unreachable. */
  tasks(): Iterable<TaskView>;
  completedTasks(): Iterable<TaskView>;
  /** A task that is alive or unreachable. */
  task(frameworkId: FrameworkId, taskId: TaskId): TaskView | undefined;
  executors(): Iterable<ExecutorPlace>;
  offers(): Iterable<Offer>;
  /** Those of one framework. */
  offersTo(id: FrameworkId): OpenOffers;
  roles(): Iterable<RoleView>;
  /** Those that have been set; every other role has 1. */
  weights(): Iterable<RoleWeight>;
  /** Numbers by Mesos' metric name, such as `master/tasks_running`. */
  metrics(): Readonly<Record<string, number>>;
  /** The configuration as text by option, without secrets. */
  flags(): Readonly<Record<string, string>>;
  /** This master's log, where it is in a file. */
  readonly files: ShownFiles;
  readonly verbosity: Verbosity;
  /**
   * Does what an operator asks.
   * @throws TepuiError with the problem, when it is refused.
   */
  request<Name extends OperatorMethod>(
    method: Name,
    params: OperatorParams<Name>,
  ): Promise<OperatorResult<Name>>;
  /** Calls `listener` with what happens from now on; answers how to stop that. */
  watch(listener: (event: ClusterEvent) => void): () => void;
}
