import type {
  PolicyCompanion,
  ProgramCompiler,
  StatementView,
} from "../../../contract/ports/policy-companion.ts";
import { type Follower, Places } from "./places.ts";
import { type AgentData, type StatementData, writeProgram } from "./program.ts";
import { type DataStatement, StatementReader } from "./statement.ts";

/** The companion of the policy: turns what frameworks say about their data into its program. */
export function companion(config: unknown): PolicyCompanion {
  const { rackAttribute = "rack" } = (config ?? {}) as { readonly rackAttribute?: string };
  const reader = new StatementReader();
  return {
    checkFramework: (framework) => reader.statedBy(framework).problem,
    compiler: () => new DataCompiler(rackAttribute, reader),
  };
}

/** The program while nobody states anything: always this one, so that it is not taken for news. */
const NOTHING_STATED = new Uint8Array(0);

/** Keeps statements by client row, and the agents at the places that they name. */
class DataCompiler implements ProgramCompiler {
  readonly #reader: StatementReader;
  readonly #places: Places;
  readonly #byRow: (Located | undefined)[] = [];
  readonly #byStatement = new Map<DataStatement, Located>();

  constructor(rackAttribute: string, reader: StatementReader) {
    this.#reader = reader;
    this.#places = new Places(rackAttribute);
  }

  compile(view: StatementView): Uint8Array {
    this.#read(view);
    this.#places.update(view);
    if (this.#byStatement.size === 0) return NOTHING_STATED;
    const draft = new Draft(this.#places);
    for (const [client, located] of this.#byRow.entries()) {
      if (located !== undefined) draft.add(client, located);
    }
    return draft.bytes(view.bytesMax);
  }

  #read({ clients, changedClients }: StatementView): void {
    const rows = changedClients === undefined ? clients.keys() : Array.from(changedClients);
    for (const row of rows) {
      const facts = clients[row];
      this.#state(row, facts && this.#reader.statedBy(facts.framework).statement);
    }
  }

  /** All roles of a framework state the same: what that is worth is worked out once. */
  #state(row: number, statement: DataStatement | undefined): void {
    const before = this.#byRow[row];
    if (before?.statement === statement) return;
    let after = statement && this.#byStatement.get(statement);
    if (statement !== undefined && after === undefined) {
      after = new Located(statement, this.#places);
      this.#byStatement.set(statement, after);
    }
    while (this.#byRow.length < row) this.#byRow.push(undefined);
    this.#byRow[row] = after;
    if (after !== undefined) after.clients += 1;
    if (before === undefined) return;
    before.clients -= 1;
    if (before.clients > 0) return;
    this.#byStatement.delete(before.statement);
    before.end();
  }
}

/** Data by rack, as a place, and by agent. */
interface Locations {
  readonly racks: readonly { readonly place: string; readonly rackMib: number }[];
  /** In the order of their rows. */
  readonly agents: readonly AgentData[];
}

/** A statement, and the agents and racks that it is about. */
class Located implements Follower {
  readonly statement: DataStatement;
  /** Clients that state it. */
  clients = 0;
  readonly #places: Places;
  #locations: Locations | undefined;

  constructor(statement: DataStatement, places: Places) {
    this.statement = statement;
    this.#places = places;
    for (const { place } of statement.places) places.follow(place, this);
  }

  end(): void {
    for (const { place } of this.statement.places) this.#places.unfollow(place, this);
  }

  forget(): void {
    this.#locations = undefined;
  }

  /**
   * Data that lies at several places of a statement is taken to be the same, so an agent or rack
   * has the most that is said of it, and never the sum. Racks without agents are of no use.
   */
  locate(): Locations {
    if (this.#locations !== undefined) return this.#locations;
    const places = this.#places;
    const onAgent = new Map<number, number>();
    const inRack = new Map<string, number>();
    for (const { place, mib } of this.statement.places) {
      const rows = places.agentsAt(place);
      if (!places.isRack(place)) for (const row of rows) raise(onAgent, row, mib);
      else if (rows.size > 0) raise(inRack, place, mib);
    }
    const agents = [...onAgent].sort(([a], [b]) => a - b);
    // What is on an agent is in its rack.
    for (const [row, mib] of agents) {
      const rack = places.rackOf(row);
      if (rack !== undefined) raise(inRack, rack, mib);
    }
    this.#locations = {
      racks: Array.from(inRack, ([place, rackMib]) => ({ place, rackMib })),
      agents: agents.map(([agent, mib]) => {
        return { agent, mib, rackMib: inRack.get(places.rackOf(agent) ?? "") ?? mib };
      }),
    };
    return this.#locations;
  }
}

/** A program in the making. */
class Draft {
  readonly #places: Places;
  readonly #stated: number[] = [];
  readonly #statements: StatementData[] = [];
  readonly #numberOf = new Map<Located, number>();
  readonly #numberOfRack = new Map<string, number>();

  constructor(places: Places) {
    this.#places = places;
  }

  /** Adds what a client has where. */
  add(client: number, located: Located): void {
    while (this.#stated.length < client) this.#stated.push(0);
    this.#stated[client] = this.#numberOf.get(located) ?? this.#number(located);
  }

  #number(located: Located): number {
    const { racks, agents } = located.locate();
    const number = this.#statements.push({
      totalMib: located.statement.totalMib,
      racks: racks.map(({ place, rackMib }) => ({ rack: this.#numberRack(place), rackMib })),
      agents,
    });
    this.#numberOf.set(located, number);
    return number;
  }

  #numberRack(place: string): number {
    const number = this.#numberOfRack.get(place) ?? this.#numberOfRack.size + 1;
    this.#numberOfRack.set(place, number);
    return number;
  }

  bytes(bytesMax: number): Uint8Array {
    const numbers = this.#numberOfRack;
    const rackOf = Array.from(this.#places.racks, (rack) => numbers.get(rack ?? "") ?? 0);
    const [stated, statements] = [this.#stated, this.#statements];
    return writeProgram({ stated, statements, rackCount: numbers.size, rackOf }, bytesMax);
  }
}

function raise<Key>(most: Map<Key, number>, key: Key, mib: number): void {
  most.set(key, Math.max(most.get(key) ?? 0, mib));
}
