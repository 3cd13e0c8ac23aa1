import { POLICY_DEADLINE_MS } from "../../kernel/allocation/spec.ts";
import { AgentFlag, KINDS, LARGEST_SIZES, ROOT_ROLE } from "../../kernel/core/tables/shape.ts";
import { AllocationTables } from "../../kernel/core/tables.ts";
import { ROUND_STEPS_MAX } from "../../kernel/io/rounds.ts";
import { Random } from "../random.ts";
import { Broken, type Rule } from "../rule.ts";
import { takeGrant } from "./books.ts";
import { drawAmounts, drawClientFlags, drawPart } from "./draw.ts";
import { ALL_FEATURES } from "./features.ts";
import { Player } from "./play.ts";
import type { AllocatorSubject } from "./subject.ts";

/** Rounds over full tables; most policies need more of them to look at every agent once. */
const ROUNDS = 10;

/** Every column at its largest: tables that overlap show only where they are full. */
export const fullTableRules: readonly Rule<AllocatorSubject>[] = [
  {
    name: "it works with every row of every table in use",
    async run(subject, note) {
      const tables = fullTables(subject.seed);
      const player = new Player(subject, tables, subject.seed);
      const tookMs: number[] = [];
      let [looked, decided] = [0, 0];
      for (let round = 0; round < ROUNDS && tables.candidates.length > 0; round++) {
        const startMs = performance.now();
        const rows = player.round(ROUND_STEPS_MAX);
        tookMs.push(performance.now() - startMs);
        looked += rows.looked;
        decided += rows.count;
        for (let row = 0; row < rows.count; row++) takeGrant(tables, rows, row);
        tables.dropCandidates(rows.looked);
      }
      const medianMs = tookMs.sort((a, b) => a - b)[tookMs.length >> 1] ?? 0;
      const mostMs = tookMs.at(-1) ?? 0;
      note(`${looked} agents looked at, ${decided} rows, at most ${Math.round(mostMs)} ms a round`);
      if (decided === 0) throw new Broken(`${ROUNDS} rounds gave nothing to anybody`);
      if (medianMs <= POLICY_DEADLINE_MS) return;
      throw new Broken(
        `half of its rounds take ${Math.round(medianMs)} ms, and a master stops it after ` +
          `${POLICY_DEADLINE_MS}; do its steps count all that it does, for clients that are ` +
          "passed over, too?",
        { seed: subject.seed },
      );
    },
  },
];

/** Tables without room for another row, with everything that rows can say. */
function fullTables(seed: number): AllocationTables {
  const random = new Random(seed);
  const tables = new AllocationTables(LARGEST_SIZES);
  for (const name of ["a", "b", "c", "d"]) tables.kindOf(name);
  addRoles(tables, random);
  addClients(tables, random);
  addAgents(tables, random);
  return tables;
}

function addRoles(tables: AllocationTables, random: Random): void {
  for (let n = 1; n < LARGEST_SIZES.roles; n++) {
    const parent = n > 100 && random.chance(0.5) ? 1 + random.below(100) : ROOT_ROLE;
    const row = tables.addRole(parent, `${n}`) as number;
    tables.roles.weight[row] = 1 + random.below(4);
    if (!random.chance(0.1)) continue;
    const limit = drawAmounts(random, 500, {}).map((amount) => amount || Number.POSITIVE_INFINITY);
    tables.roles.setQuota(row, drawAmounts(random, 2, {}), limit);
  }
}

function addClients(tables: AllocationTables, random: Random): void {
  const { clients, roles, alternatives } = LARGEST_SIZES;
  for (let n = 0; n < clients; n++) {
    const role = 1 + random.below(roles - 1);
    const flags = drawClientFlags(random, ALL_FEATURES);
    const row = tables.addClient({ role, framework: n, submitOrder: n, flags }) as number;
    const count = n < alternatives - clients - 1 ? 2 : 1;
    const least = Array.from({ length: count }, () => drawAmounts(random, 2, {}));
    tables.setMinAllocatable(row, least);
  }
}

function addAgents(tables: AllocationTables, random: Random): void {
  const { agents, reservations, attributes, roles, clients } = LARGEST_SIZES;
  const perAgent = Math.floor((attributes - 1) / agents);
  for (let n = 0; n < agents; n++) {
    const flags = random.chance(0.1) ? AgentFlag.GPU_FENCED : 0;
    const agent = tables.addAgent(AgentFlag.ACTIVE | flags) as number;
    const total = drawAmounts(random, 64, ALL_FEATURES);
    tables.setAgentTotal(agent, total);
    tables.setAgentFree(agent, total);
    if (n % 4 === 0) tables.setAgentRevocable(agent, drawAmounts(random, 4, {}));
    const held = n < reservations - agents - 1 ? 2 : 1;
    for (let of = 0; of < held; of++) {
      const role = 1 + ((n * 7 + of * 5_003) % (roles - 1));
      const part = drawPart(
        random,
        tables.agents.free.subarray(agent * KINDS, (agent + 1) * KINDS),
      );
      part[0] = Math.max(part[0] as number, 1);
      tables.setReservation(agent, role, part, part, random.chance(0.2));
    }
    const values = Array.from({ length: perAgent }, (_, name) => ({
      name: `attribute-${name}`,
      ...(random.chance(0.5) ? { text: `text-${random.below(9)}` } : { number: n }),
    }));
    tables.describeAgent(agent, { hostname: `agent-${n}` }, values);
    for (let filter = 0; filter < 20; filter++) {
      tables.filters.set(random.below(clients), agent, true);
    }
  }
}
