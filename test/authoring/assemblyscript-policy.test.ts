import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { runCli } from "../cli/run-cli.ts";
import { brokenRules, conformanceReport } from "./support/conformance-report.ts";
import { type Project, Workshop } from "./support/projects.ts";

const workshop = new Workshop();
let project: Project;
beforeAll(() => {
  project = workshop.make("as-fair", { kind: "allocator" });
});
afterAll(() => workshop.close());

test("a policy in AssemblyScript builds, and passes its own tests on a debug build", () => {
  project.run("npm", "run", "--silent", "build");
  expect(project.run("npm", "test", "--silent")).toMatch(/^# fail 0$/m);
}, 120_000);

test("an assertion that fails in the debug build says where", () => {
  const wrong = workshop.make("as-wrong", { kind: "allocator" });
  wrong.edit("assembly/policy.ts", "  lineUp();\n", '  lineUp();\n  assert(false, "no line");\n');
  expect(() => wrong.run("npm", "test", "--silent")).toThrow(/no line.*assembly\/policy\.ts/s);
}, 120_000);

test("it keeps every rule of the port", async () => {
  const report = await conformanceReport(project.folder, "--no-build", "--clusters", "4");
  expect(brokenRules(report)).toEqual([]);
}, 120_000);

test("a rule that is broken is named, with what was wrong, its code, seed and round", async () => {
  const wrong = workshop.make("as-greedy", { kind: "allocator" });
  wrong.edit(
    "assembly/cluster.ts",
    "  return ((word(bits, client >> 5) >> (client & 31)) & 1) == 0;\n",
    "  return true;\n",
  );
  const only = ["--only", "an agent that a client filters"];
  const report = await conformanceReport(wrong.folder, ...only, "--seed", "7");
  const [filters] = report.rules;
  expect(filters).toMatchObject({
    ok: false,
    code: "POLICY_BAD_ROW",
    problem: expect.stringMatching(/client \d+ filters agent \d+/),
  });
  expect(filters?.seed).toBeGreaterThanOrEqual(7);
  expect(filters?.round).toBeGreaterThan(0);
  // The seed and one cluster are enough to see it again, and the report says so to people too.
  const again = ["--no-build", "--clusters", "1", "--seed", String(filters?.seed)];
  const run = await runCli(["plugin", "test", wrong.folder, ...only, ...again]);
  expect(run.code).toBe(78);
  expect(run.out).toMatch(/^broken {2}an agent that a client filters/m);
  expect(run.out).toContain(`[POLICY_BAD_ROW], seed ${filters?.seed}, round ${filters?.round})`);
}, 120_000);

test("rules can be picked by what they say, when there are such", async () => {
  const words = ["plugin", "test", project.folder, "--no-build", "--only"];
  const some = await runCli([...words, "it bears"]);
  expect([some.code, some.out]).toEqual([0, expect.stringContaining("11 of 11 rules are kept")]);
  const none = await runCli([...words, "it flies"]);
  expect([none.code, none.error]).toEqual([2, expect.stringContaining('"it flies"')]);
});

test("its speed is compared with that of the shipped policies, at the sizes that are asked for", async () => {
  const words = ["plugin", "bench", project.folder, "--no-build", "--rounds", "3"];
  const run = await runCli([...words, "--sizes", "100x5,200x10", "-o", "json"]);
  expect(run.error).toBe("");
  const { rows } = JSON.parse(run.out) as {
    rows: { policy: string; agents: number; fullMs: number; decisionsHash: string }[];
  };
  const shipped = readdirSync(new URL("../../plugins/allocators/", import.meta.url));
  for (const agents of [100, 200]) {
    const at = rows.filter((row) => row.agents === agents);
    expect(at.map(({ policy }) => policy)).toEqual(["as-fair", ...shipped]);
    expect(at.every(({ fullMs }) => fullMs > 0)).toBe(true);
  }
  const table = await runCli([...words, "--sizes", "100x5"]);
  expect(table.out).toMatch(/^AGENTS {2}FRAMEWORKS {2}POLICY +FULL MS/);
  const wrong = await runCli([...words, "--sizes", "100by5"]);
  expect([wrong.code, wrong.error]).toEqual([2, expect.stringContaining("100by5")]);
}, 120_000);

test("it is packed with the digest of its module, and with nothing else", async () => {
  const out = join(workshop.folder, "as-packed");
  const words = ["plugin", "pack", project.folder, "--no-build", "--out", out];
  expect((await runCli(words)).code).toBe(0);
  expect(readdirSync(out).sort()).toEqual(["plugin.json", "policy.wasm"]);
  const module = readFileSync(join(out, "policy.wasm"));
  expect(JSON.parse(readFileSync(join(out, "plugin.json"), "utf8"))).toMatchObject({
    name: "as-fair",
    digest: createHash("sha256").update(module).digest("hex"),
  });
});
