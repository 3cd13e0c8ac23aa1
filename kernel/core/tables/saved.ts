import { AllocationTables } from "../tables.ts";
import { ChangeLog, RowPool, type SavedPool } from "./rows.ts";
import type { TableSizes } from "./shape.ts";
import { type SavedWords, Words } from "./words.ts";

/** A column, cut to the rows that were ever in use. */
export type SavedColumn = Uint32Array | Float64Array;

/**
 * One table by the names of its fields. Logs of changes are left out: a reader copies everything.
 * So are facts, which agents and frameworks hold already.
 */
export type SavedTable = Readonly<
  Record<string, SavedColumn | SavedPool | SavedWords | readonly string[] | number | boolean>
>;

/** The tables that are saved one by one. */
const NAMES = [
  "agents",
  "reservations",
  "attributes",
  "roles",
  "clients",
  "alternatives",
  "filters",
] as const satisfies readonly (keyof AllocationTables)[];

/** `AllocationTables` as plain data that nobody else holds. */
export interface SavedTables {
  readonly sizes: TableSizes;
  readonly kindNames: readonly string[];
  readonly defaultMinimum: number;
  readonly clusterTotal: Float64Array;
  readonly ownMinimum: readonly number[];
  /** In the order in which the next round looks at them. */
  readonly candidates: Uint32Array;
  readonly tables: Readonly<Record<(typeof NAMES)[number], SavedTable>>;
}

/** Copies the tables. */
export function saveTables(tables: AllocationTables): SavedTables {
  const save = (name: (typeof NAMES)[number]): SavedTable => {
    // Bits of filters are kept by agent.
    const of = name === "filters" ? "agents" : name;
    return saveTable(tables[name], tables[of].pool.end, tables.sizes[of]);
  };
  return {
    sizes: tables.sizes,
    kindNames: [...tables.kindNames],
    defaultMinimum: tables.defaultMinimum,
    clusterTotal: tables.clusterTotal.slice(),
    ownMinimum: [...tables.ownMinimum],
    candidates: tables.candidates.slice(),
    tables: Object.fromEntries(NAMES.map((name) => [name, save(name)])) as SavedTables["tables"],
  };
}

/** Tables that do from now on what the saved ones would have done. */
export function restoreTables(saved: SavedTables): AllocationTables {
  const tables = new AllocationTables(saved.sizes);
  tables.kindNames.splice(0, tables.kindNames.length, ...saved.kindNames);
  tables.defaultMinimum = saved.defaultMinimum;
  tables.clusterTotal.set(saved.clusterTotal);
  for (const client of saved.ownMinimum) tables.ownMinimum.add(client);
  for (const name of NAMES) loadTable(tables[name], saved.tables[name]);
  for (const row of saved.candidates) tables.touchAgent(row);
  return tables;
}

/** Every public field of a table; `capacity` is the number of rows that its columns have. */
function saveTable(table: object, rows: number, capacity: number): SavedTable {
  const saved: Record<string, SavedTable[string]> = {};
  for (const [name, value] of Object.entries(table) as [string, unknown][]) {
    if (value instanceof ChangeLog || name === "facts") continue;
    if (value instanceof RowPool || value instanceof Words) saved[name] = value.save();
    else if (value instanceof Uint32Array || value instanceof Float64Array) {
      saved[name] = value.slice(0, rows * (value.length / capacity));
    } else if (Array.isArray(value)) saved[name] = [...(value as string[])];
    else saved[name] = value as number | boolean;
  }
  return saved;
}

function loadTable(table: object, saved: SavedTable): void {
  const fields = table as Record<string, unknown>;
  for (const [name, value] of Object.entries(saved)) {
    const field = fields[name];
    if (field instanceof RowPool) field.load(value as SavedPool);
    else if (field instanceof Words) field.load(value as SavedWords);
    else if (field instanceof Uint32Array || field instanceof Float64Array) {
      field.set(value as SavedColumn);
    } else if (Array.isArray(field)) field.splice(0, field.length, ...(value as string[]));
    else fields[name] = value;
  }
}
