import { spawn } from "node:child_process";
import { writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { resources, Scheduler } from "../../sdk/index.ts";
import { temporaryFolder } from "../support/temporary.ts";
import { until } from "../support/until.ts";
import type { LocalCluster } from "./support/local-cluster.ts";
import { forAllTests } from "./support/suite-cluster.ts";

const EXAMPLE = fileURLToPath(new URL("../../examples/hello-framework.mjs", import.meta.url));

/** With 900 kB of labels each, they fit no frame of 4 MiB together. */
const TASKS = 6;

describe("frameworks that go away, on a local cluster of real processes", () => {
  let cluster: LocalCluster;
  forAllTests(1, (started) => {
    cluster = started;
  });

  /** Subscribes, launches one long task, and resolves with the framework's id once it runs. */
  async function withTask(scheduler: Scheduler, taskId: string): Promise<string> {
    let asked = false;
    scheduler.on("offers", (offers) => {
      const [offer, ...others] = offers;
      for (const { id } of others) scheduler.decline(id);
      if (offer === undefined) return;
      const task = { taskId, resources: resources({ cpus: 0.1, mem: 32 }) };
      if (asked) scheduler.decline(offer.id);
      else scheduler.launch(offer, [{ ...task, command: { value: "sleep 1000" } }]);
      asked = true;
    });
    await scheduler.ready();
    const task = await until("the running task", async () =>
      (await cluster.liveTasks()).find(
        (live) => live.taskId === taskId && live.state === "TASK_RUNNING",
      ),
    );
    return task.frameworkId;
  }

  test("one that returns within its failover timeout finds its tasks (B2, B5)", async () => {
    const options = { name: "returns", masters: cluster.address, failoverTimeoutMs: 60_000 };
    const first = new Scheduler(options);
    const id = await withTask(first, "survivor");
    await first.stop();
    const second = new Scheduler({ ...options, id });
    const states: string[] = [];
    second.on("update", ({ taskId, state }) => states.push(`${taskId} ${state}`));
    await second.ready();
    second.reconcile([]);
    await until("its task", () => states.includes("survivor TASK_RUNNING"));
    await second.teardown();
    await until("no task", async () => (await cluster.liveTasks()).length === 0);
  }, 120_000);

  test("one that does not return has its tasks killed (B5)", async () => {
    const scheduler = new Scheduler({
      name: "stays away",
      masters: cluster.address,
      failoverTimeoutMs: 500,
    });
    await withTask(scheduler, "orphan");
    await scheduler.stop();
    await until("no task", async () => (await cluster.liveTasks()).length === 0);
  }, 120_000);

  test("an agent whose tasks fit no single frame is found again by the next master (B21)", async () => {
    const label = { key: "k", value: "x".repeat(60_000) };
    const scheduler = new Scheduler({ name: "wordy", masters: cluster.address });
    let launched = 0;
    scheduler.on("offers", (offers) => {
      for (const offer of offers) {
        if (launched === TASKS) scheduler.decline(offer.id);
        else {
          const task = { taskId: `wordy-${launched++}`, command: { value: "sleep 1000" } };
          const labels = Array(15).fill(label);
          scheduler.launch(
            offer,
            [{ ...task, labels, resources: resources({ cpus: 0.1, mem: 16 }) }],
            {
              refuseMs: 0,
            },
          );
        }
      }
    });
    await scheduler.ready();
    const running = async () =>
      (await cluster.liveTasks()).filter(({ state }) => state === "TASK_RUNNING").length;
    await until("all run", async () => (await running()) === TASKS);
    const before = cluster.masterPid();
    process.kill(before, "SIGKILL");
    await until("another master", () => ![0, before].includes(cluster.masterPid()));
    await until("it knows of all", async () => (await running()) === TASKS);
    await scheduler.teardown();
    await until("no task", async () => (await cluster.liveTasks()).length === 0);
  }, 240_000);

  test("a run that finds a new master ends as its task did meanwhile (D12)", async () => {
    const small = ["--cpus", "0.1", "--mem", "32"];
    const folder = temporaryFolder("tepui-failover-");
    const line = `while [ ! -e ${folder}/go ]; do sleep 0.1; done; exit 7`;
    const running = cluster.start("run", ...small, "--name", "seven", "--", line);
    const isSeven = async (state: string) => {
      const { stdout } = await cluster.run("ps", "--all", "-o", "json");
      return stdout.includes('"name":"seven"') && stdout.includes(`"state":"${state}"`);
    };
    await until("it runs", () => isSeven("TASK_RUNNING"));
    running.child.kill("SIGSTOP");
    const before = cluster.masterPid();
    process.kill(before, "SIGKILL");
    writeFileSync(`${folder}/go`, "");
    await until("another master", () => ![0, before].includes(cluster.masterPid()));
    await until("it hears of the end", () => isSeven("TASK_FAILED"));
    running.child.kill("SIGCONT");
    expect(await running.result).toMatchObject({ code: 7 });
  }, 120_000);

  test("the framework of the documentation runs its five tasks to their end", async () => {
    const child = spawn(process.execPath, [EXAMPLE], {
      env: { ...process.env, TEPUI_MASTER: cluster.address },
      stdio: ["ignore", "pipe", "inherit"],
    });
    let output = "";
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      output += text;
    });
    const code = await new Promise((resolve) => child.on("exit", resolve));
    expect(code).toBe(0);
    expect(output.match(/TASK_FINISHED/g)).toHaveLength(5);
  }, 60_000);
});
