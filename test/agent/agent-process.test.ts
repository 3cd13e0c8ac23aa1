import { existsSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { listPids, readEnvironment } from "../../agent/containerizer/proc.ts";
import { removeFolder } from "../../conformance/isolator/remove-folder.ts";
import { until } from "../support/until.ts";
import { AgentProcess } from "./support/agent-process.ts";
import { StandInMaster } from "./support/stand-in-master.ts";

// Agents are processes of their own here, and start slowly where many tests run at once.
vi.setConfig({ testTimeout: 180_000 });

let folder: string;
let master: StandInMaster;
const agents: AgentProcess[] = [];
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "tepui-agent-"));
  master = await new StandInMaster().open();
});
afterEach(async () => {
  for (const agent of agents.splice(0)) await agent.kill("SIGKILL");
  await master.close();
  for (const pid of left()) process.kill(pid, "SIGKILL");
  await removeFolder(folder);
});

/** Processes that work in a sandbox of this test. */
function left(): number[] {
  return listPids().filter((pid) => readEnvironment(pid)?.includes(`TEPUI_SANDBOX=${folder}`));
}

async function start(recover?: string): Promise<AgentProcess> {
  const agent = new AgentProcess(
    {
      master: master.address,
      "listen.port": 0,
      workDir: join(folder, "work"),
      resources: "cpus:4;mem:1024",
      attributes: "rack:r1",
      registrationBackoffFactor: "1ms",
      "log.level": "warn",
    },
    recover,
  );
  agents.push(agent);
  const registered = master.registrations.length;
  await until("the agent is up, or has said why not", () => {
    return agent.address !== undefined || agent.child.exitCode !== null;
  });
  expect(agent.address, agent.output).toBeDefined();
  if (recover === undefined) {
    await until("it has registered", () => master.registrations.length > registered);
  }
  return agent;
}

const ended = (task: string) => () =>
  master.statesOf(task).some((state) => /FINISHED|FAILED|KILLED|LOST|DROPPED|GONE/.test(state));
const runs = (task: string) => () => master.statesOf(task).includes("TASK_RUNNING");
const lastOf = (task: string) => master.statuses.get(task)?.at(-1);

describe("an agent runs what it is told to (F20, D5)", () => {
  test("states come in order, one in flight, with the true exit status", async () => {
    await start();
    master.launch({
      ok: "echo $TEPUI_TASK_ID $MESOS_TASK_ID",
      three: "exit 3",
      dies: "kill -9 $$",
    });
    for (const task of ["ok", "three", "dies"]) await until(task, ended(task));
    expect(master.statesOf("ok")).toEqual(["TASK_STARTING", "TASK_RUNNING", "TASK_FINISHED"]);
    expect(lastOf("three")).toMatchObject({
      state: "TASK_FAILED",
      message: "Command exited with status 3",
      exitCode: 3,
    });
    expect(lastOf("dies")).toMatchObject({
      state: "TASK_FAILED",
      message: "Command terminated with signal SIGKILL",
      signal: "SIGKILL",
    });
  });

  test("a task's files are served by task, and nothing outside of sandboxes is", async () => {
    const agent = await start();
    writeFileSync(join(folder, "secret"), "secret");
    master.launch({ t1: `echo hello; ln -s ${folder}/secret link; ln -s ../../../../ up` });
    await until("t1", ended("t1"));
    const get = async (path: string) => {
      const answer = await fetch(`http://${agent.address}${path}`);
      return { status: answer.status, text: await answer.text() };
    };
    expect(await get("/sandbox/f1/t1/stdout")).toEqual({ status: 200, text: "hello\n" });
    expect((await get("/sandbox/f1/t1/stdout?offset=3&length=2")).text).toBe("lo");
    const names = JSON.parse((await get("/sandbox/f1/t1")).text) as { path: string }[];
    expect(names.map(({ path }) => path.split("/").at(-1))).toEqual([
      "link",
      "stderr",
      "stdout",
      "up",
    ]);
    expect((await get("/sandbox/f1/t1/link")).status).toBe(403);
    expect((await get("/sandbox/f1/t1/up/../../../../../../secret")).status).not.toBe(200);
    expect((await get("/sandbox/f1/none/stdout")).status).toBe(404);
    expect((await get(`/files/read?path=${folder}/secret&offset=0`)).status).toBe(403);
    const stdout = names.find(({ path }) => path.endsWith("stdout"))?.path ?? "";
    expect(JSON.parse((await get(`/files/read?path=${stdout}&offset=1&length=3`)).text)).toEqual({
      data: "ell",
      offset: 1,
    });
    expect((await get("/health")).status).toBe(200);
    expect((await get("/metrics")).text).toContain("containers_launched_total 1");
  });

  test("a kill escalates after its grace (F22)", async () => {
    await start();
    const policy = { killPolicy: { gracePeriodMs: 200 } };
    const up = join(folder, "up");
    master.launch({ t1: `trap '' TERM; touch ${up}; while :; do sleep 0.05; done` }, policy);
    await until("t1", () => runs("t1")() && existsSync(up));
    master.kill("t1");
    await until("t1", ended("t1"));
    expect(lastOf("t1")).toMatchObject({ state: "TASK_KILLED", signal: "SIGKILL" });
    expect(left()).toEqual([]);
  });

  test("a launch that cannot be says why (D16)", async () => {
    await start();
    master.launch({ t1: "" }, { command: { value: "no-such-program", shell: false } });
    await until("t1", ended("t1"));
    expect(lastOf("t1")).toMatchObject({
      state: "TASK_FAILED",
      reason: "REASON_CONTAINER_LAUNCH_FAILED",
    });
    expect(lastOf("t1")?.message).toContain("no-such-program");
  });
});

describe("an agent that is killed and started again (F2, B21)", () => {
  test("finds its tasks, tells how each one ended meanwhile, and runs nothing twice", async () => {
    const agent = await start();
    const go = join(folder, "go");
    const commands = Object.fromEntries(
      [0, 1, 7, 255].map((code) => [
        `t${code}`,
        `echo run >> ran; while ! [ -e ${go} ]; do sleep 0.05; done; exit ${code}`,
      ]),
    );
    master.launch({ ...commands, long: "sleep 600" });
    for (const task of [...Object.keys(commands), "long"]) {
      await until(task, runs(task));
    }
    await agent.kill("SIGKILL");
    writeFileSync(go, "");
    const exits = join(folder, "work", "run", "exits");
    await until("the short ones are over", () => readdirSync(exits).length === 4);
    const again = await start();
    const returned = master.registrations.at(-1);
    expect(returned).toMatchObject({ type: "reregister", agent: { id: "m1-S0" } });
    for (const task of Object.keys(commands)) {
      await until(task, ended(task));
      expect(lastOf(task)?.exitCode).toBe(Number(task.slice(1)));
      const ran = await (await fetch(`http://${again.address}/sandbox/f1/${task}/ran`)).text();
      expect(ran).toBe("run\n");
    }
    expect(master.statesOf("long")).toEqual(["TASK_STARTING", "TASK_RUNNING"]);
    master.kill("long");
    await until("long", ended("long"));
    expect(lastOf("long")).toMatchObject({ state: "TASK_KILLED", signal: "SIGTERM" });
    expect(left()).toEqual([]);
  });

  test("resends what was not acknowledged, with the same uuid", async () => {
    master.acknowledges = false;
    const agent = await start();
    master.launch({ t1: "exit 5" });
    await until("t1 is starting", () => master.statesOf("t1").length === 1);
    const first = lastOf("t1")?.uuid;
    await agent.kill("SIGKILL");
    master.heard.length = 0;
    await start();
    const update = () => master.heard.find((message) => message.type === "update");
    await until("it is sent again", () => update() !== undefined);
    expect(update()).toMatchObject({ status: { uuid: first, state: "TASK_STARTING" } });
  });

  test("SIGTERM leaves tasks running, SIGUSR1 and cleanup leave none (F5)", async () => {
    const agent = await start();
    master.launch({ t1: "sleep 600", t2: "setsid sleep 600 & sleep 600" });
    for (const task of ["t1", "t2"]) await until(task, runs(task));
    await until("t2 has a session of its own", () => left().length > 2);
    await agent.kill("SIGTERM");
    expect(agent.child.exitCode).toBe(0);
    expect(left().length).toBeGreaterThan(2);
    const leaving = await start();
    leaving.child.kill("SIGUSR1");
    await until("it ends", () => leaving.child.exitCode !== null);
    expect(leaving.output).toContain("ENDED AGENT_LEFT");
    expect(master.heard.some(({ type }) => type === "unregister")).toBe(true);
    expect(left()).toEqual([]);
  });

  test("cleanup ends what was left, and the next agent is a new one", async () => {
    const agent = await start();
    master.launch({ t1: "sleep 600" });
    await until("t1", runs("t1"));
    await agent.kill("SIGKILL");
    const cleaning = await start("cleanup");
    await until("it ends", () => cleaning.child.exitCode !== null);
    expect(left()).toEqual([]);
    await start();
    expect(master.registrations.at(-1)?.type).toBe("register");
  });
});

describe("a custom executor in a process of its own (B40, F23, F28)", () => {
  const wire = join(import.meta.dirname, "..", "..", "dist", "wire", "index.js");
  /** Runs each task for a moment, then ends when it is told to shut down. */
  const program = `
    import { dial } from "${wire}";
    const env = process.env;
    const ids = { frameworkId: env.MESOS_FRAMEWORK_ID, executorId: env.MESOS_EXECUTOR_ID };
    let count = 0;
    const link = dial(
      { peer: "executor", name: "e", software: "test", addresses: [env.MESOS_AGENT_ENDPOINT],
        token: env.MESOS_EXECUTOR_AUTHENTICATION_TOKEN },
      {
        onOpen: () => link.send({ type: "subscribe", ...ids, unacknowledgedTasks: [],
          unacknowledgedUpdates: [] }),
        onMessages: (events) => {
          for (const event of events) {
            if (event.type === "shutdown") process.exit(0);
            if (event.type !== "launch") continue;
            for (const state of ["TASK_RUNNING", "TASK_FINISHED"]) {
              const uuid = (count++).toString(16).padStart(32, "0");
              link.send({ type: "update", status: { taskId: event.task.taskId, state, uuid } });
            }
            process.stdout.write(event.task.taskId + "\\n");
          }
        },
      },
    );`;
  const executor = (token = "") => ({
    executorId: "e1" as never,
    shutdownGracePeriodMs: 20_000,
    command: {
      value: process.execPath,
      shell: false,
      arguments: ["node", "--input-type=module", "-e", program],
      ...(token === ""
        ? {}
        : { environment: [{ name: "MESOS_EXECUTOR_AUTHENTICATION_TOKEN", value: token }] }),
    },
  });

  test("runs tasks, its updates arrive, and it ends when it is asked to", async () => {
    const agent = await start();
    const tasks = (token?: string) =>
      ["t1", "t2"].map((taskId) => ({
        name: taskId,
        taskId: taskId as never,
        agentId: "m1-S0" as never,
        resources: [],
        executor: executor(token),
      }));
    const framework = { id: "f1" as never, name: "f1", user: "", roles: [], checkpoint: true };
    const launch = {
      type: "launch",
      frameworkId: "f1" as never,
      role: "*" as never,
      framework,
    } as const;
    master.send({ ...launch, tasks: tasks() });
    for (const task of ["t1", "t2"]) await until(task, ended(task));
    expect(master.statesOf("t1")).toEqual(["TASK_RUNNING", "TASK_FINISHED"]);
    const output = async () => (await fetch(`http://${agent.address}/sandbox/f1/t2/stdout`)).text();
    // It writes after it has sent an update, which may be quicker.
    await until("both lines", async () => (await output()) === "t1\nt2\n");
    master.send({
      type: "shutdown-executor",
      frameworkId: "f1" as never,
      executorId: "e1" as never,
    });
    const exited = () => master.heard.find(({ type }) => type === "executor-exited");
    await until("it has ended", () => exited() !== undefined);
    expect(exited()).toMatchObject({ status: 0 });
    expect(left()).toEqual([]);
  });
});

test("two agents cannot share a work directory (F1)", async () => {
  await start();
  const second = new AgentProcess({ "listen.port": 0, workDir: join(folder, "work") });
  agents.push(second);
  await until("it is refused", () => second.child.exitCode !== null);
  expect(second.output).toContain("WORK_DIR_LOCKED");
  expect(existsSync(join(folder, "work", "agent.lock"))).toBe(true);
  expect(readFileSync(join(folder, "work", "agent.lock"), "utf8")).not.toBe("");
});
