import { spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type LocalCluster, startLocalCluster } from "../e2e/support/local-cluster.ts";
import { until } from "../support/until.ts";
import { ask } from "./support/client.ts";
import { commandTask, HttpFramework, scalar } from "./support/framework.ts";

// A client of Mesos that was published long before this project: npm's mesos-framework 0.5.3.
const library = dirname(createRequire(import.meta.url).resolve("mesos-framework/package.json"));
/** It gives up on a master after ten silent seconds (§10.1), so it runs longer than that. */
const RUN_MS = 25_000;

let cluster: LocalCluster;
let folder: string;
let port: number;

beforeAll(async () => {
  cluster = await startLocalCluster(1);
  port = Number(cluster.address.split(":")[1]);
  folder = mkdtempSync(join(tmpdir(), "tepui-npm-client-"));
  // The library logs to a file below the working directory, and does not make the folder.
  mkdirSync(join(folder, "logs"));
}, 90_000);
afterAll(async () => {
  await cluster?.stop();
  rmSync(folder, { recursive: true, force: true });
}, 60_000);

/** Replaces what must be there. */
function replaced(text: string, from: string, to: string): string {
  expect(text).toContain(from);
  return text.replace(from, to);
}

interface StateTask {
  readonly name: string;
  readonly state: string;
}

async function frameworkNamed(name: string): Promise<Record<string, StateTask[]> | undefined> {
  const { text } = await ask(port, { method: "GET", path: "/state", headers: {} });
  const { frameworks } = JSON.parse(text) as { frameworks: { name: string }[] };
  return frameworks.find((one) => one.name === name) as never;
}

test("the library's own example runs against a cluster, its settings left as they are", async () => {
  // Only where the master is and how long to run differ from the file as it was published.
  let example = readFileSync(join(library, "examples", "commandScheduler.js"), "utf8");
  example = replaced(example, '"172.17.11.101"', '"127.0.0.1"');
  example = replaced(example, '"port": 5050', `"port": ${port}`);
  example = replaced(example, "600000", String(RUN_MS));
  example = example.replaceAll('"../index"', JSON.stringify(join(library, "index.js")));
  const file = join(folder, "example.cjs");
  writeFileSync(file, example);
  const child = spawn(process.execPath, [file], { cwd: folder, stdio: ["ignore", "pipe", "pipe"] });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (text: string) => {
      output += text;
    });
  }
  const ended = new Promise<number | null>((resolve) => child.on("close", resolve));
  // Its task sleeps for ten seconds, ends, and is started again, as the example asks for.
  const shown = await until(
    "a finished task and its successor",
    async () => {
      const framework = await frameworkNamed("My-first-Command-framework");
      const { tasks = [], completed_tasks: completed = [] } = framework ?? {};
      const isAgain = completed.length > 0 && tasks.some(({ state }) => state === "TASK_RUNNING");
      return isAgain && { tasks, completed };
    },
    60_000,
  );
  expect(shown.completed).toMatchObject([{ name: "sleepProcesses-1", state: "TASK_FINISHED" }]);
  expect(shown.tasks).toMatchObject([{ name: "sleepProcesses-1" }]);
  expect(await ended).toBe(0);
  expect(output).toContain("Mesos Stream Id is ");
  expect(output).toContain("CUSTOM HEARTBEAT!");
  expect(output).toContain("Got offers: ");
  // What it logs as an error is that its task has ended, which it then starts again.
  const complaints = output.split("\n").filter((line) => /^(error|warn): /.test(line));
  expect(complaints.filter((line) => !line.includes("got restartable state"))).toEqual([]);
}, 120_000);

test("an executor of the library runs a task and sends messages", async () => {
  const file = join(folder, "executor.cjs");
  // The library has no example of an executor; this is the least that its documentation asks for.
  writeFileSync(
    file,
    `const { Executor } = require(${JSON.stringify(join(library, "index.js"))});
    const executor = new Executor({ handlers: {
      SUBSCRIBED: function (subscribed) {},
      ACKNOWLEDGED: function (acknowledged) {},
      LAUNCH: function (launch) {
        report(launch.task, "TASK_RUNNING", 1);
        executor.message("héllo from " + process.env.MESOS_EXECUTOR_ID);
      },
      MESSAGE: function (message) { report(running, "TASK_FINISHED", 2); },
      SHUTDOWN: function (shutdown) { process.exit(0); },
    } });
    let running;
    function report(task, state, number) {
      running = task;
      executor.update({ task_id: task.task_id, state, source: "SOURCE_EXECUTOR",
        uuid: Buffer.alloc(16, number).toString("base64") });
    }
    executor.on("error", (error) => console.error(error));
    executor.subscribe();`,
  );
  const framework = await HttpFramework.subscribe(port, { user: "root", name: "parent" });
  const executor = {
    executor_id: { value: "js" },
    command: { value: `cd ${folder} && exec ${process.execPath} ${file}` },
    resources: [scalar("cpus", 0.1), scalar("mem", 64)],
  };
  const offer = await framework.offer();
  const { command: _, ...task } = commandTask("t", "") as { command: object };
  expect(await framework.launch(offer, [{ ...task, executor }])).toBe(202);
  await framework.reach("TASK_RUNNING");
  const told = (await framework.next("MESSAGE")).message;
  expect(Buffer.from(String(told?.data), "base64").toString("utf8")).toBe("héllo from js");
  const message = { agent_id: offer.agent_id, executor_id: { value: "js" }, data: "AQ==" };
  expect(await framework.call("MESSAGE", { message })).toBe(202);
  await framework.reach("TASK_FINISHED");
  await framework.teardown();
}, 60_000);
