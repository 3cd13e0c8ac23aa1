import { existsSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { runCli } from "../cli/run-cli.ts";
import { startLocalCluster, tepui } from "../e2e/support/local-cluster.ts";
import { brokenRules, conformanceReport } from "./support/conformance-report.ts";
import { type Project, Workshop } from "./support/projects.ts";

const workshop = new Workshop();
afterAll(() => workshop.close());

const packedIn = (kind: string): string => join(workshop.folder, `${kind}-packed`);

const kinds = [
  ["isolator", 9, ["index.mjs"]],
  ["transport", 47, ["frames.mjs", "index.mjs"]],
  ["coordinator", 7, ["index.mjs", "lock.mjs", "store.mjs"]],
] as const;

describe.each(kinds)("the %s that is begun with", (kind, rules, modules) => {
  let project: Project;
  beforeAll(() => {
    project = workshop.make(`my-${kind}`, { kind });
  });

  test("builds against the published types, and passes its own tests", () => {
    expect(project.run("npm", "test", "--silent")).toMatch(/^# fail 0$/m);
  }, 120_000);

  test("keeps every rule of its port", async () => {
    const report = await conformanceReport(project.folder, "--no-build");
    expect(brokenRules(report)).toEqual([]);
    expect(report.rules).toHaveLength(rules);
  }, 180_000);

  test("packs into what is loaded and nothing else, and is admitted", async () => {
    const out = packedIn(kind);
    const words = ["plugin", "pack", project.folder, "--no-build", "--out", out, "-o", "json"];
    expect(JSON.parse((await runCli(words)).out)).toMatchObject({ kind, packages: [] });
    expect(readdirSync(out).sort()).toEqual(["dist", "plugin.json"]);
    expect(readdirSync(join(out, "dist")).sort()).toEqual(modules);
    expect((await runCli(["plugin", "validate", out])).code).toBe(0);
  });
});

test("what authors packed is what a master and its agents run with", async () => {
  const config = join(workshop.folder, "local.json");
  const entries = (...names: string[]) => names.map((plugin) => ({ plugin }));
  const master = { plugins: entries("uws-msgpack", packedIn("coordinator")) };
  const isolator = { plugin: packedIn("isolator"), config: { niceness: 13 } };
  const agent = { plugins: [...entries("uws-msgpack", "process"), isolator] };
  writeFileSync(config, JSON.stringify({ master, agent }));
  const cluster = await startLocalCluster(1, ["--config", config]);
  try {
    const { stdout, code } = await cluster.run("run", "--", "nice");
    expect([code, stdout.trim()]).toEqual([0, "13"]);
    expect(existsSync(join(cluster.dataDir, "master", "registry", "registry"))).toBe(true);
  } finally {
    await cluster.stop();
  }
}, 120_000);

describe("a plugin that breaks a rule is caught:", () => {
  test("an isolator", async () => {
    const project = workshop.make("stubborn", { kind: "isolator" });
    project.edit("src/index.mts", "    signal.throwIfAborted();\n", "    void signal;\n");
    const report = await conformanceReport(project.folder, "--only", "prepare that was called off");
    expect(brokenRules(report)).toEqual([expect.stringContaining("Missing expected rejection")]);
  }, 60_000);

  test("a coordinator", async () => {
    const project = workshop.make("trusting", { kind: "coordinator" });
    project.edit("src/index.mts", "if (epoch !== this.#store.epoch)", "if (epoch < 0)");
    const report = await conformanceReport(project.folder, "--only", "a deposed leader");
    expect(brokenRules(report)).toHaveLength(1);
  }, 60_000);

  test("a transport", async () => {
    const project = workshop.make("rushed", { kind: "transport" });
    project.edit("src/frames.mts", "bytes.readUInt16BE(0)", "1000 + 0 * bytes.length");
    const report = await conformanceReport(project.folder, "--only", "a text frame ends");
    expect(brokenRules(report)).toEqual([expect.stringContaining("FRAME_NOT_BINARY")]);
  }, 60_000);
});

test("a plugin that cannot be started is refused with its code, before any rule", async () => {
  const project = workshop.make("sulking", { kind: "isolator" });
  project.edit("src/index.mts", '"/usr/bin/nice"', '"/usr/bin/no-such-nice"');
  const run = await tepui(["plugin", "test", project.folder]).result;
  expect([run.code, run.stderr]).toEqual([78, expect.stringContaining("PLUGIN_START_FAILED")]);
}, 60_000);

test("a kind of plugin that has no rules is refused", async () => {
  const project = workshop.make("hooked", { kind: "isolator" });
  project.edit("plugin.json", '"kind": "isolator"', '"kind": "hook"');
  const run = await runCli(["plugin", "test", project.folder, "--no-build"]);
  expect([run.code, run.error]).toEqual([78, expect.stringContaining("PLUGIN_KIND_WRONG")]);
});
