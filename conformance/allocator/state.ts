import type { DecisionRows } from "../../kernel/allocation/policy.ts";
import { DecisionFlag } from "../../kernel/allocation/slots.ts";
import type { WasmPolicy } from "../../kernel/allocation/wasm-policy.ts";
import { KINDS } from "../../kernel/core/tables/shape.ts";
import { AllocationTables } from "../../kernel/core/tables.ts";
import { Random } from "../random.ts";
import { Broken, type Rule } from "../rule.ts";
import { ALL_FEATURES } from "./features.ts";
import { livingWorlds, type Player } from "./play.ts";
import { type AllocatorSubject, faultless, instanceFor } from "./subject.ts";

/** Every so many rounds a successor takes over and is compared. */
const SUCCESSION = 5;

/** What a policy remembers, and what it makes of what it is told to remember. */
export const stateRules: readonly Rule<AllocatorSubject>[] = [
  {
    name: "a successor with its private state decides as it does: nothing else is remembered",
    async run(subject) {
      for (const { world, player } of livingWorlds(subject, ALL_FEATURES)) {
        const isDue = player.where.round % SUCCESSION === SUCCESSION - 1;
        const successor = isDue ? successorOf(subject, player) : undefined;
        const rows = player.round();
        if (successor !== undefined) compareWithSuccessor(player, rows, successor);
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

function compareWithSuccessor(player: Player, rows: DecisionRows, successor: WasmPolicy): void {
  const { where, tables } = player;
  const again = faultless(() => successor.allocate(tables, player.input()), where);
  const row = firstDifference(rows, again);
  if (row === undefined) return;
  const seen = `decided otherwise from row ${row} on, of ${rows.count} and ${again.count} rows`;
  throw new Broken(`a fresh instance with the same private state ${seen}`, where);
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
