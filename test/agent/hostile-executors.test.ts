import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { ExecutorId } from "../../contract/ids.ts";
import type { ExecutorInfo } from "../../contract/schema/task.ts";
import { pause } from "../support/until.ts";
import type { AgentProcess } from "./support/agent-process.ts";
import { AgentRig } from "./support/agent-rig.ts";

vi.setConfig({ testTimeout: 180_000 });

let rig: AgentRig;
beforeEach(async () => {
  rig = await new AgentRig().open();
});
afterEach(() => rig.close());

/** Far more than an agent needs beside such an executor, and far less than that one sends. */
const RSS_MIB_MAX = 400;
const FLOOD_MS = 5_000;

const dist = join(import.meta.dirname, "..", "..", "dist");

/** An executor that subscribes, runs its task, and then does this. */
function executor(does: string): ExecutorInfo {
  const program = `
    import { randomBytes } from "node:crypto";
    import { Executor } from "${join(dist, "sdk", "index.js")}";
    import { WebSocket } from "${join(dist, "..", "node_modules", "ws", "wrapper.mjs")}";
    const executor = new Executor();
    const forever = (act) => { for (let n = 0; n < 50; n++) act(); setImmediate(forever, act); };
    executor.on("launch", ({ taskId }) => {
      executor.sendUpdate({ taskId, state: "TASK_RUNNING" });
      setTimeout(() => { ${does} }, 500);
    });
    executor.start();`;
  const words = ["node", "--input-type=module", "-e", program];
  const command = { value: process.execPath, shell: false, arguments: words };
  return { executorId: "bad" as ExecutorId, command };
}

function rssMib({ child: { pid } }: AgentProcess): number {
  const [, kib] = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, "utf8")) ?? [];
  return Number(kib) / 1_024;
}

const kinds = [
  ["updates", `forever(() => executor.sendUpdate({ taskId, state: "TASK_RUNNING" }));`],
  [
    "large updates",
    `const data = new Uint8Array(1_000_000);
     forever(() => executor.sendUpdate({ taskId, state: "TASK_RUNNING", data }));`,
  ],
  ["messages", "const data = new Uint8Array(10_000); forever(() => executor.sendMessage(data));"],
  [
    "garbage on new connections",
    `const { agentEndpoint } = executor.environment;
     forever(() => {
       const socket = new WebSocket("ws://" + agentEndpoint);
       socket.on("error", () => {}).on("open", () => socket.send(randomBytes(1_000)));
     });`,
  ],
] as const;

for (const [what, does] of kinds) {
  test(`an executor that floods its agent with ${what} costs the others nothing`, async () => {
    rig.master.acknowledges = false;
    const agent = await rig.start();
    rig.master.launch({ bad: "" }, { executor: executor(does), command: undefined } as never);
    await rig.told("bad", ({ state }) => state === "TASK_RUNNING");
    const registrations = rig.master.registrations.length;
    rig.master.acknowledges = what === "messages";
    await pause(FLOOD_MS);
    rig.master.acknowledges = true;
    rig.master.launch({ good: "exit 0" });
    expect(await rig.ended("good")).toMatchObject({ state: "TASK_FINISHED" });
    expect(agent.child.exitCode, agent.output).toBe(null);
    expect(rig.master.registrations).toHaveLength(registrations);
    expect(rssMib(agent)).toBeLessThan(RSS_MIB_MAX);
  });
}
