import { afterAll, expect, test } from "vitest";
import { policyPlugin } from "../../authoring/policy-plugin.ts";
import { allocatorRules } from "../../conformance/allocator/rules.ts";
import type { AllocatorSubject } from "../../conformance/allocator/subject.ts";
import { readManifest } from "../../kernel/host/manifest.ts";
import { Workshop } from "../authoring/support/projects.ts";
import { describeWith } from "../support/require.ts";
import { ruleNamed } from "./conform.ts";

/** The policy of the C template with one thing done wrong: what, the rule that sees it, and how. */
type Mistake = readonly [what: string, rule: string, file: string, from: string, to: string];

const cluster = "src/cluster.h";
const policy = "src/policy.c";

/** Lines up the clients, and then in some rounds swaps the first two, if they are alike. */
const swapsFirstTwo = (when: string): string =>
  `  line_up();\n  static uint32_t calls;\n  if (${when} && line_length > 1 &&` +
  " share[line[0]] == share[line[1]]) {\n    uint32_t first = line[0];\n" +
  "    line[0] = line[1];\n    line[1] = first;\n  }\n";

const mistakes: readonly Mistake[] = [
  [
    "gives an agent twice",
    "what it gives is there",
    policy,
    "    decide(agent, client, unreserved);\n",
    "    decide(agent, client, unreserved);\n    decide(agent, client, unreserved);\n",
  ],
  [
    "takes back what it gives",
    "what it takes back was offered",
    cluster,
    "  rows += 1;\n",
    "  rows += 1;\n  decision_agent[rows] = agent;\n  decision_client[rows] = client;\n" +
      "  decision_flags[rows++] = TEPUI_DECISION_RECLAIM;\n",
  ],
  [
    "does not look at filters",
    "an agent that a client filters",
    cluster,
    "return !((filtered",
    "return true || !((filtered",
  ],
  [
    "does not look at limits",
    "no role is given more",
    cluster,
    "if (quantity[kind] > room) quantity[kind] = room;",
    "(void)room;",
  ],
  [
    "does not look at the limits above",
    "no role is given more",
    cluster,
    "for (uint32_t role = client_role[client]; role != 0; role = role_parent[role]) {\n    if (!(",
    "for (uint32_t role = client_role[client]; role != 0; role = 0) {\n    if (!(",
  ],
  [
    "forgets what it gave in the round",
    "no role is given more",
    cluster,
    "    add_to(consumed[role], unreserved);\n",
    "    (void)unreserved;\n",
  ],
  [
    "gives gpus to anybody",
    "agents with gpus",
    cluster,
    "if ((fences & TEPUI_AGENT_GPU_FENCED) && !(able & TEPUI_CLIENT_GPU)) return false;",
    "",
  ],
  [
    "offers what is revocable to anybody",
    "revocable resources",
    cluster,
    "if (client_flags[client] & TEPUI_CLIENT_REVOCABLE) add_to",
    "add_to",
  ],
  [
    "offers the reservations of others",
    "reservations are no reason",
    cluster,
    "if (within(client_role[client], reservation_role[row])) add_to",
    "add_to",
  ],
  [
    "offers refined reservations to anybody",
    "reservations are no reason",
    cluster,
    "if (refined && !(client_flags[client] & TEPUI_CLIENT_REFINEMENT)) continue;",
    "(void)refined;",
  ],
  [
    "offers less than is worth while",
    "nobody is offered less",
    cluster,
    "  if (row == 0) return true;\n",
    "  if (row <= 0x7fffffff) return true;\n",
  ],
  [
    "offers to the suppressed",
    "who is suppressed",
    cluster,
    "(wanted | TEPUI_CLIENT_SUPPRESSED)",
    "wanted",
  ],
  ["offers what drains", "who is suppressed", cluster, "(wanted | TEPUI_AGENT_DRAINING)", "wanted"],
  [
    "compares two kinds of eight",
    "all eight kinds",
    cluster,
    "  for (int kind = 0; kind < TEPUI_KINDS; kind++) {\n    if (quantity[kind] < least[kind])",
    "  for (int kind = 0; kind < 2; kind++) {\n    if (quantity[kind] < least[kind])",
  ],
  ["gives nothing", "what is free is given", policy, "return (int32_t)rows;", "return 0;"],
  [
    "remembers what is not in its state",
    "a successor with its private state",
    policy,
    "  if (share[a] != share[b]) return share[a] < share[b];\n",
    "  static uint32_t calls;\n" +
      "  if (calls++ % 3 == 0) return client_order[a] > client_order[b];\n" +
      "  if (share[a] != share[b]) return share[a] < share[b];\n",
  ],
  [
    "decides otherwise in every second round, where two have the same",
    "a successor with its private state",
    policy,
    "  line_up();\n",
    swapsFirstTwo("++calls % 2 == 0"),
  ],
  [
    "decides otherwise when it is old, where two have the same",
    "a successor with its private state",
    policy,
    "  line_up();\n",
    swapsFirstTwo("++calls > 60"),
  ],
  [
    "refuses its own state",
    "it takes over what it left",
    policy,
    "return known ? TEPUI_ANSWER_OK : TEPUI_ANSWER_UNKNOWN_STATE;",
    "(void)known; return TEPUI_ANSWER_UNKNOWN_STATE;",
  ],
  [
    "takes over the state of any schema",
    "private state of another schema",
    policy,
    "bool known = schema == STATE_SCHEMA && bytes == STATE_BYTES;",
    "bool known = bytes == STATE_BYTES; (void)schema;",
  ],
  [
    "trusts its state",
    "garbage as private state",
    policy,
    "  *rounds += 1;\n",
    "  *rounds += 1;\n  line[*rounds] = 0;\n",
  ],
  [
    "traps where there is no room",
    "init answers",
    "src/tepui_allocator.h",
    "    return TEPUI_ANSWER_NO_ROOM;\n",
    "    __builtin_trap();\n",
  ],
  [
    "has room for small tables only",
    "it starts and lays out its columns at the largest",
    "Makefile",
    "MEMORY = 268435456",
    "MEMORY = 16777216",
  ],
  [
    "has a table of its own that is too small for the largest sizes",
    "it works with every row",
    policy,
    "line = tepui_reserve(clients * sizeof *line);",
    "line = tepui_reserve(4096 * sizeof *line);",
  ],
  [
    "has a table of its own that does not grow",
    "it goes on in a new instance",
    policy,
    "line = tepui_reserve(clients * sizeof *line);",
    "line = tepui_reserve(64 * sizeof *line);",
  ],
  [
    "writes where there is no slot",
    "slots without a meaning",
    policy,
    "  tepui_begin_layout();\n",
    "  tepui_begin_layout();\n  tepui_header[200] = 1;\n",
  ],
  [
    "does not count its steps",
    "a round ends when its steps",
    policy,
    "looked < candidates && steps <= steps_max",
    "looked < candidates && (steps <= steps_max || true)",
  ],
  [
    "counts agents as its steps, and no clients",
    "it works with every row",
    policy,
    "steps += 1 + (agent_ready(agent) ? give(agent) / 8 : 0);",
    "steps += 1;\n    if (agent_ready(agent)) give(agent);",
  ],
  [
    "asks for more without an end",
    "a round ends when its steps",
    policy,
    "tepui_write(TEPUI_SLOT_LOOKED, looked);",
    "tepui_write(TEPUI_SLOT_MORE, 1);\n  tepui_write(TEPUI_SLOT_LOOKED, 0);\n  rows = 0;",
  ],
  [
    "divides by what may be nothing",
    "it bears agents that have nothing",
    policy,
    "if (cluster_total[kind] <= 0 || (only",
    "candidate_rows[(uint32_t)(1e9 / (1 + cluster_total[kind]))] = 0;\n    if ((only",
  ],
  [
    "imports something",
    "the module is one that the ABI admits",
    policy,
    "  *rounds += 1;\n",
    '  __attribute__((import_module("env"), import_name("log"))) void log_round(uint64_t);\n' +
      "  *rounds += 1;\n  log_round(*rounds);\n",
  ],
];

describeWith("clang", "the rules of allocators", () => {
  const workshop = new Workshop();
  afterAll(() => workshop.close());

  async function compiled(name: string, change: Mistake): Promise<AllocatorSubject> {
    const project = workshop.make(name, { kind: "allocator", language: "c" });
    project.edit(change[2], change[3], change[4]);
    project.run("make", "-s", "WARNINGS=");
    const manifest = readManifest(project.folder);
    return { plugin: await policyPlugin(project.folder, manifest, {}), seed: 1, clusters: 6 };
  }

  test.each(mistakes.map((mistake, at) => [...mistake, at] as const))(
    "catch a policy that %s",
    async (...row) => {
      const [what, start, file, from, to, at] = row;
      const subject = await compiled(`mistake-${at}`, [what, start, file, from, to]);
      const broken = ruleNamed(allocatorRules, start).run(subject, () => {});
      await expect(broken).rejects.toMatchObject({ name: "Broken" });
    },
    60_000,
  );

  test.each([
    [
      "RoleConsumed",
      "  __builtin_memcpy(consumed, role_consumed, tepui_read(TEPUI_SLOT_ROLES) *" +
        " sizeof(tepui_vector));\n",
      "  consumed = role_consumed;\n",
    ],
    ["AgentFree", "  rows += 1;\n", "  rows += 1;\n  agent_free[agent][0] = 0;\n"],
  ])(
    "catch a policy that counts down in the column %s, and name it",
    async (column, from, to) => {
      const rule = "rounds whose rows nobody takes";
      const name = `in-${column.toLowerCase()}`;
      const subject = await compiled(name, [column, rule, cluster, from, to]);
      const seen = new RegExp(`it writes into column ${column} \\(row \\d+\\)`);
      const broken = ruleNamed(allocatorRules, rule).run(subject, () => {});
      await expect(broken).rejects.toThrow(seen);
    },
    60_000,
  );
});
