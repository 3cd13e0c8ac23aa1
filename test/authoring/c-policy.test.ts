import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { runCli } from "../cli/run-cli.ts";
import { type LocalCluster, startLocalCluster } from "../e2e/support/local-cluster.ts";
import { describeWith } from "../support/require.ts";
import { brokenRules, conformanceReport } from "./support/conformance-report.ts";
import { type Project, Workshop } from "./support/projects.ts";

// A policy that shares no line with ours, from another compiler: the ABI belongs to no language.
describeWith("clang", "a policy in C", () => {
  const workshop = new Workshop();
  let project: Project;
  const packed = join(workshop.folder, "packed");
  beforeAll(() => {
    project = workshop.make("c-fair", { kind: "allocator", language: "c" });
  });
  afterAll(() => workshop.close());

  test("builds, and passes its own tests", () => {
    project.run("make", "-s");
    expect(project.run("make", "-s", "test")).toMatch(/^# fail 0$/m);
  });

  test("keeps every rule of the port", async () => {
    const report = await conformanceReport(project.folder, "--clusters", "4");
    expect(brokenRules(report)).toEqual([]);
    expect(report.rules.length).toBeGreaterThan(30);
  }, 120_000);

  test("packs into a folder that is admitted", async () => {
    expect((await runCli(["plugin", "pack", project.folder, "--out", packed])).code).toBe(0);
    const checked = await runCli(["plugin", "validate", packed, "-o", "json"]);
    expect(JSON.parse(checked.out)).toMatchObject({ ok: true, name: "c-fair", kind: "allocator" });
  });

  test("decides on a live master what its tasks run on", async () => {
    const config = join(workshop.folder, "local.json");
    writeFileSync(config, JSON.stringify({ master: { policy: { name: packed } } }));
    const cluster: LocalCluster = await startLocalCluster(2, ["--config", config]);
    try {
      const words = ["run", "--count", "40", "--cpus", "0.1", "--mem", "16", "-o", "json"];
      const { stdout, code } = await cluster.run(...words, "--", "true");
      expect(code).toBe(0);
      const { tasks } = JSON.parse(stdout) as { tasks: { state: string }[] };
      expect(tasks.map(({ state }) => state)).toEqual(Array(40).fill("TASK_FINISHED"));
      const metrics = await (await fetch(`http://${cluster.address}/metrics`)).text();
      expect(metrics).toMatch(/allocation_decisions_total\{policy="c-fair"\} [1-9]/);
      expect(metrics).not.toMatch(/allocation_rounds_lost_total\{.*\} [1-9]/);
      expect(metrics).not.toMatch(/policy="built-in"/);
    } finally {
      await cluster.stop();
    }
  }, 120_000);

  test("is promoted on a live master, and decides from then on", async () => {
    const cluster: LocalCluster = await startLocalCluster(2);
    const run = async (...words: string[]): Promise<string> => {
      const { code, stdout, stderr } = await cluster.run(...words);
      if (code !== 0) throw new Error(`${words.join(" ")}: ${stderr}`);
      return stdout;
    };
    try {
      await run("policy", "load", packed);
      await run("policy", "promote", "c-fair");
      const words = ["run", "--count", "40", "--cpus", "0.1", "--mem", "16", "-o", "json"];
      const { tasks } = JSON.parse(await run(...words, "--", "true")) as {
        tasks: { state: string }[];
      };
      expect(tasks.map(({ state }) => state)).toEqual(Array(40).fill("TASK_FINISHED"));
      const { events } = JSON.parse(await run("policy", "history", "-o", "json")) as {
        events: { what: string; name: string }[];
      };
      expect(events.map(({ what, name }) => `${what} ${name}`)).toEqual([
        "started drf",
        "loaded c-fair",
        "promoted c-fair",
      ]);
      const metrics = await (await fetch(`http://${cluster.address}/metrics`)).text();
      expect(metrics).toMatch(/allocation_decisions_total\{policy="c-fair"\} [1-9]/);
    } finally {
      await cluster.stop();
    }
  }, 120_000);
});
