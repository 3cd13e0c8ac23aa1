/** "QNCY" in ASCII, the first word of a program. */
const MAGIC = 0x59434e51;
const LAYOUT = 2;
const HEAD_WORDS = 7;
const ENTRY_WORDS = 3;
/**
 * Most entries of a program: whenever something changes it is written, copied and read anew, within
 * one turn of the master.
 */
const ENTRIES_MAX = 500_000;

/** What is stated in one place: so many MiB on this agent, and in its rack. */
export interface AgentData {
  readonly agent: number;
  readonly mib: number;
  readonly rackMib: number;
}

/** The same of a rack. */
export interface RackData {
  /** Number of the rack, from 1. */
  readonly rack: number;
  readonly rackMib: number;
}

/** A statement, each agent and each rack once. */
export interface StatementData {
  /** MiB that a grant reads in all. */
  readonly totalMib: number;
  readonly racks: readonly RackData[];
  /** In the order of their rows. */
  readonly agents: readonly AgentData[];
}

/** What goes into a program. */
export interface ProgramContent {
  /** Number of the statement of each client row, from 1; 0 for none. */
  readonly stated: readonly number[];
  readonly statements: readonly StatementData[];
  readonly rackCount: number;
  /** Number of the rack of an agent; 0 for none. */
  readonly rackOf: readonly number[];
}

/**
 * Writes a program as the policy reads it, little endian words:
 *
 * magic, layout, clients, racks, agents, entries, statements; statement by client; totals by
 * statement; rack by agent; first entry of each rack and the end of the last; first entry of each
 * agent and the end of the last; entries of three words each: statement, MiB on the agent, MiB in
 * the rack.
 *
 * Entries that find no room are left out, of the last agents first.
 */
export function writeProgram(content: ProgramContent, bytesMax: number): Uint8Array {
  const { stated, statements, rackCount, rackOf } = content;
  const agentCount = agentCountOf(content);
  const fixed = HEAD_WORDS + stated.length + statements.length + agentCount * 2 + rackCount + 2;
  const room = Math.min(Math.floor((bytesMax / 4 - fixed) / ENTRY_WORDS), ENTRIES_MAX);
  const first = firstEntries(content, agentCount, Math.max(room, 0));
  const entries = first.at(-1) as number;
  // Words are the host's own, as those of all columns are: WebAssembly runs on no other machine.
  const words = new Uint32Array(fixed + entries * ENTRY_WORDS);
  const head = [MAGIC, LAYOUT, stated.length, rackCount, agentCount, entries, statements.length];
  let at = 0;
  const put = (list: ArrayLike<number>): void => {
    words.set(list, at);
    at += list.length;
  };
  put(head);
  put(stated);
  put(statements.map(({ totalMib }) => totalMib));
  put(Array.from({ length: agentCount }, (_, row) => rackOf[row] ?? 0));
  put(first.subarray(0, rackCount + 1));
  put(first.subarray(rackCount));
  fill(words.subarray(fixed), content, first);
  return new Uint8Array(words.buffer);
}

function agentCountOf({ statements, rackOf }: ProgramContent): number {
  let count = rackOf.length;
  while (count > 0 && rackOf[count - 1] === 0) count -= 1;
  for (const { agents } of statements) count = Math.max(count, (agents.at(-1)?.agent ?? -1) + 1);
  return count;
}

/** First entry of each rack, of each agent, and the end; no entry is beyond `most`. */
function firstEntries(content: ProgramContent, agentCount: number, most: number): Uint32Array {
  const { statements, rackCount } = content;
  const first = new Uint32Array(rackCount + agentCount + 1);
  for (const { racks, agents } of statements) {
    for (const { rack } of racks) first[rack - 1] = (first[rack - 1] as number) + 1;
    for (const { agent } of agents) {
      first[rackCount + agent] = (first[rackCount + agent] as number) + 1;
    }
  }
  let next = 0;
  for (let at = 0; at < first.length; at++) {
    const count = first[at] as number;
    first[at] = next;
    next = Math.min(next + count, most);
  }
  return first;
}

/** Writes the entries, those of one rack or agent in the order of statements. */
function fill(words: Uint32Array, content: ProgramContent, first: Uint32Array): void {
  const { statements, rackCount } = content;
  const next = first.slice();
  const put = (list: number, statement: number, mib: number, rackMib: number): void => {
    const entry = next[list] as number;
    if (entry === first[list + 1]) return;
    next[list] = entry + 1;
    const at = entry * ENTRY_WORDS;
    words[at] = statement;
    words[at + 1] = mib;
    words[at + 2] = rackMib;
  };
  for (const [n, { racks, agents }] of statements.entries()) {
    for (const { rack, rackMib } of racks) put(rack - 1, n + 1, 0, rackMib);
    for (const { agent, mib, rackMib } of agents) put(rackCount + agent, n + 1, mib, rackMib);
  }
}
