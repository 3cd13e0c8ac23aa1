import { AgentFlag, ClientFlag, ROOT_ROLE } from "../../kernel/core/tables/shape.ts";
import { AllocationTables } from "../../kernel/core/tables.ts";
import { Random } from "../random.ts";
import { Broken, type Rule } from "../rule.ts";
import { drawAmounts } from "./draw.ts";
import { ALL_FEATURES, type Features } from "./features.ts";
import { livingWorlds, Player } from "./play.ts";
import type { AllocatorSubject } from "./subject.ts";

/** A rule that holds when every row of every round in clusters with these features verifies. */
function verified(name: string, features: Features): Rule<AllocatorSubject> {
  return {
    name,
    async run(subject, note) {
      let count = 0;
      for (const { world, player } of livingWorlds(subject, features)) {
        const rows = player.round();
        count += rows.count;
        world.take(rows);
      }
      if (count === 0) throw new Broken("it gave nothing in any round", { seed: subject.seed });
      note(`${count} rows`);
    },
  };
}

/** What a policy gives to whom: the verifier of the master looks at every row. */
export const givingRules: readonly Rule<AllocatorSubject>[] = [
  verified("what it gives is there, is given once, and goes to clients that are there", {}),
  verified("an agent that a client filters is not offered to it", { filters: true }),
  verified("no role is given more than its limit, nor more than those above it", {
    limits: true,
    tree: true,
  }),
  verified("guarantees do not make it give what it must not", { guarantees: true, limits: true }),
  verified("agents with gpus and of other regions go only to clients that are able to use them", {
    fences: true,
  }),
  verified("revocable resources are no reason to offer to clients that cannot use them", {
    revocable: true,
  }),
  verified("reservations are no reason to offer to clients that may not have them", {
    reservations: true,
    tree: true,
  }),
  verified("nobody is offered less than the least that is worth their while", { minimums: true }),
  verified("who is suppressed or away gets nothing, and what drains or is off is not offered", {
    standing: true,
  }),
  verified("all eight kinds count", { kinds: true, minimums: true, limits: true }),
  verified("all of it at once", ALL_FEATURES),
  {
    name: "what is free is given, where somebody may have all of it",
    async run(subject) {
      for (let seed = subject.seed; seed < subject.seed + 10; seed++) giveSomething(subject, seed);
    },
  },
];

/** Rounds within which something has to be given that nothing stands in the way of. */
const PATIENCE = 8;

function giveSomething(subject: AllocatorSubject, seed: number): void {
  const random = new Random(seed);
  const tables = new AllocationTables();
  const role = tables.addRole(ROOT_ROLE, "a") as number;
  const clients = 1 + random.below(3);
  for (let n = 0; n < clients; n++) {
    tables.addClient({ role, framework: n, submitOrder: n, flags: ClientFlag.ACTIVE });
  }
  const agent = tables.addAgent(AgentFlag.ACTIVE) as number;
  const total = drawAmounts(random, 32, {}).map((amount, kind) => (kind < 2 ? amount + 1000 : 0));
  tables.setAgentTotal(agent, total);
  tables.setAgentFree(agent, total);
  const player = new Player(subject, tables, seed);
  for (let round = 0; round < PATIENCE; round++) {
    tables.touchAll();
    const rows = player.round();
    if (rows.count > 0) return;
    tables.dropCandidates(rows.looked);
  }
  const seen = `${PATIENCE} rounds gave nothing of an idle agent to ${clients} ready clients`;
  throw new Broken(seen, player.where);
}
