import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { pause, until } from "../support/until.ts";
import type { LocalCluster } from "./support/local-cluster.ts";
import { forAllTests } from "./support/suite-cluster.ts";

interface RunReport {
  readonly tasks: readonly {
    readonly index: number;
    readonly taskId: string;
    readonly state: string;
    readonly exitCode?: number;
    readonly signal?: string;
  }[];
}

const oneRunning = async (cluster: LocalCluster) =>
  (await cluster.liveTasks()).find(({ state }) => state === "TASK_RUNNING");

describe("tasks on a local cluster of real processes", () => {
  let cluster: LocalCluster;
  forAllTests(2, (started) => {
    cluster = started;
  });

  test("a command's output and exit status are those of its task", async () => {
    const good = await cluster.run("run", "--cpus", "0.1", "--mem", "32", "--", "echo", "hello");
    expect(good).toMatchObject({ code: 0 });
    expect(good.stdout).toContain("hello");
    const words = ["run", "--priority", "-3", "--", "sh", "-c", "echo trouble >&2; exit 7"];
    const bad = await cluster.run(...words);
    expect(bad).toMatchObject({ code: 7 });
    expect(bad.stderr).toContain("trouble");
    const { frameworks } = JSON.parse((await cluster.run("frameworks", "-a", "-o", "json")).stdout);
    expect(frameworks).toMatchObject([
      { framework: { name: "run echo" } },
      { framework: { name: "run sh", priority: -3 } },
    ]);
  });

  test("output comes through a pipe whole, however long it is and slow its reader", async () => {
    const script = "head -c 3000000 /dev/zero | tr '\\0' x";
    const words = ["run", "--cpus", "0.1", "--mem", "32", "--", "sh", "-c", script];
    const running = cluster.start(...words);
    running.child.stdout?.pause();
    await until("all is printed but for what the pipe does not take", async () => {
      const { stdout } = await cluster.run("ps", "-a", "-o", "json");
      return stdout.includes("TASK_FINISHED") && (await cluster.liveTasks()).length === 0;
    });
    await pause(2_000);
    running.child.stdout?.resume();
    const { code, stdout } = await running.result;
    expect([code, stdout.length, /^x+$/.test(stdout)]).toEqual([0, 3_000_000, true]);
  });

  test("200 tasks report 200 known exit statuses and signals truly (F20)", async () => {
    const killed = "[ $((TEPUI_TASK_INDEX % 10)) -eq 9 ] && kill -KILL $$";
    const script = `${killed}; exit $((TEPUI_TASK_INDEX % 7))`;
    const words = ["run", "--count", "200", "--cpus", "0.1", "--mem", "16", "-o", "json"];
    const { stdout } = await cluster.run(...words, "--", "sh", "-c", script);
    const { tasks } = JSON.parse(stdout) as RunReport;
    expect(tasks).toHaveLength(200);
    for (const { index, exitCode, signal } of tasks) {
      if (index % 10 === 9) expect({ index, signal }).toEqual({ index, signal: "SIGKILL" });
      else expect({ index, exitCode }).toEqual({ index, exitCode: index % 7 });
    }
  }, 240_000);

  test("each task has its own output and finds its names in its environment (7.1)", async () => {
    const script = 'echo "$TEPUI_TASK_ID $MESOS_TASK_ID $MESOS_FRAMEWORK_ID $MESOS_SANDBOX $PWD"';
    const words = ["run", "--count", "3", "--cpus", "0.1", "--mem", "16", "-o", "json"];
    const { stdout } = await cluster.run(...words, "--", "sh", "-c", script);
    for (const { taskId } of (JSON.parse(stdout) as RunReport).tasks) {
      const log = await cluster.run("logs", taskId);
      const [tepuiId, mesosId, framework, sandbox, directory] = log.stdout.trim().split(" ");
      expect([tepuiId, mesosId]).toEqual([taskId, taskId]);
      expect(framework).toMatch(/-\d{4}$/);
      expect(directory).toBe(sandbox);
    }
  });

  test("Ctrl-C during run kills what it started, and says so", async () => {
    const running = cluster.start("run", "--cpus", "0.1", "--mem", "16", "--", "sleep", "1000");
    await until("a running task", () => oneRunning(cluster));
    running.child.kill("SIGINT");
    const { code, stderr } = await running.result;
    expect(code).toBe(130);
    expect(stderr).toMatch(/kill/i);
    await until("no task", async () => (await cluster.liveTasks()).length === 0);
  });

  test("an operator's kill ends a task, and its framework hears of it", async () => {
    const running = cluster.start("run", "--cpus", "0.1", "--mem", "16", "--", "sleep", "1000");
    const { taskId } = await until("a running task", () => oneRunning(cluster));
    expect((await cluster.run("kill", taskId)).code).toBe(0);
    expect((await running.result).code).not.toBe(0);
  });

  test("a run that no agent has room for waits, and ends when it is interrupted", async () => {
    const waiting = cluster.start("run", "--count", "2", "--cpus", "64", "--", "true");
    let told = "";
    waiting.child.stderr?.on("data", (chunk) => {
      told += chunk;
    });
    await until("it says why", () => told.includes("waiting: "));
    // The reason does not change, so it is not said again.
    await pause(11_000);
    waiting.child.kill("SIGINT");
    const { code, stdout, stderr } = await waiting.result;
    expect(code).toBe(130);
    expect(stderr.match(/^waiting: .*$/gm)).toEqual([
      expect.stringMatching(/^waiting: no agent has cpus 64; the largest has \d+$/),
    ]);
    expect(stderr).toContain("2 tasks were never started");
    expect(stdout.match(/NOT STARTED/g)).toHaveLength(2);
  });

  test("a running task outlives its master, which finds it again (B21, B26)", async () => {
    const running = cluster.start("run", "--cpus", "0.1", "--mem", "16", "--", "sleep", "6");
    await until("a running task", () => oneRunning(cluster));
    const before = cluster.masterPid();
    process.kill(before, "SIGKILL");
    await until("another master", () => {
      const pid = cluster.masterPid();
      return pid !== 0 && pid !== before;
    });
    expect((await running.result).code).toBe(0);
  }, 120_000);

  test("a task whose agent is killed is run again elsewhere", async () => {
    const go = join(cluster.dataDir, "go");
    const script = `until [ -e ${go} ]; do sleep 0.2; done; echo done`;
    const words = ["run", "--count", "8", "--cpus", "0.1", "--mem", "16", "-o", "json"];
    const running = cluster.start(...words, "--", "sh", "-c", script);
    await until("running tasks", async () => {
      const tasks = await cluster.liveTasks();
      return tasks.filter(({ state }) => state === "TASK_RUNNING").length === 8;
    });
    process.kill(cluster.agentPids()[0] ?? 0, "SIGKILL");
    writeFileSync(go, "");
    const { stdout } = await running.result;
    const { tasks } = JSON.parse(stdout) as RunReport;
    expect(tasks.map(({ exitCode }) => exitCode)).toEqual(Array(8).fill(0));
  }, 120_000);
});
