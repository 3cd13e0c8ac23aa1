import { spawn } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { until } from "../support/until.ts";
import { startLocalCluster, tepui } from "./support/local-cluster.ts";

const CLI = join(fileURLToPath(new URL("../../", import.meta.url)), "dist", "cli", "main.js");

interface Replayed {
  readonly ok: boolean;
  readonly stretches: readonly {
    readonly run: string;
    readonly files: readonly string[];
    readonly rounds: number;
    readonly decisions: number;
  }[];
}

function configFile(config: object): string {
  const file = join(mkdtempSync(join(tmpdir(), "tepui-e2e-")), "config.json");
  writeFileSync(file, JSON.stringify(config));
  return file;
}

async function replayed(journal: string): Promise<{ code: number | null; report: Replayed }> {
  const { code, stdout } = await tepui(["replay", journal, "-o", "json"]).result;
  return { code, report: JSON.parse(stdout) as Replayed };
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
        expect(workload.stdout).toMatch(/^job run_true.* cpus=0.1/m);
      } finally {
        await cluster.stop();
      }
    },
    180_000,
  );
});

test("a journal on a full disk goes off, and tasks are launched all the same", async () => {
  const dataDir = mkdtempSync(join(tmpdir(), "tepui-e2e-"));
  const config = join(dataDir, "master.json");
  const journal = { enabled: true, segmentSize: "64MB" };
  writeFileSync(config, JSON.stringify({ dataDir, listen: { port: 0 }, journal }));
  // No file of this process can be larger than so many KB: its writes fail as on a full disk.
  const start = `"${process.execPath}" "${CLI}" master --config "${config}" -o json`;
  const command = `ulimit -f 128; exec ${start}`;
  const master = spawn("bash", ["-c", command], { stdio: ["ignore", "pipe", "pipe"] });
  let [out, log] = ["", ""];
  master.stdout.on("data", (text) => {
    out += text;
  });
  master.stderr.on("data", (text) => {
    log += text;
  });
  const closed = new Promise((resolve) => master.on("close", resolve));
  const ended: Promise<unknown>[] = [closed];
  let agent: ReturnType<typeof tepui> | undefined;
  try {
    const ready = await until("the master", () => out.includes("\n") && out.split("\n")[0]);
    const { address } = JSON.parse(ready) as { address: string };
    const workDir = join(dataDir, "agent");
    agent = tepui(["agent", "--master", address, "--work-dir", workDir, "--listen-port", "0"]);
    ended.push(agent.result);
    const run = ["run", "--master", address, "--count", "100", "--cpus", "0.1", "--mem", "16"];
    const { code, stderr } = await tepui([...run, "--", "true"]).result;
    expect(code, stderr).toBe(0);
    const metrics = await (await fetch(`http://${address}/metrics`)).text();
    expect(metrics).toMatch(/^tepui_master_journal_on 0$/m);
    expect(metrics).toMatch(/^tepui_master_journal_failures_total 1$/m);
    expect(log).toMatch(/"level":50.*the journal is off: EFBIG/);
    // What was written before is good to its end.
    const [file = ""] = readdirSync(join(dataDir, "journal"));
    expect(readFileSync(join(dataDir, "journal", file)).length).toBeLessThanOrEqual(128 << 10);
    const { code: replay, report } = await replayed(join(dataDir, "journal"));
    expect([replay, report.ok]).toEqual([0, true]);
    const after = await tepui([...run.slice(0, 3), "--cpus", "0.1", "--mem", "16", "--", "true"])
      .result;
    expect(after.code, after.stderr).toBe(0);
  } finally {
    agent?.child.kill("SIGTERM");
    master.kill("SIGTERM");
    await Promise.all(ended);
    rmSync(dataDir, { recursive: true, force: true });
  }
}, 180_000);
