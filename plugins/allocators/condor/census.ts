import type { AgentFacts } from "../../../contract/ports/policy-companion.ts";
import { printAttributeValue } from "../../../contract/resources/attributes.ts";

const utf8 = new TextEncoder();

/** How often something occurs, by what it is. */
type Counts = Map<string, number>;

/** Spellings and texts of one attribute over all agents. */
interface Entry {
  readonly spellings: Counts;
  readonly texts: Counts;
}

/**
 * Which attributes the agents have and which texts they hold, by name in small letters. It is kept
 * up to date agent by agent, so that a compilation costs what changed.
 */
export class AttributeCensus {
  readonly #entries = new Map<string, Entry>();
  readonly #seen: (AgentFacts | undefined)[] = [];

  /** Reads one row again. */
  update(row: number, facts: AgentFacts | undefined): void {
    const before = this.#seen[row];
    if (before === facts) return;
    while (this.#seen.length < row) this.#seen.push(undefined);
    this.#seen[row] = facts;
    if (facts !== undefined) this.#count(facts, 1);
    if (before !== undefined) this.#count(before, -1);
  }

  /** Forgets everything. */
  clear(): void {
    this.#entries.clear();
    this.#seen.length = 0;
  }

  /** How the name is spelled by agents. */
  spellings(name: string): Iterable<string> {
    return this.#entries.get(name)?.spellings.keys() ?? [];
  }

  /** The different texts of an attribute. */
  texts(name: string): Iterable<string> {
    return this.#entries.get(name)?.texts.keys() ?? [];
  }

  /**
   * Bytes that the texts of an attribute have at most, rounded up to a power of two so that it
   * rarely changes.
   */
  longest(name: string): number {
    let longest = 1;
    for (const text of this.texts(name)) {
      if (text.length * 3 <= longest) continue;
      const { length } = utf8.encode(text);
      while (longest < length) longest *= 2;
    }
    return longest;
  }

  #count({ attributes = [], hostname, domain }: AgentFacts, by: 1 | -1): void {
    for (const attribute of attributes) {
      const text = attribute.scalar === undefined ? printAttributeValue(attribute) : undefined;
      this.#add(attribute.name, text, by);
    }
    this.#add("hostname", hostname, by);
    this.#add("region", domain?.region, by);
    this.#add("zone", domain?.zone, by);
  }

  #add(name: string, text: string | undefined, by: 1 | -1): void {
    const key = name.toLowerCase();
    let entry = this.#entries.get(key);
    if (entry === undefined) {
      entry = { spellings: new Map(), texts: new Map() };
      this.#entries.set(key, entry);
    }
    add(entry.spellings, name, by);
    if (text !== undefined) add(entry.texts, text, by);
    if (entry.spellings.size === 0) this.#entries.delete(key);
  }
}

function add(counts: Counts, key: string, by: 1 | -1): void {
  const count = (counts.get(key) ?? 0) + by;
  if (count === 0) counts.delete(key);
  else counts.set(key, count);
}
