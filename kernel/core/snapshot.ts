import type { RoleName } from "../../contract/ids.ts";
import type { KillPolicy } from "../../contract/schema/command.ts";
import type { Quantities } from "../../contract/schema/framework.ts";
import type { SavedFilters } from "./filters.ts";
import type {
  Agent,
  Client,
  CompletedFramework,
  Executor,
  Framework,
  InverseOffer,
  InverseState,
  Offer,
  Role,
  Task,
} from "./model.ts";
import type { ClusterState } from "./state.ts";
import type { SavedPool } from "./tables/rows.ts";
import type { SavedTables } from "./tables/saved.ts";
import type { SavedTimers } from "./timers.ts";

/** Place of something in the list of its kind. */
export type Ref = number;

/** A role whose neighbours are places in lists. */
export type SavedRole = Omit<Role, "parent" | "clients"> & {
  readonly parent: Ref | undefined;
  readonly clients: readonly Ref[];
};

/** A client whose neighbours are places in lists. */
export type SavedClient = Omit<Client, "framework" | "role"> & {
  readonly framework: Ref;
  readonly role: Ref;
};

/** A framework without its history, whose neighbours are places in lists. */
export type SavedFramework = Omit<
  Framework,
  | "clients"
  | "suppressed"
  | "admits"
  | "offers"
  | "tasks"
  | "unreachable"
  | "completed"
  | "agents"
  | "tallies"
> & {
  readonly clients: readonly Ref[];
  readonly suppressed: readonly RoleName[];
  readonly offers: readonly Ref[];
  readonly tasks: readonly Ref[];
  readonly unreachable: readonly Ref[];
  readonly agents: readonly Ref[];
};

/** An agent whose neighbours are places in lists. */
export type SavedAgent = Omit<
  Agent,
  "offers" | "tasks" | "strays" | "executors" | "known" | "kills" | "reservedRoles" | "inverse"
> & {
  readonly offers: readonly Ref[];
  readonly tasks: readonly Ref[];
  /** Absent in what masters wrote that knew none. */
  readonly strays?: readonly Ref[];
  readonly executors: readonly Ref[];
  readonly known: readonly (readonly [framework: Ref, version: number])[];
  readonly kills: readonly (readonly [task: Ref, policy: KillPolicy | undefined])[];
  readonly reservedRoles: readonly Ref[];
  readonly inverse: readonly (readonly [framework: Ref, state: SavedInverseState])[];
};

/** How a framework stands to an agent's absence, with the question as a place in its list. */
export type SavedInverseState = Omit<InverseState, "asked"> & { readonly asked: Ref | undefined };

/** A question about an absence whose parties are places in lists. */
export type SavedInverseOffer = Omit<InverseOffer, "framework" | "agent"> & {
  readonly framework: Ref;
  readonly agent: Ref;
};

/** A task whose neighbours are places in lists. */
export type SavedTask = Omit<Task, "framework" | "client"> & {
  readonly framework: Ref;
  readonly client: Ref;
};

/** An executor whose neighbours are places in lists. */
export type SavedExecutor = Omit<Executor, "framework" | "client"> & {
  readonly framework: Ref;
  readonly client: Ref;
};

/** An offer whose neighbours are places in lists. */
export type SavedOffer = Omit<Offer, "framework" | "client" | "agent"> & {
  readonly framework: Ref;
  readonly client: Ref;
  readonly agent: Ref;
};

type Entries<Key, Value> = readonly (readonly [Key, Value])[];

/** Parts of the state that hold the world together and are saved in a way of their own. */
export type Woven =
  | "options"
  | "frameworks"
  | "frameworkPeers"
  | "completedFrameworks"
  | "agents"
  | "agentPeers"
  | "agentRows"
  | "clientRows"
  | "offers"
  | "inverseOffers"
  | "emptied"
  | "roles"
  | "tables"
  | "tallies"
  | "filters"
  | "frameworkNumbers"
  | "minima"
  | "timers";

/** What a cluster is made of, by the names of their lists. */
export interface Entities {
  roles: Role;
  clients: Client;
  frameworks: Framework;
  agents: Agent;
  executors: Executor;
  tasks: Task;
  offers: Offer;
  inverseOffers: InverseOffer;
}

/** What a cluster is made of as it is saved, a list a kind. */
export interface SavedLists {
  readonly roles: readonly SavedRole[];
  readonly clients: readonly SavedClient[];
  readonly frameworks: readonly SavedFramework[];
  readonly agents: readonly SavedAgent[];
  readonly executors: readonly SavedExecutor[];
  readonly tasks: readonly SavedTask[];
  readonly offers: readonly SavedOffer[];
  readonly inverseOffers: readonly SavedInverseOffer[];
}

/** Members of the lists that the cluster reaches, in the order in which it goes through them. */
export interface SavedIndexes {
  readonly roles: readonly Ref[];
  readonly frameworks: readonly Ref[];
  readonly agents: readonly Ref[];
  readonly offers: readonly Ref[];
  readonly inverseOffers: readonly Ref[];
  readonly emptied: readonly Ref[];
  readonly frameworkPeers: Entries<number, Ref>;
  readonly agentPeers: Entries<number, Ref>;
  /** -1 for a row that is free. */
  readonly agentRows: readonly Ref[];
  readonly clientRows: readonly Ref[];
  /** Rows of clients that the tables have facts of. */
  readonly described: readonly number[];
  /** Clients with a minimum of their own; without a value it is the one in the framework's info. */
  readonly minima: Entries<Ref, readonly Quantities[] | undefined>;
}

/**
 * All of a cluster that its further course depends on, as data without loops. What is only shown to
 * people is left out: ended tasks and tallies, and of live tasks the command and data, which only
 * mattered to the agent. The leaves (infos, resources, messages) are shared with the cluster, which
 * replaces them and never changes them in place: taking a snapshot costs little, and it stays what
 * it is.
 */
export interface ClusterSnapshot {
  readonly plain: Omit<ClusterState, Woven>;
  readonly lists: SavedLists;
  readonly indexes: SavedIndexes;
  readonly completedFrameworks: readonly Omit<CompletedFramework, "tasks">[];
  readonly frameworkNumbers: SavedPool;
  readonly tables: SavedTables;
  readonly filters: SavedFilters;
  readonly timers: SavedTimers;
}

type Atom = string | number | boolean | undefined | null | Uint8Array;
type Entity = Entities[keyof Entities];

/** Data that can be written down: no functions, and nothing that leads back to itself. */
type Plain<T> = T extends Atom
  ? T
  : T extends Entity | ((...args: never[]) => unknown)
    ? never
    : T extends ReadonlyMap<infer Key, infer Value>
      ? ReadonlyMap<Plain<Key>, Plain<Value>>
      : T extends ReadonlySet<infer Value>
        ? ReadonlySet<Plain<Value>>
        : { [Key in keyof T]: Plain<T[Key]> };

type IsPlain<T> = T extends Plain<T> ? true : false;

/**
 * Does not compile once a field of the model is no plain data, such as a reference to an agent: it
 * then needs a place of its own in the snapshot.
 */
export const everythingIsPlain: IsPlain<Omit<ClusterSnapshot, "tables" | "filters">> = true;
