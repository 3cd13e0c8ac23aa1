import type { ChangeLog, Cursor } from "../core/tables/rows.ts";
import { KINDS } from "../core/tables/shape.ts";
import type { AllocationTables } from "../core/tables.ts";
import { Slot } from "./slots.ts";

/** A host column and the slot that says where the guest wants it. */
interface Column {
  readonly slot: number;
  /** Elements a row. */
  readonly width: number;
  readonly from: Uint32Array | Float64Array;
}

/** A list of changed rows for policies that keep caches: where it goes, where its length goes. */
interface ChangedList {
  readonly rows: number;
  readonly count: number;
}

const changedAgents = { rows: Slot.ChangedAgentRows, count: Slot.ChangedAgents };
const changedClients = { rows: Slot.ChangedClientRows, count: Slot.ChangedClients };
const changedRoles = { rows: Slot.ChangedRoleRows, count: Slot.ChangedRoles };
const changedReservations = { rows: Slot.ChangedReservationRows, count: Slot.ChangedReservations };
const changedFilters = { rows: Slot.ChangedFilterRows, count: Slot.ChangedFilters };

/** Columns that change together: one log of changed rows. */
interface Group {
  readonly log: ChangeLog;
  /** Which list of changed rows these belong to. */
  readonly changed: ChangedList | undefined;
  /** Rows in use. */
  readonly end: () => number;
  /** False while every row is zero still, as is the guest's fresh memory. */
  readonly worthCopying?: () => boolean;
  readonly columns: readonly Column[];
}

const one = (slot: number, from: Uint32Array | Float64Array) => ({ slot, width: 1, from });

const vectors = (slot: number, from: Float64Array) => ({ slot, width: KINDS, from });

function group(
  log: ChangeLog,
  pool: { readonly end: number },
  changed: ChangedList | undefined,
  columns: Column[],
): Group {
  return { log, changed, end: () => pool.end, columns };
}

/** All columns of the tables as they are laid out now; to be asked again after growth. */
function groupsOf(tables: AllocationTables): readonly Group[] {
  return [...agentGroups(tables), ...clientGroups(tables)];
}

/** Agents, and what hangs on them. */
function agentGroups(tables: AllocationTables): readonly Group[] {
  const { agents, reservations, attributes } = tables;
  return [
    group(agents.changes, agents.pool, changedAgents, [
      one(Slot.AgentFlags, agents.flags),
      vectors(Slot.AgentTotal, agents.total),
      one(Slot.AgentUnavailableFrom, agents.unavailableFrom),
      one(Slot.AgentFirstReservation, agents.firstReservation),
      one(Slot.AgentFirstAttribute, agents.firstAttribute),
    ]),
    group(agents.freeChanges, agents.pool, changedAgents, [vectors(Slot.AgentFree, agents.free)]),
    {
      ...group(agents.revocableChanges, agents.pool, changedAgents, [
        vectors(Slot.AgentRevocable, agents.revocable),
      ]),
      worthCopying: () => agents.hasRevocable,
    },
    group(reservations.changes, reservations.pool, changedReservations, [
      one(Slot.ReservationFlags, reservations.flags),
      one(Slot.ReservationAgent, reservations.agent),
      one(Slot.ReservationRole, reservations.role),
      one(Slot.ReservationNext, reservations.next),
      vectors(Slot.ReservationFree, reservations.free),
      vectors(Slot.ReservationTotal, reservations.total),
    ]),
    group(attributes.changes, attributes.pool, undefined, [
      one(Slot.AttributeName, attributes.name),
      one(Slot.AttributeText, attributes.text),
      one(Slot.AttributeNext, attributes.next),
      one(Slot.AttributeNumber, attributes.number),
    ]),
  ];
}

/** Roles and clients, and which of them may not meet which agent. */
function clientGroups(tables: AllocationTables): readonly Group[] {
  const { agents, roles, clients, alternatives, filters } = tables;
  return [
    group(roles.changes, roles.pool, changedRoles, [
      one(Slot.RoleFlags, roles.flags),
      one(Slot.RoleParent, roles.parent),
      one(Slot.RoleRank, roles.rank),
      one(Slot.RoleSubmitOrder, roles.submitOrder),
      one(Slot.RoleWeight, roles.weight),
      vectors(Slot.RoleGuarantee, roles.guarantee),
      vectors(Slot.RoleLimit, roles.limit),
    ]),
    group(roles.useChanges, roles.pool, changedRoles, [
      one(Slot.RoleAllocations, roles.allocations),
      vectors(Slot.RoleUsed, roles.used),
      vectors(Slot.RoleConsumed, roles.consumed),
    ]),
    group(clients.changes, clients.pool, changedClients, [
      one(Slot.ClientFlags, clients.flags),
      one(Slot.ClientRole, clients.role),
      one(Slot.ClientFramework, clients.framework),
      one(Slot.ClientSubmitOrder, clients.submitOrder),
      one(Slot.ClientPriority, clients.priority),
      one(Slot.ClientFirstMinimum, clients.firstMinimum),
      vectors(Slot.ClientDemand, clients.demand),
    ]),
    group(clients.useChanges, clients.pool, changedClients, [
      one(Slot.ClientAllocations, clients.allocations),
      vectors(Slot.ClientUsed, clients.used),
    ]),
    group(alternatives.changes, alternatives.pool, undefined, [
      one(Slot.AlternativeNext, alternatives.next),
      vectors(Slot.AlternativeLeast, alternatives.least),
    ]),
    group(filters.changes, agents.pool, changedFilters, [
      { slot: Slot.Filtered, width: filters.words, from: filters.bits },
      one(Slot.FilterCount, filters.counts),
    ]),
  ];
}

interface PlacedColumn extends Column {
  readonly to: Uint32Array | Float64Array;
}

interface PlacedGroup {
  readonly group: Group;
  readonly columns: readonly PlacedColumn[];
  readonly list: Uint32Array | undefined;
  cursor: Cursor;
}

/** The guest's array for a column of so many elements, or `undefined` when it is not placed. */
export type ViewOf = (slot: number, like: Uint32Array | Float64Array) => typeof like | undefined;

/**
 * Keeps a policy's columns equal to the tables': all of them the first time, later the rows that
 * changed. Columns that the policy did not place are not written and cost nothing.
 */
export class ColumnWriter {
  readonly #placed: readonly PlacedGroup[];
  readonly #header: Uint32Array;

  constructor(tables: AllocationTables, header: Uint32Array, view: ViewOf) {
    this.#header = header;
    const placed: PlacedGroup[] = [];
    for (const group of groupsOf(tables)) {
      const columns: PlacedColumn[] = [];
      for (const column of group.columns) {
        const to = view(column.slot, column.from);
        if (to !== undefined) columns.push({ ...column, to });
      }
      const elements = group.columns[0]?.from.length ?? 0;
      const size = elements / (group.columns[0]?.width ?? 1);
      const list =
        group.changed && (view(group.changed.rows, new Uint32Array(size)) as Uint32Array);
      if (columns.length > 0 || list) placed.push({ group, columns, list, cursor: -1 });
    }
    this.#placed = placed;
  }

  /** Writes what changed since the last time. */
  write(): void {
    const header = this.#header;
    header.fill(0, Slot.EverythingChanged, Slot.ChangedFilters + 1);
    for (const placed of this.#placed) {
      const { log, end, worthCopying } = placed.group;
      if (worthCopying !== undefined && !worthCopying()) continue;
      const rows = log.since(placed.cursor);
      const used = end();
      // Copying everything is one pass over consecutive memory; past a quarter it is faster.
      if (rows === undefined || rows.length * 4 > used) copyAll(placed.columns, used);
      else if (rows.length > 0) copyRows(placed.columns, rows);
      if (placed.list) this.#list(placed.list, placed.group.changed as ChangedList, rows);
      placed.cursor = log.read();
    }
  }

  /**
   * The first place in which the guest's columns are not as they were written, which it must not
   * rely on: such a row is written again only when it changes. To be asked before tables change.
   */
  spoilt(): { readonly slot: number; readonly row: number } | undefined {
    for (const { group, columns } of this.#placed) {
      if (group.worthCopying?.() === false) continue;
      for (const { slot, width, from, to } of columns) {
        const end = group.end() * width;
        for (let at = 0; at < end; at++) {
          if (to[at] !== from[at]) return { slot, row: Math.floor(at / width) };
        }
      }
    }
    return undefined;
  }

  /** Appends to a list of changed rows; one that overflows becomes "everything changed". */
  #list(list: Uint32Array, changed: ChangedList, rows: Uint32Array | undefined): void {
    const count = this.#header[changed.count] as number;
    if (rows === undefined || count + rows.length > list.length) {
      this.#header[Slot.EverythingChanged] = 1;
      return;
    }
    list.set(rows, count);
    this.#header[changed.count] = count + rows.length;
  }
}

function copyAll(columns: readonly PlacedColumn[], rows: number): void {
  for (const { from, to, width } of columns) to.set(from.subarray(0, rows * width));
}

function copyRows(columns: readonly PlacedColumn[], rows: Uint32Array): void {
  for (const { from, to, width } of columns) {
    for (let at = 0; at < rows.length; at++) {
      const start = (rows[at] as number) * width;
      for (let index = start; index < start + width; index++) to[index] = from[index] as number;
    }
  }
}
