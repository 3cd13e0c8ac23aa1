import type { AgentFacts, StatementView } from "../../../contract/ports/policy-companion.ts";
import { printAttributeValue } from "../../../contract/resources/attributes.ts";

/**
 * Which agents have which attributes, kept for the attributes that somebody asked for, and which
 * rack each agent is in. Costs what changed.
 */
export class Places {
  readonly #rackAttribute: string;
  readonly #agentsAt = new Map<string, Set<number>>();
  readonly #placesOf: string[][] = [];
  readonly #racks: (string | undefined)[] = [];

  constructor(rackAttribute: string) {
    this.#rackAttribute = rackAttribute;
  }

  /** Reads agents that changed. */
  update({ agents, changedAgents }: StatementView): void {
    const rows = changedAgents === undefined ? agents.keys() : Array.from(changedAgents);
    for (const row of rows) {
      const facts = agents[row];
      for (const place of this.#placesOf[row] ?? []) this.#agentsAt.get(place)?.delete(row);
      const places = facts === undefined ? [] : placesOf(facts);
      this.#placesOf[row] = places.filter((place) => this.#agentsAt.has(place));
      for (const place of places) this.#agentsAt.get(place)?.add(row);
      this.#racks[row] = places.find((place) => place.startsWith(`${this.#rackAttribute}=`));
    }
  }

  /** Has the agents of these places looked up from now on, and no others. */
  follow(places: ReadonlySet<string>, agents: readonly (AgentFacts | undefined)[]): void {
    for (const place of this.#agentsAt.keys()) if (!places.has(place)) this.#agentsAt.delete(place);
    const fresh = [...places].filter((place) => !this.#agentsAt.has(place));
    if (fresh.length === 0) return;
    for (const place of fresh) this.#agentsAt.set(place, new Set());
    for (const [row, facts] of agents.entries()) {
      if (facts === undefined) continue;
      const places = placesOf(facts).filter((place) => this.#agentsAt.has(place));
      this.#placesOf[row] = places;
      for (const place of places) this.#agentsAt.get(place)?.add(row);
    }
  }

  /** Rows of the agents at a place that is followed, in ascending order. */
  agentsAt(place: string): readonly number[] {
    return [...(this.#agentsAt.get(place) ?? [])].sort((a, b) => a - b);
  }

  /** The rack of an agent as a place, `rack=r1`. */
  rackOf(row: number): string | undefined {
    return this.#racks[row];
  }

  /** Is this place a rack, and not some other attribute? */
  isRack(place: string): boolean {
    return place.startsWith(`${this.#rackAttribute}=`);
  }

  /** Racks by agent row. */
  get racks(): readonly (string | undefined)[] {
    return this.#racks;
  }
}

/** What an agent states, and where it is, unless it states attributes of these names itself. */
function placesOf({ attributes = [], hostname, domain }: AgentFacts): string[] {
  const places = attributes.map((one) => `${one.name}=${printAttributeValue(one)}`);
  const more = { hostname, region: domain?.region, zone: domain?.zone };
  for (const [name, text] of Object.entries(more)) {
    if (text === undefined || attributes.some((one) => one.name === name)) continue;
    places.push(`${name}=${text}`);
  }
  return places;
}
