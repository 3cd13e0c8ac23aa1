import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { describeWith } from "../support/require.ts";
import { until } from "../support/until.ts";
import { startLocalCluster, tepui } from "./support/local-cluster.ts";
import { replayed } from "./support/replayed.ts";

function configFile(config: object): string {
  const file = join(mkdtempSync(join(tmpdir(), "tepui-e2e-")), "config.json");
  writeFileSync(file, JSON.stringify(config));
  return file;
}

describe("the journal of a real master", () => {
  test.each(["drf", "random"])(
    "with %s, two frameworks and a master that was killed, is replayed decision by decision",
    async (name) => {
      const journaled = { enabled: true, segmentSize: "64KB", segments: 20 };
      const master = { policy: { name }, allocationInterval: "200ms", journal: journaled };
      const cluster = await startLocalCluster(2, ["--config", configFile({ master })]);
      const journal = join(cluster.dataDir, "master", "journal");
      try {
        const many = ["--count", "30", "--cpus", "0.1", "--mem", "16"];
        const runs = ["one", "two"].map((role) =>
          cluster.run("run", "--role", role, ...many, "--", "true"),
        );
        for (const { code, stderr } of await Promise.all(runs)) expect(code, stderr).toBe(0);
        const before = cluster.masterPid();
        process.kill(before, "SIGKILL");
        await until("another master", () => ![0, before].includes(cluster.masterPid()));
        const again = await until("a run after that", async () => {
          const done = await cluster.run("run", "--cpus", "0.1", "--mem", "16", "--", "true");
          return done.code === 0 && done;
        });
        expect(again.code).toBe(0);
        // While the second master still writes: what is there is replayed, and its end may be torn.
        const { code, report } = await replayed(journal);
        expect([code, report.ok]).toEqual([0, true]);
        expect(report.stretches).toHaveLength(2);
        const [first, second] = report.stretches;
        expect(first?.run).not.toBe(second?.run);
        expect(first?.files.length).toBeGreaterThan(1);
        expect(first?.decisions).toBeGreaterThan(3);
        expect(second?.rounds).toBeGreaterThan(0);
        const workload = await tepui(["simulate", "extract", journal]).result;
        expect(workload.stdout).toMatch(/^agents kind0 count=/m);
        // The tasks of both masters: a restart is no gap.
        const jobs = workload.stdout.match(/^job "run true.* cpus=0.1.*/gm) ?? [];
        const tasks = jobs.map((job) => Number(/ tasks=(\d+)/.exec(job)?.[1] ?? 1));
        expect(tasks.reduce((sum, each) => sum + each, 0)).toBe(61);
        expect(workload.stderr).not.toContain("not in the workload");
      } finally {
        await cluster.stop();
      }
    },
    180_000,
  );
});

describeWith("tmpfs", "the journal on a full disk", () => {
  test("goes off, and tasks are launched all the same", async () => {
    const dataDir = mkdtempSync(join(tmpdir(), "tepui-e2e-"));
    const [config, folder] = [join(dataDir, "master.json"), join(dataDir, "small")];
    mkdirSync(folder);
    execFileSync("mount", ["-t", "tmpfs", "-o", "size=128k", "tmpfs", folder]);
    const journal = { enabled: true, path: folder };
    writeFileSync(config, JSON.stringify({ dataDir, listen: { port: 0 }, journal }));
    const master = tepui(["master", "--config", config, "-o", "json"]);
    let agent: ReturnType<typeof tepui> | undefined;
    try {
      const ready = await until("the master", () => /^.*(?=\n)/.exec(master.output())?.[0]);
      const { address } = JSON.parse(ready) as { address: string };
      const workDir = join(dataDir, "agent");
      agent = tepui(["agent", "--master", address, "--work-dir", workDir, "--listen-port", "0"]);
      const run = (count: number) => {
        const much = ["--count", String(count), "--cpus", "0.1", "--mem", "16"];
        return tepui(["run", "--master", address, ...much, "--", "true"]).result;
      };
      const first = await run(100);
      expect(first.code, first.stderr).toBe(0);
      const metrics = await (await fetch(`http://${address}/metrics`)).text();
      expect(metrics).toMatch(/^tepui_master_journal_on 0$/m);
      expect(metrics).toMatch(/^tepui_master_journal_failures_total 1$/m);
      const after = await run(1);
      expect(after.code, after.stderr).toBe(0);
      // What was written before is good to its end.
      const { code, report } = await replayed(folder);
      expect([code, report.ok, report.ends]).toEqual([0, true, []]);
    } finally {
      agent?.child.kill("SIGTERM");
      master.child.kill("SIGTERM");
      const [{ stderr }] = await Promise.all([master.result, agent?.result]);
      expect(stderr).toMatch(/"level":50.*the journal is off: ENOSPC/);
      execFileSync("umount", [folder]);
      rmSync(dataDir, { recursive: true, force: true });
    }
  }, 180_000);
});
