/** "QNCY" in ASCII, the first word of a program. */
const MAGIC = 0x59434e51;
const LAYOUT = 1;
const HEAD_WORDS = 6;
const ENTRY_WORDS = 3;

/** Data of a client on one agent, and in the agent's rack. */
export interface AgentEntry {
  readonly client: number;
  readonly mib: number;
  readonly rackMib: number;
}

/** Data of a client in a rack. */
export interface RackEntry {
  readonly client: number;
  readonly rackMib: number;
}

/** What a program says; rows that say nothing may be left out at the end of each list. */
export interface ProgramContent {
  /** MiB that a grant reads in all, by client row. */
  readonly totals: readonly number[];
  /** Rack of each agent row, from 1; 0 for none. */
  readonly rackOf: readonly number[];
  /** Entries of each rack, rack 1 first. */
  readonly racks: readonly (readonly RackEntry[])[];
  /** Entries by agent row. */
  readonly agents: readonly (readonly AgentEntry[])[];
}

/** Bytes that a program takes beside its entries, and with each entry. */
export function bytesOf(content: ProgramContent): {
  readonly fixed: number;
  readonly each: number;
} {
  const { totals, racks } = content;
  const words = HEAD_WORDS + totals.length + agentCount(content) * 2 + racks.length + 2;
  return { fixed: words * 4, each: ENTRY_WORDS * 4 };
}

function agentCount({ rackOf, agents }: ProgramContent): number {
  return Math.max(rackOf.length, agents.length);
}

/**
 * Writes a program as the policy reads it, little endian words:
 *
 * magic, layout, clients, racks, agents, entries; totals by client; rack by agent; first entry of
 * each rack and the end of the last; first entry of each agent and the end of the last; entries of
 * three words each: client, MiB on the agent, MiB in the rack.
 */
export function writeProgram(content: ProgramContent): Uint8Array {
  const { totals, rackOf, racks, agents } = content;
  const count = agentCount(content);
  const entries = [...racks, ...agents].reduce((sum, list) => sum + list.length, 0);
  const { fixed, each } = bytesOf(content);
  const view = new DataView(new ArrayBuffer(fixed + entries * each));
  let at = 0;
  const put = (word: number): void => {
    view.setUint32(at, word, true);
    at += 4;
  };
  for (const word of [MAGIC, LAYOUT, totals.length, racks.length, count, entries]) put(word);
  for (const total of totals) put(total);
  for (let row = 0; row < count; row++) put(rackOf[row] ?? 0);
  let next = 0;
  for (const list of racks) {
    put(next);
    next += list.length;
  }
  put(next);
  for (let row = 0; row < count; row++) {
    put(next);
    next += agents[row]?.length ?? 0;
  }
  put(next);
  for (const { client, rackMib } of racks.flat())
    for (const word of [client, 0, rackMib]) put(word);
  for (let row = 0; row < count; row++) {
    for (const { client, mib, rackMib } of agents[row] ?? []) {
      for (const word of [client, mib, rackMib]) put(word);
    }
  }
  return new Uint8Array(view.buffer);
}
