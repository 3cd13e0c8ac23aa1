import type {
  AgentId,
  ExecutorId,
  FrameworkId,
  OfferId,
  RoleName,
  TaskId,
} from "../../contract/ids.ts";
import type { AgentInfo, DrainInfo } from "../../contract/schema/agent.ts";
import type { Quantities } from "../../contract/schema/framework.ts";
import type { PeerNumber } from "./event.ts";
import { FilterStore } from "./filters.ts";
import type {
  Agent,
  Away,
  Client,
  CompletedFramework,
  Framework,
  InverseOffer,
  Maintenance,
  Offer,
  Role,
  RoleQuota,
  Rounds,
} from "./model.ts";
import type { ClusterOptions } from "./options.ts";
import type { PendingWrite } from "./pending-write.ts";
import { RowPool } from "./tables/rows.ts";
import { AllocationTables } from "./tables.ts";
import type { Tallies } from "./tallies.ts";
import { Timers } from "./timers.ts";

export type { FrameworkOperation } from "./framework-operations.ts";
export type {
  Agent,
  Away,
  Client,
  CompletedFramework,
  Executor,
  Framework,
  InverseOffer,
  Maintenance,
  Offer,
  Role,
  RoleQuota,
  Rounds,
  Task,
  TaskAbout,
} from "./model.ts";
export type { PendingWrite } from "./pending-write.ts";

/** The registry as this master knows it (G5). */
export interface RegistryMirror {
  readonly admitted: Map<AgentId, AgentInfo>;
  /** The oldest first. */
  readonly unreachable: Map<AgentId, Away>;
  readonly gone: Map<AgentId, Away>;
  readonly weights: Map<RoleName, number>;
  readonly quotas: Map<RoleName, RoleQuota>;
  /** Agents that an operator took out of the offers (I6). */
  readonly deactivated: Set<AgentId>;
  readonly drains: Map<AgentId, DrainInfo>;
  /** Replaced as a whole (I1). */
  maintenance: Maintenance;
}

/** The cluster: everything that the master knows. Only `step` changes it. */
export interface ClusterState {
  readonly options: ClusterOptions;
  readonly startedMs: number;
  /** The registry was read; nothing is answered before (G7). */
  recovered: boolean;
  readonly frameworks: Map<FrameworkId, Framework>;
  readonly frameworkPeers: Map<PeerNumber, Framework>;
  /** For people: the newest of those that are over, the oldest first (B8). */
  readonly completedFrameworks: Map<FrameworkId, CompletedFramework>;
  /** Ids from elsewhere that are never valid again, the oldest first; see `isOver`. */
  readonly overFrameworks: Set<FrameworkId>;
  readonly agents: Map<AgentId, Agent>;
  readonly agentPeers: Map<PeerNumber, Agent>;
  /** Agents by row of the tables. */
  readonly agentRows: (Agent | undefined)[];
  readonly clientRows: (Client | undefined)[];
  /** Agents of the registry that have not come back to this master (B26). */
  readonly recovering: Map<AgentId, AgentInfo>;
  /** Agents that wait for the registry, by connection. */
  readonly admitting: Map<PeerNumber, AgentId>;
  /** The inverse: each agent waits on one connection, its newest. */
  readonly admissions: Map<AgentId, PeerNumber>;
  /**
   * By `strayKey`, what agents brought back under ids that were others' by then, or what of theirs
   * was lost for good, until they return without it; kept of agents that are lost. Replaced as a
   * whole; see `strays.ts`.
   */
  readonly strayIds: Map<AgentId, ReadonlySet<string>>;
  /** Agents that an operator gives up for good, while the registry is told (B31). */
  readonly going: Set<AgentId>;
  /** In the order in which they were made: the first is the first to time out (C4). */
  readonly offers: Map<OfferId, Offer>;
  readonly roles: Map<RoleName, Role>;
  readonly registry: RegistryMirror;
  /** Roles that are there because an operator gave them a weight or a quota. */
  readonly roleSettings: { readonly weights: Set<RoleName>; readonly quotas: Set<RoleName> };
  readonly writes: Map<number, PendingWrite>;
  /** Agents on which the last task ended in this step: a drain may be done (I5). */
  readonly emptied: Set<Agent>;
  /** Questions to frameworks that wait for an answer (C15). */
  readonly inverseOffers: Map<OfferId, InverseOffer>;
  readonly tables: AllocationTables;
  readonly filters: FilterStore;
  readonly frameworkNumbers: RowPool;
  /** The smallest offers that clients state themselves (C13). */
  readonly minima: Map<Client, readonly Quantities[]>;
  readonly timers: Timers;
  readonly rounds: Rounds;
  readonly allocation: {
    /** A round is to run as soon as what is in the inbox has been stepped (C1). */
    wanted: boolean;
    /** Something was given up that others may use: a round is to follow before long (C1). */
    freed: boolean;
    /** The timer for that round runs. */
    freedDue: boolean;
    /** A round has taken offers back since the last batch: the next that does waits for one. */
    tookBack: boolean;
    /** The policy left agents idle that it may give away as time passes. */
    lookAgain: boolean;
    /** When policies decide anew what they withheld from offers that were refused. */
    retestMs: number;
    /** No round before this, unless enough agents are back (E17). */
    pausedUntilMs: number | undefined;
    /** How many agents have to be back for that. */
    agentsAwaited: number;
    policy: { readonly name: string; readonly digest: string };
  };
  /** When the next agent may be given up, while removals are rationed (B27). */
  nextRemovalMs: number;
  readonly counters: {
    framework: number;
    agent: number;
    offer: number;
    write: number;
    submit: number;
    operation: number;
  };
  /** Sums since the start, for metrics. */
  readonly counts: {
    offersMade: number;
    offersAccepted: number;
    offersDeclined: number;
    offersRescinded: number;
    /** Those of them that a policy took back. */
    offersReclaimed: number;
    decisionsDropped: number;
    tasksLaunched: number;
    taskErrors: number;
    updates: number;
    acknowledgements: number;
    agentsLost: number;
  };
  /** More sums, which only people look at; see `tallies.ts`. */
  readonly tallies: Tallies;
  /** Operators that listen to events; while there are none, no events are made. */
  listeners: number;
}

/** Key of an executor on its agent (B43). */
export function executorKey(frameworkId: FrameworkId, executorId: ExecutorId): string {
  return `${frameworkId}/${executorId}`;
}

/** Key of a stray on its agent; see `strays.ts`. */
export function strayKey(frameworkId: FrameworkId, taskId: TaskId): string {
  return `${frameworkId}/${taskId}`;
}

function emptyRegistry(): RegistryMirror {
  return {
    admitted: new Map(),
    unreachable: new Map(),
    gone: new Map(),
    weights: new Map(),
    quotas: new Map(),
    deactivated: new Set(),
    drains: new Map(),
    maintenance: { windows: [], down: [] },
  };
}

function noCounts(): ClusterState["counts"] {
  return {
    offersMade: 0,
    offersAccepted: 0,
    offersDeclined: 0,
    offersRescinded: 0,
    offersReclaimed: 0,
    decisionsDropped: 0,
    tasksLaunched: 0,
    taskErrors: 0,
    updates: 0,
    acknowledgements: 0,
    agentsLost: 0,
  };
}

/** An empty cluster, which waits for its registry. */
export function createCluster(options: ClusterOptions, nowMs: number): ClusterState {
  const tables = new AllocationTables();
  return {
    options,
    startedMs: nowMs,
    recovered: false,
    frameworks: new Map(),
    frameworkPeers: new Map(),
    completedFrameworks: new Map(),
    overFrameworks: new Set(),
    agents: new Map(),
    agentPeers: new Map(),
    agentRows: [],
    clientRows: [],
    recovering: new Map(),
    admitting: new Map(),
    admissions: new Map(),
    strayIds: new Map(),
    going: new Set(),
    offers: new Map(),
    roles: new Map(),
    registry: emptyRegistry(),
    roleSettings: { weights: new Set(), quotas: new Set() },
    emptied: new Set(),
    inverseOffers: new Map(),
    writes: new Map(),
    tables,
    filters: new FilterStore(),
    frameworkNumbers: new RowPool(0),
    minima: new Map(),
    timers: new Timers(),
    rounds: {
      number: 0,
      cycle: 0,
      recent: [],
      part: "all",
      next: undefined,
      idle: new Set(),
      hidden: [],
      candidates: [],
      aside: [],
    },
    allocation: {
      wanted: false,
      freed: false,
      freedDue: false,
      tookBack: false,
      lookAgain: false,
      retestMs: 0,
      pausedUntilMs: undefined,
      agentsAwaited: 0,
      policy: { name: "none", digest: "" },
    },
    nextRemovalMs: 0,
    counters: { framework: 0, agent: 0, offer: 0, write: 0, submit: 0, operation: 0 },
    counts: noCounts(),
    tallies: new Map(),
    listeners: 0,
  };
}

/** When the cluster wants a `tick` next; `undefined` when nothing is due, ever. */
export function nextDeadlineMs(state: ClusterState): number | undefined {
  const { timers, filters, offers, options } = state;
  const [oldest] = options.offerTimeoutMs === undefined ? [] : offers.values();
  const offerMs = (oldest?.mintedMs ?? Infinity) + (options.offerTimeoutMs ?? 0);
  const nextMs = Math.min(timers.nextMs ?? Infinity, filters.nextMs ?? Infinity, offerMs);
  return nextMs === Infinity ? undefined : nextMs;
}

/** Asks for a round at once (C1). Where nothing is new, what is freed later waits for a batch. */
export function wantRound({ allocation, tables }: ClusterState): void {
  allocation.wanted ||= tables.candidates.length > 0;
}
