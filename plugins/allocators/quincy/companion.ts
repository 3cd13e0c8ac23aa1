import type {
  PolicyCompanion,
  ProgramCompiler,
  StatementView,
} from "../../../contract/ports/policy-companion.ts";
import { Places } from "./places.ts";
import { type AgentEntry, bytesOf, type RackEntry, writeProgram } from "./program.ts";
import { type DataStatement, problemOf, statementOf } from "./statement.ts";

/** The companion of the policy: turns what frameworks say about their data into its program. */
export function companion(config: unknown): PolicyCompanion {
  const { rackAttribute = "rack" } = (config ?? {}) as { readonly rackAttribute?: string };
  return {
    checkFramework: problemOf,
    compiler: () => new DataCompiler(rackAttribute),
  };
}

/** Keeps statements by client row, and the agents at the places that they name. */
class DataCompiler implements ProgramCompiler {
  readonly #places: Places;
  readonly #statements = new Map<number, DataStatement>();

  constructor(rackAttribute: string) {
    this.#places = new Places(rackAttribute);
  }

  compile(view: StatementView): Uint8Array {
    this.#read(view);
    this.#places.update(view);
    const rows = [...this.#statements].sort(([a], [b]) => a - b);
    const named = rows.flatMap(([, { places }]) => places.map(({ place }) => place));
    this.#places.follow(new Set(named), view.agents);
    if (rows.length === 0) return new Uint8Array(0);
    const draft = new Draft(this.#places);
    for (const [client, statement] of rows) draft.add(client, statement);
    return draft.bytes(view.bytesMax);
  }

  #read({ clients, changedClients }: StatementView): void {
    const rows = changedClients === undefined ? clients.keys() : Array.from(changedClients);
    for (const row of rows) {
      const facts = clients[row];
      const statement = facts && statementOf(facts.framework);
      if (statement === undefined) this.#statements.delete(row);
      else this.#statements.set(row, statement);
    }
  }
}

/** A program in the making. */
class Draft {
  readonly #places: Places;
  readonly #totals: number[] = [];
  readonly #numberOfRack = new Map<string, number>();
  readonly #racks: RackEntry[][] = [];
  readonly #agents: AgentEntry[][] = [];

  constructor(places: Places) {
    this.#places = places;
  }

  /**
   * Adds what a client has where. Data that lies at several places of a statement is taken to be
   * the same, so an agent or rack has the most that is said of it, and never the sum.
   */
  add(client: number, { totalMib, places }: DataStatement): void {
    while (this.#totals.length < client) this.#totals.push(0);
    this.#totals[client] = totalMib;
    const onAgent = new Map<number, number>();
    const inRack = new Map<string, number>();
    for (const { place, mib } of places) {
      if (this.#places.isRack(place)) raise(inRack, place, mib);
      else for (const row of this.#places.agentsAt(place)) raise(onAgent, row, mib);
    }
    // What is on an agent is in its rack.
    for (const [row, mib] of onAgent) {
      const rack = this.#places.rackOf(row);
      if (rack !== undefined) raise(inRack, rack, mib);
    }
    for (const [rack, rackMib] of inRack) this.#rack(rack).push({ client, rackMib });
    for (const [row, mib] of onAgent) {
      const rackMib = inRack.get(this.#places.rackOf(row) ?? "") ?? mib;
      this.#agents[row] ??= [];
      this.#agents[row]?.push({ client, mib, rackMib });
    }
  }

  #rack(place: string): RackEntry[] {
    const number = this.#numberOfRack.get(place) ?? this.#racks.length + 1;
    this.#numberOfRack.set(place, number);
    this.#racks[number - 1] ??= [];
    return this.#racks[number - 1] as RackEntry[];
  }

  /** The program; entries that find no room are left out, of the last agents first. */
  bytes(bytesMax: number): Uint8Array {
    const { racks } = this.#places;
    const rackOf = Array.from(racks, (rack) => this.#numberOfRack.get(rack ?? "") ?? 0);
    while (rackOf.at(-1) === 0) rackOf.pop();
    const agents = Array.from(this.#agents, (entries) => entries ?? []);
    const content = { totals: this.#totals, rackOf, racks: this.#racks, agents };
    const { fixed, each } = bytesOf(content);
    let room = Math.floor((bytesMax - fixed) / each);
    const fitting = <Entry>(lists: readonly Entry[][]): Entry[][] =>
      lists.map((list) => {
        const kept = list.slice(0, Math.max(room, 0));
        room -= kept.length;
        return kept;
      });
    return writeProgram({ ...content, racks: fitting(this.#racks), agents: fitting(agents) });
  }
}

function raise<Key>(most: Map<Key, number>, key: Key, mib: number): void {
  most.set(key, Math.max(most.get(key) ?? 0, mib));
}
