import type { AgentFacts, StatementView } from "../../../contract/ports/policy-companion.ts";
import { printAttributeValue } from "../../../contract/resources/attributes.ts";

/** Something that was worked out from places, and is void when one of them changes. */
export interface Follower {
  forget(): void;
}

/** A place that somebody asked for. */
interface Followed {
  readonly rows: Set<number>;
  readonly followers: Set<Follower>;
}

/**
 * Which agents have which attributes, kept for the attributes that somebody asked for, and which
 * rack each agent is in. Costs what changed.
 */
export class Places {
  readonly #rackPrefix: string;
  readonly #followed = new Map<string, Followed>();
  /** Places that are followed now, and that no agent was looked at for. */
  readonly #fresh = new Set<string>();
  readonly #placesOf: (readonly string[])[] = [];
  readonly #racks: (string | undefined)[] = [];

  constructor(rackAttribute: string) {
    this.#rackPrefix = `${rackAttribute}=`;
  }

  /** Reads agents that changed, and looks for those at places that are followed since. */
  update({ agents, changedAgents }: StatementView): void {
    const rows = changedAgents === undefined ? agents.keys() : Array.from(changedAgents);
    for (const row of rows) this.#read(row, agents[row]);
    if (this.#fresh.size === 0) return;
    for (const [row, facts] of agents.entries()) {
      if (facts === undefined) continue;
      const fresh = placesOf(facts).filter((place) => this.#fresh.has(place));
      for (const place of fresh) this.#followed.get(place)?.rows.add(row);
      if (fresh.length > 0) this.#placesOf[row] = [...(this.#placesOf[row] ?? []), ...fresh];
    }
    this.#fresh.clear();
  }

  #read(row: number, facts: AgentFacts | undefined): void {
    const places = facts === undefined ? [] : placesOf(facts);
    const before = this.#placesOf[row] ?? [];
    const after = places.filter((place) => this.#followed.has(place) && !this.#fresh.has(place));
    const rack = places.find((place) => this.isRack(place));
    const isSame = before.length === after.length && before.every((one, n) => one === after[n]);
    if (isSame && this.#racks[row] === rack) return;
    for (const place of before) this.#leave(place, row);
    for (const place of after) {
      const followed = this.#followed.get(place);
      followed?.rows.add(row);
      for (const follower of followed?.followers ?? []) follower.forget();
    }
    this.#placesOf[row] = after;
    this.#racks[row] = rack;
  }

  #leave(place: string, row: number): void {
    const followed = this.#followed.get(place);
    followed?.rows.delete(row);
    for (const follower of followed?.followers ?? []) follower.forget();
  }

  /** Has the agents of a place looked up from the next update on. */
  follow(place: string, follower: Follower): void {
    const known = this.#followed.get(place);
    if (known !== undefined) {
      known.followers.add(follower);
      return;
    }
    this.#followed.set(place, { rows: new Set(), followers: new Set([follower]) });
    this.#fresh.add(place);
  }

  /** Ends that. */
  unfollow(place: string, follower: Follower): void {
    const followed = this.#followed.get(place);
    followed?.followers.delete(follower);
    if (followed === undefined || followed.followers.size > 0) return;
    for (const row of followed.rows) {
      this.#placesOf[row] = (this.#placesOf[row] ?? []).filter((one) => one !== place);
    }
    this.#followed.delete(place);
    this.#fresh.delete(place);
  }

  /** Rows of the agents at a place that is followed, in no order. */
  agentsAt(place: string): ReadonlySet<number> {
    return this.#followed.get(place)?.rows ?? NOBODY;
  }

  /** The rack of an agent as a place, `rack=r1`. */
  rackOf(row: number): string | undefined {
    return this.#racks[row];
  }

  /** Is this place a rack, and not some other attribute? */
  isRack(place: string): boolean {
    return place.startsWith(this.#rackPrefix);
  }

  /** Racks by agent row. */
  get racks(): readonly (string | undefined)[] {
    return this.#racks;
  }
}

const NOBODY: ReadonlySet<number> = new Set();

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
