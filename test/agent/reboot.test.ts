import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { CheckpointStore } from "../../agent/io/store.ts";
import { removeFolder } from "../../conformance/isolator/remove-folder.ts";
import type { FrameworkId, TaskId } from "../../contract/ids.ts";
import { silentLog } from "../../contract/ports/log.ts";
import { pause, until } from "../support/until.ts";
import { AgentProcess } from "./support/agent-process.ts";
import { AgentRig } from "./support/agent-rig.ts";
import { StandInMaster } from "./support/stand-in-master.ts";

// Agents are processes of their own here, and start slowly where many tests run at once.
vi.setConfig({ testTimeout: 180_000 });

let folder: string;
let master: StandInMaster;
const agents: AgentProcess[] = [];
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "tepui-reboot-"));
  master = await new StandInMaster().open();
});
afterEach(async () => {
  for (const agent of agents.splice(0)) await agent.kill("SIGKILL");
  await master.close();
  await removeFolder(folder);
});

/** Starts an agent with these resources; resolves when it is up or has said why it is not. */
async function start(resources: string): Promise<AgentProcess> {
  const agent = new AgentProcess({
    master: master.address,
    "listen.port": 0,
    workDir: folder,
    resources,
    registrationBackoffFactor: "1ms",
    "log.level": "warn",
  });
  agents.push(agent);
  await until("it is up, or has said why not", () => {
    return agent.address !== undefined || agent.child.exitCode !== null;
  });
  return agent;
}

async function registered(resources: string): Promise<string> {
  const before = master.registrations.length;
  const agent = await start(resources);
  await until("it has registered", () => master.registrations.length > before);
  // What answers after the master's answer was written down before.
  const pongs = () => master.heard.filter(({ type }) => type === "pong").length;
  const earlier = pongs();
  master.send({ type: "ping", connected: true });
  await until("it has taken the answer", () => pongs() > earlier);
  await agent.kill("SIGTERM");
  return master.registrations.at(-1)?.type ?? "";
}

/** Makes the folder one that was last used before the machine was started anew. */
async function reboot(workDir = folder): Promise<void> {
  const store = new CheckpointStore(workDir, silentLog);
  await store.setIdentity("an earlier boot", store.identity.secret ?? "");
  await store.close();
}

test("what an agent remembers is for no other user, also where an earlier one left it open", async () => {
  const path = join(folder, "checkpoint");
  mkdirSync(path);
  chmodSync(path, 0o755);
  await new CheckpointStore(folder, silentLog).close();
  expect(statSync(path).mode & 0o777).toBe(0o700);
});

test("F3, B32 an agent that is another one after a reboot is a new agent", async () => {
  expect(await registered("cpus:4;mem:1024")).toBe("register");
  expect(await registered("cpus:4;mem:1024")).toBe("reregister");
  const refused = await start("cpus:4;mem:1000");
  expect(refused.output).toContain("AGENT_RECONFIGURED");
  expect(refused.output).toContain("mem(*):1024 before and mem(*):1000 now");
  await reboot();
  expect(await registered("cpus:4;mem:1000")).toBe("register");
  expect(await registered("cpus:4;mem:1000")).toBe("reregister");
});

test("F3 what was killed, had ended or ran when the machine was started anew is told so", async () => {
  const rig = await new AgentRig().open();
  try {
    const agent = await rig.start();
    const { master } = rig;
    // It does not end until somebody who does not wait for the agent has it go on.
    const go = join(rig.folder, "go");
    const slow = `trap '' TERM; while [ ! -e ${go} ]; do sleep 0.1; done`;
    master.launch({ killed: slow, ended: `${slow}; exit 0`, ran: "exec sleep 600" });
    for (const task of ["killed", "ended", "ran"]) {
      await rig.told(task, ({ state }) => state === "TASK_RUNNING");
    }
    const killPolicy = { gracePeriodMs: 3_600_000 };
    const frameworkId = "f1" as FrameworkId;
    master.send({ type: "kill", frameworkId, taskId: "killed" as TaskId, killPolicy });
    await pause(1_000);
    await agent.kill("SIGKILL");
    writeFileSync(go, "");
    const exits = join(rig.workDir, "run", "exits");
    await until("two have ended", () => readdirSync(exits).length === 2);
    for (const pid of rig.left()) process.kill(pid, "SIGKILL");
    await until("all have ended", () => readdirSync(exits).length === 3);
    // That of `ended` alone survives what the machine went through.
    for (const name of readdirSync(exits)) {
      if (readFileSync(join(exits, name), "utf8").startsWith("signal")) rmSync(join(exits, name));
    }
    await reboot(rig.workDir);
    await rig.start();
    expect(await rig.ended("killed")).toMatchObject({ state: "TASK_KILLED" });
    expect(await rig.ended("ended")).toMatchObject({ state: "TASK_FINISHED", exitCode: 0 });
    const reason = "REASON_AGENT_RESTARTED";
    expect(await rig.ended("ran")).toMatchObject({ state: "TASK_FAILED", reason });
  } finally {
    await rig.close();
  }
});

test("F3 one that is the same after a reboot stays what it is", async () => {
  expect(await registered("cpus:4;mem:1024")).toBe("register");
  await reboot();
  expect(await registered("cpus:4;mem:1024")).toBe("reregister");
});
