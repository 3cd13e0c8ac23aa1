import { chmodSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { removeFolder } from "../../conformance/isolator/remove-folder.ts";
import { Random } from "../../conformance/random.ts";
import { AgentProcess } from "../agent/support/agent-process.ts";
import { StandInMaster } from "../agent/support/stand-in-master.ts";
import { Dockerd } from "../support/dockerd.ts";
import { describeWith } from "../support/require.ts";
import { pause, until } from "../support/until.ts";
import { IMAGE } from "./docker/bench.ts";

vi.setConfig({ testTimeout: 180_000, hookTimeout: 60_000 });

const TERMINAL = /FINISHED|FAILED|KILLED|LOST|DROPPED|GONE/;
const KILLS = Number(process.env["TEPUI_DOCKER_KILLS"] ?? 5);

describeWith("docker", "an agent with the docker isolator", () => {
  const folder = mkdtempSync(join(tmpdir(), "tepui-docker-agent-"));
  const agents: AgentProcess[] = [];
  let dockerd: Dockerd;
  let master: StandInMaster;

  beforeAll(async () => {
    dockerd = new Dockerd();
    await dockerd.start();
    await dockerd.makeImage(IMAGE);
    master = await new StandInMaster().open();
  });

  afterAll(async () => {
    for (const agent of agents) await agent.kill("SIGKILL");
    await master?.close();
    await dockerd?.close();
    await removeFolder(folder);
  });

  const start = async (): Promise<AgentProcess> => {
    const agent = new AgentProcess({
      master: master.address,
      "listen.port": 0,
      workDir: join(folder, "work"),
      resources: "cpus:4;mem:4096",
      registrationBackoffFactor: "1ms",
      "log.level": "warn",
      "outputs.size": "300B",
      "outputs.files": 50,
      plugins: [
        { plugin: "uws-msgpack" },
        { plugin: "process" },
        { plugin: "docker", config: { socket: dockerd.socket } },
      ],
    });
    agents.push(agent);
    return agent;
  };
  const container = {
    type: "DOCKER" as const,
    docker: { image: IMAGE, network: "BRIDGE" as const },
  };
  const launch = (commands: Record<string, string>, more = {}) =>
    master.launch(commands, {
      container,
      resources: [
        { name: "cpus", scalar: 100 },
        { name: "mem", scalar: 64_000 },
      ],
      ...more,
    });
  const ended = (task: string) => master.statesOf(task).some((state) => TERMINAL.test(state));
  const lastOf = (task: string) => master.statuses.get(task)?.at(-1);
  /** What is in the files of a task's output, the oldest first (F11). */
  const printed = (task: string) => {
    const sandbox = join(folder, "work", "tasks", "f1", task);
    const files = readdirSync(sandbox).filter((name) => name.startsWith("stdout"));
    expect(files.length, task).toBeGreaterThan(5);
    const names = files.map((_, age) => (age === 0 ? "stdout" : `stdout.${age}`)).reverse();
    return names.map((name) => readFileSync(join(sandbox, name), "utf8")).join("");
  };
  const lines = (count: number) => Array.from({ length: count }, (_, at) => `${at + 1}\n`).join("");
  const containers = () => dockerd.docker("ps", "--all", "--quiet");

  test("checks a container by a command inside it and on its own address (F30, F32)", async () => {
    const agent = await start();
    await until("registered", () => master.registrations.length > 0);
    const often = { delayMs: 10, intervalMs: 100, gracePeriodMs: 0 };
    const value = '[ "$IN" = check ] && test -d /mnt/mesos/sandbox && touch /sick && exit 6';
    const command = { value, environment: [{ name: "IN", value: "check" }] };
    const health = { command: { value: "test ! -e /sick" }, ...often, consecutiveFailures: 2 };
    launch({ checked: "sleep 600" }, { check: { command, ...often }, healthCheck: health });
    launch({ web: "exec httpd -f -p 8080" }, { check: { tcp: { port: 8080 }, ...often } });
    const statuses = (task: string) => master.statuses.get(task) ?? [];
    await until("the check has run", () =>
      statuses("checked").some(({ checkStatus }) => checkStatus?.command?.exitCode === 6),
    );
    await until("it is ended", () => ended("checked"));
    expect(lastOf("checked")).toMatchObject({ state: "TASK_KILLED", healthy: false });
    expect(lastOf("checked")?.message).toContain("its command exited with status 1");
    await until("the server is found where it listens", () =>
      statuses("web").some(({ checkStatus }) => checkStatus?.tcp?.succeeded === true),
    );
    master.kill("web");
    await until("it is gone", () => ended("web"));
    await agent.kill("SIGKILL");
  });

  test("what is fetched is in the sandbox that the container sees, and its user's (F41)", async () => {
    const asked: string[] = [];
    const server = createServer(({ url = "" }, response) => {
      asked.push(url);
      response.end("#!/bin/sh\necho fetched\n");
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const before = master.registrations.length;
    const agent = await start();
    await until("it has registered", () => master.registrations.length > before);
    const value = `http://127.0.0.1:${(server.address() as AddressInfo).port}/tool`;
    const local = join(folder, "given");
    writeFileSync(local, "given\n");
    // Everybody may read it: an engine has users of its own.
    chmodSync(folder, 0o755);
    const uris = [
      { value, outputFile: "bin/tool", executable: true, cache: true },
      { value: local, outputFile: "file" },
    ];
    const script =
      'cd /; "$MESOS_SANDBOX"/bin/tool; cd /mnt/mesos/sandbox; cat file; echo more >> file; ' +
      "stat -c '%u:%g %a' . bin bin/tool file stdout";
    const printedAs = async (task: string, user: string) => {
      launch({ [task]: "" }, { command: { value: script, user, uris } });
      await until("it has ended", () => ended(task));

      return readFileSync(join(folder, "work", "tasks", "f1", task, "stdout"), "utf8");
    };
    const modes = (owner: string) =>
      ["755", "755", "755", "644", "644"].map((mode) => `${owner} ${mode}\n`).join("");
    for (const [task, user, owner] of [
      ["root", "root", "0:0"],
      ["named", "nobody", "65534:65534"],
      ["numbered", "1234:77", "1234:77"],
    ] as const) {
      expect(await printedAs(task, user)).toBe(`fetched\ngiven\n${modes(owner)}`);
    }
    expect(asked).toEqual(["/tool"]);
    await agent.kill("SIGTERM");
    await new Promise((resolve) => server.close(resolve));
  });

  test("a task runs at its own address, and what cannot run never did", async () => {
    const before = master.registrations.length;
    const agent = await start();
    await until("it has registered", () => master.registrations.length > before);
    launch({ good: "sleep 1; exit 4" });
    launch(
      { bad: "true" },
      { container: { type: "DOCKER", docker: { image: "127.0.0.1:1/none" } } },
    );
    launch({ big: "exec dd if=/dev/zero of=/dev/null bs=200M count=1" });
    launch({ killed: "sleep 600" }, { killPolicy: { gracePeriodMs: 100 } });
    for (const task of ["good", "bad", "big"]) await until(task, () => ended(task));
    expect(master.statesOf("good")).toEqual(["TASK_STARTING", "TASK_RUNNING", "TASK_FAILED"]);
    const running = master.statuses.get("good")?.[1]?.containerStatus?.networkInfos;
    expect(running?.[0]?.ipAddresses?.[0]?.ipAddress).toMatch(/^10\.213\./);
    expect(lastOf("good")).toMatchObject({ exitCode: 4 });
    expect(master.statesOf("bad")).toEqual(["TASK_STARTING", "TASK_FAILED"]);
    expect(lastOf("bad")?.message).toContain("[DOCKER_REGISTRY_UNREACHABLE]");
    expect(lastOf("big")).toMatchObject({
      state: "TASK_FAILED",
      reason: "REASON_CONTAINER_LIMITATION_MEMORY",
      message: expect.stringContaining("memory limit of 64 MiB exceeded: requested 64 MiB"),
    });
    await until("it runs", () => master.statesOf("killed").includes("TASK_RUNNING"));
    master.kill("killed");
    await until("killed", () => ended("killed"));
    expect(lastOf("killed")?.state).toBe("TASK_KILLED");
    await until("nothing is left", () => containers() === "");
    await agent.kill("SIGTERM");
  });

  test("agents killed at random instants lose no task, and tell each end once and truly", async () => {
    const seed = Number(process.env["TEPUI_SEED"] ?? Date.now() % 1_000_000);
    process.stdout.write(`TEPUI_SEED=${seed}\n`);
    const random = new Random(seed);
    const codes = new Map<string, number>();
    for (let round = 0; round < KILLS; round++) {
      const before = master.registrations.length;
      const agent = await start();
      await until("it has registered", () => master.registrations.length > before);
      for (let task = 0; task < 2; task++) {
        const id = `r${round}-${task}`;
        codes.set(id, random.below(3));
        const sleep = `sleep ${random.below(4) / 2}`;
        launch({ [id]: `seq 500; ${sleep}; seq 501 1000; exit ${codes.get(id)}` });
      }
      await pause(random.below(900));
      await agent.kill("SIGKILL");
    }
    const before = master.registrations.length;
    await start();
    await until("it has registered", () => master.registrations.length > before);
    // A launch may have been on its way to an agent that died: a master would see that.
    const last = master.registrations.at(-1);
    const known = last?.type === "reregister" ? last.tasks.map(({ taskId }) => `${taskId}`) : [];
    for (const task of codes.keys()) {
      if (master.statesOf(task).length === 0 && !known.includes(task)) codes.delete(task);
    }
    expect(codes.size).toBeGreaterThan(KILLS / 4);
    for (const task of codes.keys()) await until(task, () => ended(task));
    for (const [task, code] of codes) {
      const ends = master.statesOf(task).filter((state) => TERMINAL.test(state));
      expect(ends, task).toHaveLength(1);
      // An agent that died before a task ran says that it never did.
      if (ends[0] === "TASK_DROPPED") continue;
      const state = code === 0 ? "TASK_FINISHED" : "TASK_FAILED";
      expect(lastOf(task), task).toMatchObject({ state, exitCode: code });
      expect(printed(task), task).toBe(lines(1_000));
    }
    await until("nothing is left", () => containers() === "");
  });
});
