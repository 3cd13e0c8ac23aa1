import { randomBytes } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { CheckpointStore } from "../../agent/io/store.ts";
import type { AgentOrder } from "../../contract/agent-api.ts";
import type { RoleName, UpdateId } from "../../contract/ids.ts";
import { silentLog } from "../../contract/ports/log.ts";
import type { Operation } from "../../contract/schema/offer.ts";
import type { Reservation, Resource } from "../../contract/schema/resource.ts";
import { until } from "../support/until.ts";
import type { AgentProcess } from "./support/agent-process.ts";
import { AgentRig } from "./support/agent-rig.ts";

// Agents are processes of their own here, and start slowly where many tests run at once.
vi.setConfig({ testTimeout: 180_000 });

let rig: AgentRig;
beforeEach(async () => {
  rig = await new AgentRig().open();
});
afterEach(() => rig.close());

const settings = { resources: "cpus:4;mem:1024;disk:100;ports:[31000-32000]" };
const reservations: Reservation[] = [{ type: "dynamic", role: "web" as RoleName }];
const volume: Resource = {
  name: "disk",
  scalar: 60_000,
  reservations,
  disk: { persistence: { id: "keep" }, volume: { containerPath: "data", mode: "RW" } },
};
const rest: Resource[] = [
  { name: "cpus", scalar: 4_000 },
  { name: "disk", scalar: 40_000 },
  { name: "mem", scalar: 1_024_000 },
  { name: "ports", ranges: [{ begin: 31_000, end: 32_000 }] },
];
const withVolume = [...rest, volume];
const folder = () => join(rig.workDir, "volumes", "roles", "web", "keep");

/** Has the agent hold a volume, or not any more. */
function change(type: "CREATE" | "DESTROY"): void {
  const operation: Operation = { type, volumes: [volume] };
  const operationUuid = randomBytes(16).toString("hex") as UpdateId;
  const reserved: Resource = { name: "disk", scalar: 60_000, reservations };
  const resources = type === "CREATE" ? withVolume : [...rest, reserved];
  rig.master.send({ type: "apply-operation", operationUuid, operation, resources });
}

/** Runs a command as a task that mounts the volume. */
async function run(task: string, command: string): Promise<string> {
  rig.master.launch({ [task]: command }, { resources: [{ name: "cpus", scalar: 100 }, volume] });
  return (await rig.ended(task)).state;
}

function lastRegistration() {
  const message = rig.master.registrations.at(-1);
  const isKnown = message?.type === "register" || message?.type === "reregister";
  const { type, agent } = isKnown ? message : { type: undefined, agent: undefined };
  return { type, resources: agent?.resources };
}

/** An agent with a volume that a task has written to. */
async function precious(): Promise<AgentProcess> {
  const agent = await rig.start(settings);
  change("CREATE");
  expect(await run("writer", "echo precious > data/x")).toBe("TASK_FINISHED");
  return agent;
}

/** The next agent in the folder is a new one, which has the volume and what was written to it. */
async function expectKept(): Promise<void> {
  await rig.start(settings);
  const { type, resources } = lastRegistration();
  expect(type).toBe("register");
  expect(resources).toHaveLength(withVolume.length);
  expect(resources).toEqual(expect.arrayContaining(withVolume));
  expect(await run("reader", "grep precious data/x")).toBe("TASK_FINISHED");
}

test.each([
  ["sent away for the maintenance of its machine (I2)", "MACHINE_DOWN"],
  ["marked as gone (B31)", "AGENT_GONE"],
])("E11, E12 volumes outlive an agent that is %s", async (_how, code) => {
  const agent = await precious();
  const order: AgentOrder = { type: "shutdown", code, message: "it must go" };
  rig.master.send(order);
  await until("it ends", () => agent.child.exitCode !== null);
  expect(agent.output).toContain(`ENDED ${code}`);
  await expectKept();
});

test("E12, F2 volumes outlive a cleanup", async () => {
  const agent = await precious();
  await agent.kill("SIGKILL");
  const cleaning = rig.startAside(settings, "cleanup");
  await until("it ends", () => cleaning.child.exitCode !== null);
  expect(cleaning.output).toContain("ENDED AGENT_LEFT");
  await expectKept();
});

test("E12, F3 volumes outlive a reboot that makes another agent of it", async () => {
  const agent = await precious();
  await agent.kill("SIGKILL");
  const store = new CheckpointStore(rig.workDir, silentLog);
  await store.setIdentity("an earlier boot", store.identity.secret ?? "");
  await store.close();
  const small = rig.startAside({ resources: "cpus:4;mem:1024;disk:59" });
  await until("it is refused", () => small.child.exitCode !== null);
  expect(small.output).toContain("AGENT_RECONFIGURED");
  expect(small.output).toContain(
    "it has not got what disk(dynamic web)[volume:keep]:60 is made of",
  );
  await rig.start({ resources: "cpus:4;mem:1024;disk:60" });
  const { type, resources } = lastRegistration();
  expect(type).toBe("register");
  expect(resources).toContainEqual(volume);
  expect(await run("reader", "grep precious data/x")).toBe("TASK_FINISHED");
});

/** How many files a volume has that takes a while to be removed. */
const FILES = 20_000;

/** An agent that was killed while it removed a volume, of which something is left. */
async function cutOff(): Promise<void> {
  for (let attempt = 0; ; attempt++) {
    const agent = await rig.start(settings);
    change("CREATE");
    const fill = `cd data && seq ${FILES} | xargs touch`;
    expect(await run(`fill${attempt}`, fill)).toBe("TASK_FINISHED");
    change("DESTROY");
    while (existsSync(folder()) && readdirSync(folder()).length === FILES);
    await agent.kill("SIGKILL");
    if (existsSync(folder())) return;
    expect(attempt, "it was too fast each time").toBeLessThan(5);
  }
}

test("E12 what an agent was killed in the middle of removing, the next one removes", async () => {
  await cutOff();
  await rig.start(settings);
  expect(existsSync(folder())).toBe(false);
  change("CREATE");
  expect(await run("first", "test -z $(ls data)")).toBe("TASK_FINISHED");
});

test("E12, F3 so does one that is another one since a reboot", async () => {
  await cutOff();
  const store = new CheckpointStore(rig.workDir, silentLog);
  await store.setIdentity("an earlier boot", store.identity.secret ?? "");
  await store.close();
  const other = await rig.start({ resources: "cpus:4;mem:1000;disk:100" });
  expect(lastRegistration().type).toBe("register");
  expect(existsSync(folder())).toBe(false);
  await other.kill("SIGTERM");
});

test("E12 a volume is not that of before where an agent was killed before it was emptied", async () => {
  const agent = await precious();
  change("DESTROY");
  await until("it is removed", () => !existsSync(folder()));
  await agent.kill("SIGKILL");
  // What an agent has on record that ends between that and the making of the folder.
  mkdirSync(folder(), { recursive: true });
  writeFileSync(join(folder(), "x"), "somebody's");
  const store = new CheckpointStore(rig.workDir, silentLog);
  const made = { id: "1", change: "make-volume", volume };
  const entries = await store.read();
  const record = entries.find(({ key }) => key === "agent")?.value as object;
  const others = entries.filter(({ key }) => key.startsWith("volume/"));
  const changes = new Map<string, unknown>(others.map(({ key }) => [key, undefined]));
  changes.set("agent", { ...record, resources: withVolume }).set("volume/1", made);
  await store.write(changes);
  await store.close();
  await rig.start(settings);
  expect(readdirSync(folder())).toEqual([]);
  expect(await run("first", "touch data/y")).toBe("TASK_FINISHED");
});

test("E12 a volume is empty when it is created, whatever was left in its folder", async () => {
  mkdirSync(folder(), { recursive: true });
  writeFileSync(join(folder(), "x"), "somebody's");
  await rig.start(settings);
  change("CREATE");
  expect(await run("first", "test -z $(ls data) && touch data/y")).toBe("TASK_FINISHED");
  change("DESTROY");
  await until("it is removed", () => !existsSync(folder()));
});
