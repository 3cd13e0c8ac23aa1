import type {
  AgentId,
  ExecutorId,
  FrameworkId,
  OfferId,
  RoleName,
  TaskId,
  UpdateId,
} from "../../contract/ids.ts";
import type { MachineId, MaintenanceWindow } from "../../contract/operator/maintenance-methods.ts";
import type { Resources } from "../../contract/resources.ts";
import type { AgentCapability, AgentInfo, Unavailability } from "../../contract/schema/agent.ts";
import type { KillPolicy } from "../../contract/schema/command.ts";
import type {
  FrameworkInfo,
  OfferConstraints,
  Quantities,
} from "../../contract/schema/framework.ts";
import type { Offer as WireOffer } from "../../contract/schema/offer.ts";
import type { ExecutorInfo, TaskInfo, TaskStatus } from "../../contract/schema/task.ts";
import type { TaskState } from "../../contract/task-state.ts";
import type { AgentTest } from "./constraints.ts";
import type { PeerNumber, Row } from "./event.ts";
import type { FrameworkOperation, OtherOperation } from "./framework-operations.ts";
import type { Tallies } from "./tallies.ts";

/** What is said about a task that nobody here decides on; a `TaskInfo` or `TaskRecord` is one. */
export type TaskAbout = Pick<
  TaskInfo,
  "name" | "labels" | "discovery" | "container" | "healthCheck" | "killPolicy" | "limits"
> & { readonly user?: string | undefined };

/** A task in the master's books (D1, D8). */
export interface Task {
  readonly id: TaskId;
  readonly framework: Framework;
  /** Where it runs. The agent may have gone: then this is only who it was. */
  readonly agentId: AgentId;
  readonly client: Client;
  /** Absent for command tasks, whose executor is the agent's own. */
  readonly executorId: ExecutorId | undefined;
  readonly resources: Resources;
  about: TaskAbout;
  /** Newest state known; never left once terminal (D9). */
  state: TaskState;
  /** State that the framework was told last, and the uuid while it has not acknowledged it. */
  updateState: TaskState | undefined;
  updateUuid: UpdateId | undefined;
  /** One status per state, oldest first (D18). */
  statuses: TaskStatus[];
  /** Whether its resources are still counted as used: until its newest state is terminal (D8). */
  holds: boolean;
  readonly launchedMs: number;
  unreachableMs: number | undefined;
}

/** An executor that was named by the framework, with its own resources (B43). */
export interface Executor {
  readonly framework: Framework;
  readonly info: ExecutorInfo;
  readonly client: Client;
  readonly resources: Resources;
}

/** Resources held for a framework until it answers (C3). */
export interface Offer {
  readonly id: OfferId;
  readonly framework: Framework;
  readonly client: Client;
  readonly agent: Agent;
  /** As it was sent. */
  readonly wire: WireOffer;
  readonly mintedMs: number;
  /** What the client might have been offered of the agent besides, had the policy not cut it. */
  withheld: Resources;
  /** Number of the cycle of allocation that made it. */
  readonly cycle: number;
}

/** A framework's presence in one role: what the policies hand resources to. */
export interface Client {
  readonly framework: Framework;
  readonly role: Role;
  /** Row in the tables, or -1 when they are full: then it gets no offers. */
  readonly row: Row;
  /** Whether the framework is in the role now; if not, the client only tracks what is left (B6). */
  subscribed: boolean;
  /** Offers, tasks and executors that hold something for it. */
  holders: number;
  /** Cycle and time in which it was last given an offer, and last used one; cycle 0 for never. */
  offeredCycle: number;
  offeredMs: number;
  usedCycle: number;
  usedMs: number;
  /** How often in a row it gave everything back at once, and in which cycle the last time. */
  unusedTimes: number;
  unusedCycle: number;
  /** The last cycle in which it stands behind the others; see `hoarding.ts`. */
  behindUntilCycle: number;
  /** What it wants to hold in all since its last REQUEST, in place of what its framework states. */
  requested: Quantities | undefined;
}

/** A question to a framework whether an agent may go away (C15). */
export interface InverseOffer {
  readonly id: OfferId;
  readonly framework: Framework;
  readonly agent: Agent;
  readonly mintedMs: number;
}

/** How a framework stands to the unavailability of an agent (C15). */
export interface InverseState {
  /** The question that waits for its answer. */
  asked: InverseOffer | undefined;
  /** It is not asked again before this. */
  askAgainMs: number;
  answer: "ACCEPT" | "DECLINE" | undefined;
  answeredMs: number;
}

/** Since when an agent is away, in ms since the epoch, and on which machine it was, if known. */
export interface Away {
  readonly sinceMs: number;
  readonly at?: Pick<AgentInfo, "hostname" | "ip" | "port">;
}

/** Planned absences of machines, and those that are down for them (I1, I2). */
export interface Maintenance {
  readonly windows: readonly MaintenanceWindow[];
  readonly down: readonly MachineId[];
}

/** A role of the tree, alive while anything refers to it (E18). */
export interface Role {
  readonly name: RoleName;
  readonly row: Row;
  readonly parent: Role | undefined;
  readonly clients: Set<Client>;
  /** Children, configured weight or quota, and agents with reservations for it. */
  references: number;
}

/** A framework that is registered, disconnected, or only known by its tasks (G6). */
export interface Framework {
  readonly id: FrameworkId;
  /** Dense number for the tables (E21). */
  readonly number: number;
  info: FrameworkInfo;
  /** Grows when `info` changes: agents are told again. */
  infoVersion: number;
  peer: PeerNumber | undefined;
  /** recovered: reported by agents, not yet back (G6). */
  state: "active" | "disconnected" | "recovered";
  partitionAware: boolean;
  readonly clients: Map<RoleName, Client>;
  suppressed: Set<RoleName>;
  /** What it asks of agents, as it said it, and as tests by role (C14). */
  constraints: OfferConstraints | undefined;
  admits: ReadonlyMap<RoleName, AgentTest>;
  readonly offers: Set<Offer>;
  /** Live tasks, and terminal ones whose last update is not acknowledged (D8). */
  readonly tasks: Map<TaskId, Task>;
  /** Tasks on unreachable agents, the oldest first (B24). */
  readonly unreachable: Map<TaskId, Task>;
  readonly completed: Task[];
  /** Operations with an id of the framework's, until it has acknowledged their outcome (C18). */
  readonly operations: Map<string, FrameworkOperation>;
  /** By their uuid: what agents keep of it besides, which holds up drains like the others (I5). */
  readonly otherOperations: Map<UpdateId, OtherOperation>;
  /** Agents that know the framework. */
  readonly agents: Set<Agent>;
  readonly registeredMs: number;
  reregisteredMs: number | undefined;
  /** When its tasks are given up, while it is away (B5). */
  failoverAtMs: number | undefined;
  /** The timer for that, which may be set for earlier: one serves however often it goes away. */
  failoverTimerMs: number | undefined;
  /** What it is still to be told all of, of what it asked for in this turn (D12, C18). */
  asked: { readonly tasks?: boolean; readonly operations?: boolean } | undefined;
  /** What it did and was told; only people look at it. */
  tallies: Tallies;
}

/** What is remembered of a framework that is gone. */
export interface CompletedFramework {
  readonly id: FrameworkId;
  readonly info: FrameworkInfo;
  readonly registeredMs: number;
  readonly reregisteredMs: number | undefined;
  readonly unregisteredMs: number;
  readonly tasks: readonly Task[];
}

/** A registered agent, connected or not. */
export interface Agent {
  readonly id: AgentId;
  readonly row: Row;
  info: AgentInfo;
  version: string;
  capabilities: readonly AgentCapability[];
  peer: PeerNumber | undefined;
  /** Removal has begun and waits for the registry; the agent is not listened to meanwhile. */
  leaving: boolean;
  /** Everything it has; `free` is what is neither offered nor used. */
  total: Resources;
  free: Resources;
  /** More is used than there is, since the agent came back smaller. */
  overcommitted: boolean;
  readonly offers: Set<Offer>;
  readonly tasks: Set<Task>;
  /**
   * By `strayKey`: what runs here though it is lost, or another goes by its id; see `strays.ts`.
   */
  readonly strays: Map<string, Task>;
  /** By `executorKey`. */
  readonly executors: Map<string, Executor>;
  /**
   * Frameworks of which it has something, and the version in which it knows each; 0, which no
   * framework has, for one that it was never told of, such as that of a task it had to answer for.
   */
  readonly known: Map<Framework, number>;
  /** Kills that wait for its return (D10). */
  readonly kills: Map<Task, KillPolicy | undefined>;
  /** Roles with reservations on it. */
  reservedRoles: readonly Role[];
  readonly registeredMs: number;
  reregisteredMs: number | undefined;
  /** Something was heard since the last ping, and how many went unanswered in a row (B22). */
  heard: boolean;
  missedPings: number;
  /** When it is asked next; timers of an agent that had its id before are not its own. */
  pingAtMs: number;
  /** When it is given up unless it returns, while it is disconnected (B23). */
  reregisterAtMs: number | undefined;
  /** When its machine is expected to be away (I1). */
  unavailability: Unavailability | undefined;
  /** What frameworks were asked and answered about that, until the schedule changes (C15). */
  readonly inverse: Map<Framework, InverseState>;
  /** Its turn to be removed, while removals are rationed (B27). */
  removalAtMs: number | undefined;
}

/** Guarantee and limit of a role in thousandths by resource name (E8, E9). */
export interface RoleQuota {
  readonly role: RoleName;
  readonly guarantee: Quantities | undefined;
  readonly limit: Quantities | undefined;
}

/**
 * Which part of a cycle a round is; see `hoarding.ts`. `front`: those who stand behind are hidden.
 * `second`: for agents that were taken off those on trial, who are hidden, too. `rest`: for
 * everybody, on what is left. `all`: the only one, for everybody.
 */
export type RoundPart = "all" | "front" | "second" | "rest";

/** One round of allocation that was run. */
export interface RoundNote {
  /** Number of the round, from 1; the same that the history of the policy tells. */
  readonly round: number;
  readonly atMs: number;
  readonly policy: string;
  readonly digest: string;
  /** Agents looked at, and offers made. */
  readonly looked: number;
  readonly offers: number;
  readonly part: RoundPart;
}

/** The rounds of allocation as the core sees them. */
export interface Rounds {
  /** Number of the last round. */
  number: number;
  /** Number of the last cycle: one round, or several where some stand behind the others. */
  cycle: number;
  /** The last rounds, the oldest first. */
  readonly recent: RoundNote[];
  /** The part that is being run, or was run last. */
  part: RoundPart;
  /** The part that has to follow, and the agents that it is for. */
  next: { readonly part: RoundPart; readonly agents: readonly Row[] } | undefined;
  /** Clients that keep giving everything back. */
  readonly idle: Set<Row>;
  /** While a round runs: clients that the policy does not see, its agents, and those that wait. */
  hidden: readonly Row[];
  candidates: readonly Row[];
  aside: readonly Row[];
}
