import { DecisionFlag } from "../../kernel/allocation/slots.ts";
import { Random } from "../random.ts";
import { Broken, type Rule } from "../rule.ts";
import { livingWorlds, Player } from "./play.ts";
import type { AllocatorSubject } from "./subject.ts";
import { World } from "./world.ts";

/** Rounds after which a policy must leave offers alone that nobody answers, and for how many. */
const SETTLED = { after: 60, for: 20 };

/** What a policy takes back of what it gave. Those that take nothing back keep all of it. */
export const reclaimRules: readonly Rule<AllocatorSubject>[] = [
  {
    name: "what it takes back was offered and is not answered, and is taken once",
    async run(subject, note) {
      let count = 0;
      const features = { guarantees: true, limits: true, tree: true, filters: true };
      for (const { world, player } of livingWorlds(subject, features)) {
        const rows = player.round();
        count += takesIn(rows);
        world.take(rows);
      }
      note(`${count} rows that take back`);
    },
  },
  {
    name: "it comes to rest where nobody answers, instead of taking back for ever what it gives",
    async run(subject) {
      for (let seed = subject.seed; seed < subject.seed + 10; seed++) comeToRest(subject, seed);
    },
  },
];

function takesIn({ count, flags }: { count: number; flags: Uint32Array }): number {
  return flags.subarray(0, count).filter((bits) => (bits & DecisionFlag.RECLAIM) !== 0).length;
}

/** First some have everything, then others come, and from then on nobody does anything. */
function comeToRest(subject: AllocatorSubject, seed: number): void {
  const random = new Random(seed);
  const world = new World(seed, { tree: true, guarantees: random.chance(0.5) });
  const player = new Player(subject, world.tables, seed, world.offers);
  const { after, for: rounds } = SETTLED;
  for (let round = 0; round < after + rounds; round++) {
    if (round === 10) world.crowd(4, 8, 4);
    world.pass();
    world.tables.touchAll();
    for (const { agent } of world.offers) world.tables.touchAgent(agent);
    if (world.tables.candidates.length === 0) continue;
    const rows = player.round();
    if (round >= after && takesIn(rows) > 0) {
      const seen = `it takes back offers still, ${round} rounds after nobody answered any`;
      throw new Broken(seen, player.where);
    }
    world.take(rows);
  }
}
