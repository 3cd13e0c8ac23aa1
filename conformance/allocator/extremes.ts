import { AgentFlag, ClientFlag, KINDS, ROOT_ROLE } from "../../kernel/core/tables/shape.ts";
import { AllocationTables } from "../../kernel/core/tables.ts";
import type { Rule } from "../rule.ts";
import { MANY_STEPS, Player } from "./play.ts";
import type { AllocatorSubject } from "./subject.ts";

/** More than any agent has, and still an exact integer after it was added up a few times. */
const HUGE = 2 ** 49;

const all = (amount: number): Float64Array => new Float64Array(KINDS).fill(amount);

/** Makes a cluster that is far from what anybody runs. */
type Extreme = readonly [what: string, make: (tables: AllocationTables) => void];

const extremes: readonly Extreme[] = [
  ["agents that have nothing", (tables) => addAgents(tables, 3, all(0))],
  [
    "one thousandth of everything",
    (tables) => {
      addAgents(tables, 3, all(1));
      tables.setDefaultMinAllocatable([]);
    },
  ],
  ["agents of 2^49 thousandths", (tables) => addAgents(tables, 3, all(HUGE))],
  [
    "weights of a millionth and of a million",
    (tables) => {
      addAgents(tables, 6, all(1_000_000));
      tables.setRoleWeight(1, 1e-6);
      tables.setRoleWeight(2, 1e6);
    },
  ],
  [
    "limits of 0 and guarantees that cannot be had",
    (tables) => {
      addAgents(tables, 6, all(1_000_000));
      tables.setRoleQuota(1, undefined, all(0));
      tables.setRoleQuota(2, all(HUGE), undefined);
      tables.setRoleQuota(3, all(HUGE), all(1));
    },
  ],
  [
    "minimums that nobody can meet",
    (tables) => {
      addAgents(tables, 6, all(1_000_000));
      tables.setDefaultMinAllocatable([all(HUGE)]);
      tables.setMinAllocatable(0, [all(HUGE), all(0)]);
    },
  ],
  [
    "every pair filtered",
    (tables) => {
      addAgents(tables, 40, all(1_000_000));
      for (let agent = 0; agent < 40; agent++) {
        for (let client = 0; client < 6; client++) tables.setFiltered(client, agent, true);
      }
    },
  ],
  [
    "a role tree of sixty levels",
    (tables) => {
      let parent = 1;
      for (let level = 0; level < 60; level++) {
        parent = tables.addRole(parent, `${tables.roles.names[parent]}/x`) as number;
      }
      tables.setRoleQuota(1, undefined, all(700_000));
      const flags = ClientFlag.ACTIVE;
      tables.addClient({ role: parent, framework: 9, submitOrder: 9, flags });
      addAgents(tables, 6, all(300_000));
    },
  ],
  [
    "grants and priorities beyond 2^40",
    (tables) => {
      addAgents(tables, 6, all(1_000_000));
      tables.clients.allocations.fill(2 ** 41, 0, 6);
      tables.roles.allocations.fill(2 ** 41, 0, 4);
      for (let client = 0; client < 6; client++) tables.setPriority(client, -(2 ** 41) * client);
    },
  ],
  [
    "nobody to give to",
    (tables) => {
      addAgents(tables, 3, all(1_000));
      for (let client = 0; client < 6; client++) tables.removeClient(client);
    },
  ],
  ["nothing to give", () => {}],
];

/** Values at the ends of their ranges. */
export const extremeRules: readonly Rule<AllocatorSubject>[] = extremes.map(([what, make]) => ({
  name: `it bears ${what}`,
  async run(subject) {
    const tables = cluster();
    make(tables);
    const player = new Player(subject, tables, subject.seed);
    for (const stepsMax of [MANY_STEPS, 0, 1]) {
      tables.touchAll();
      tables.dropCandidates(player.round(stepsMax).looked);
    }
  },
}));

/** Six clients in three roles, and no agents. */
function cluster(): AllocationTables {
  const tables = new AllocationTables();
  for (const name of ["a", "b", "c", "d"]) tables.kindOf(name);
  for (let n = 0; n < 3; n++) tables.addRole(ROOT_ROLE, `role-${n}`);
  for (let n = 0; n < 6; n++) {
    const flags = ClientFlag.ACTIVE | (n % 2 === 0 ? ClientFlag.GPU | ClientFlag.REVOCABLE : 0);
    tables.addClient({ role: 1 + (n % 3), framework: n, submitOrder: n, flags });
  }
  return tables;
}

function addAgents(tables: AllocationTables, count: number, amounts: Float64Array): void {
  for (let n = 0; n < count; n++) {
    const row = tables.addAgent(AgentFlag.ACTIVE) as number;
    tables.setAgentTotal(row, amounts);
    tables.setAgentFree(row, amounts);
  }
}
