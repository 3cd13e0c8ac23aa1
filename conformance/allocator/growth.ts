import { Broken, type Rule } from "../rule.ts";
import { ALL_FEATURES } from "./features.ts";
import { Player } from "./play.ts";
import type { AllocatorSubject } from "./subject.ts";
import { World } from "./world.ts";

const LARGE = { agents: 900, clients: 200, roles: 160 };

/** A cluster that outgrows its tables, and with them the instance that was laid out for them. */
export const growthRules: readonly Rule<AllocatorSubject>[] = [
  {
    name: "it goes on in a new instance when the tables grow",
    async run(subject, note) {
      const world = new World(subject.seed, ALL_FEATURES, LARGE);
      const player = new Player(subject, world.tables, subject.seed, world.offers);
      for (let step = 0; step < 10; step++) {
        world.crowd(90, 20, 16);
        world.live();
        world.take(player.round());
      }
      const { generation } = world.tables;
      if (generation < 5) throw new Broken("the tables of this test did not grow");
      note(`${generation} generations of tables`);
    },
  },
];
