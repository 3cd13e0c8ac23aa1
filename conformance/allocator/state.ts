import type { DecisionRows } from "../../kernel/allocation/policy.ts";
import { DecisionFlag, Slot } from "../../kernel/allocation/slots.ts";
import type { WasmPolicy } from "../../kernel/allocation/wasm-policy.ts";
import { KINDS } from "../../kernel/core/tables/shape.ts";
import { AllocationTables } from "../../kernel/core/tables.ts";
import { Random } from "../random.ts";
import { Broken, type Rule } from "../rule.ts";
import { ALL_FEATURES } from "./features.ts";
import { livingWorlds, type Player } from "./play.ts";
import { type AllocatorSubject, faultless, instanceFor } from "./subject.ts";

/** What a policy remembers, and what it makes of what it is told to remember. */
export const stateRules: readonly Rule<AllocatorSubject>[] = [
  {
    name: "a successor with its private state decides as it does: nothing else is remembered",
    async run(subject) {
      for (const { world, player } of livingWorlds(subject, ALL_FEATURES)) {
        // In every round: a leak may show in every second one only, or where two are alike.
        const successor = successorOf(subject, player);
        const rows = player.round();
        const row = differenceWith(successor, player, rows);
        if (row !== undefined) {
          const seen = "a fresh instance with the same private state decided otherwise";
          throw new Broken(`${seen} ${row}`, player.where);
        }
        world.take(rows);
      }
    },
  },
  {
    name: "rounds whose rows nobody takes, as a shadow's, leave its columns to the master",
    async run(subject) {
      for (const { world, player } of livingWorlds(subject, ALL_FEATURES)) {
        player.round();
        const spoilt = spoiltBy(player);
        world.tables.touchAll();
        const successor = successorOf(subject, player);
        const rows = player.round();
        const row = differenceWith(successor, player, rows);
        if (row !== undefined) {
          const seen = "after a round whose rows were not taken, it decided otherwise than a fresh";
          throw new Broken(`${seen} instance ${row}; ${spoilt}`, player.where);
        }
        world.take(rows);
      }
    },
  },
  {
    name: "it takes over what it left, when it left anything",
    async run(subject, note) {
      const tables = new AllocationTables();
      const { bytes, schema } = instanceFor(subject, tables).snapshot();
      note(bytes.length === 0 ? "no private state" : `${bytes.length} bytes of schema ${schema}`);
      const later = instanceFor(subject, tables);
      if (bytes.length === 0 || faultless(() => later.restore({ bytes, schema }))) return;
      throw new Broken(`restore refuses ${bytes.length} bytes of its own schema ${schema}`);
    },
  },
  {
    name: "private state of another schema is not taken over",
    async run(subject) {
      const tables = new AllocationTables();
      const { bytes, schema } = instanceFor(subject, tables).snapshot();
      if (bytes.length === 0) return;
      for (const other of [schema + 1, schema - 1, 0, 0x7fff_ffff]) {
        if (other === schema) continue;
        const policy = instanceFor(subject, tables);
        if (!faultless(() => policy.restore({ bytes, schema: other }))) continue;
        throw new Broken(`restore takes over schema ${other}, and its own is ${schema}`);
      }
    },
  },
  {
    name: "garbage as private state neither traps it nor makes it give what it must not",
    async run(subject) {
      for (const { world, player } of livingWorlds(subject, ALL_FEATURES)) {
        putGarbage(player);
        world.take(player.round());
      }
    },
  },
];

/** A fresh instance that has taken over the private state. */
function successorOf(subject: AllocatorSubject, player: Player): WasmPolicy {
  const successor = instanceFor(subject, player.tables, player.where);
  const state = player.policy.snapshot();
  faultless(() => successor.restore(state), player.where);
  return successor;
}

/** Has the successor decide the same round; says from which row on it decides otherwise, if so. */
function differenceWith(
  successor: WasmPolicy,
  player: Player,
  rows: DecisionRows,
): string | undefined {
  const { where, tables } = player;
  const again = faultless(() => successor.allocate(tables, player.input()), where);
  const row = firstDifference(rows, again);
  if (row === undefined) return undefined;
  return `from row ${row} on, of ${rows.count} and ${again.count} rows`;
}

/** Which column of the master's it has written into, if any: columns are told by their slots. */
function spoiltBy({ policy }: Player): string {
  const { spoilt } = policy;
  if (spoilt === undefined) return "it remembers something that is not in its private state";
  const [name] = Object.entries(Slot).find(([, slot]) => slot === spoilt.slot) ?? [];
  return `it writes into column ${name} (row ${spoilt.row}), which is the master's: work on a copy`;
}

/** The first row in which two answers differ, or `undefined`. */
function firstDifference(a: DecisionRows, b: DecisionRows): number | undefined {
  const rows = Math.max(a.count, b.count);
  for (let row = 0; row < rows; row++) {
    if (row >= a.count || row >= b.count || textOf(a, row) !== textOf(b, row)) return row;
  }
  return a.looked === b.looked && a.more === b.more ? undefined : rows;
}

function textOf({ agents, clients, flags, amounts }: DecisionRows, row: number): string {
  const isPart = ((flags[row] as number) & (DecisionFlag.WHOLE | DecisionFlag.RECLAIM)) === 0;
  const given = !isPart ? [] : amounts.subarray(row * KINDS, (row + 1) * KINDS);
  return [agents[row], clients[row], flags[row], ...given].join(" ");
}

/** Has it take over random bytes, now and then all ones: the largest count, and no number. */
function putGarbage(player: Player): void {
  const random = new Random(player.where.seed * 1000 + player.where.round);
  const { schema, bytes } = player.policy.snapshot();
  const fill = random.chance(0.3) ? () => 0xff : () => random.below(256);
  faultless(() => player.policy.restore({ schema, bytes: bytes.map(fill) }), player.where);
}
