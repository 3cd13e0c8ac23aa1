// What a program says, written word by word in the plainest way: the companion is held to it.

/** Data of a statement on one agent, and in the agent's rack; of a rack, `mib` is left out. */
export interface Entry {
  /** From 1. */
  readonly statement: number;
  readonly mib?: number;
  readonly rackMib: number;
}

/** What a program says; rows that say nothing are left out at the end of each list. */
export interface ProgramContent {
  /** Statement of each client, from 1; 0 for none. */
  readonly stated: readonly number[];
  /** MiB that a grant reads in all, by statement. */
  readonly totals: readonly number[];
  /** Rack of each agent row, from 1; 0 for none. */
  readonly rackOf: readonly number[];
  /** Entries of each rack, rack 1 first. */
  readonly racks: readonly (readonly Entry[])[];
  /** Entries by agent row. */
  readonly agents: readonly (readonly Entry[])[];
}

/** The words of a program, little endian, as the README of the policy has them. */
export function programOf(content: ProgramContent): Uint8Array {
  const { stated, totals, rackOf, racks, agents } = content;
  const agentCount = Math.max(rackOf.length, agents.length);
  const allAgents = Array.from({ length: agentCount }, (_, row) => agents[row] ?? []);
  const entries = [...racks.flat(), ...allAgents.flat()];
  const words = [0x59434e51, 2, stated.length, racks.length, agentCount, entries.length];
  words.push(totals.length, ...stated, ...totals);
  words.push(...allAgents.map((_, row) => rackOf[row] ?? 0));
  let next = 0;
  for (const lists of [racks, allAgents]) {
    for (const list of lists) {
      words.push(next);
      next += list.length;
    }
    words.push(next);
  }
  for (const { statement, mib = 0, rackMib } of entries) words.push(statement, mib, rackMib);
  const view = new DataView(new ArrayBuffer(words.length * 4));
  for (const [n, word] of words.entries()) view.setUint32(n * 4, word, true);
  return new Uint8Array(view.buffer);
}
