import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { listPids } from "../../agent/containerizer/proc.ts";
import { CheckpointStore } from "../../agent/io/store.ts";
import { Random } from "../../conformance/random.ts";
import type { ExecutorId, FrameworkId } from "../../contract/ids.ts";
import { silentLog } from "../../contract/ports/log.ts";
import type { ExecutorInfo } from "../../contract/schema/task.ts";
import { commandOf } from "../support/processes.ts";
import { describeWith, type Feature } from "../support/require.ts";
import { pause, until } from "../support/until.ts";
import type { AgentProcess } from "./support/agent-process.ts";
import { AgentRig } from "./support/agent-rig.ts";
import { cgroupsOf, removeCgroupsRoot, withCgroupsRoot } from "./support/cgroups-root.ts";
import { BOUND } from "./support/stand-in-master.ts";

/** How often an agent is killed; 200 and more are for a machine that has the time. */
const KILLS = Number(process.env["TEPUI_AGENT_KILLS"] ?? 4);

vi.setConfig({ testTimeout: 180_000 + KILLS * 10_000 });

const pod: ExecutorInfo = {
  executorId: "pod" as ExecutorId,
  frameworkId: "f2" as FrameworkId,
  type: "DEFAULT",
};
const executor: ExecutorInfo = {
  executorId: "e1" as ExecutorId,
  command: { value: "while :; do sleep 0.1; done" },
};

/** Whether a process lives that `echo $$` in a task has named. */
function lives(pid: number): boolean {
  try {
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, "utf8"));
  } catch {
    return false;
  }
}

const isolators: readonly (readonly [name: string, needs: Feature[], plugins: object[]])[] = [
  ["process", [], [{ plugin: "process" }]],
  ["cgroups", ["root", "cgroup-v1"], [{ plugin: "process" }, { plugin: "cgroups" }]],
];

for (const [name, needs, plugins] of isolators) {
  describeWith(needs, `what frameworks run that do not checkpoint, with ${name}`, () => {
    const root = `tepui-bound-${process.pid}`;
    const settings = { plugins: withCgroupsRoot(plugins, root) };
    let rig: AgentRig;
    beforeEach(async () => {
      rig = await new AgentRig().open();
    });
    afterEach(async () => {
      await rig.close();
      removeCgroupsRoot(root);
    });

    /** One task that outlives the agent, and all kinds that do not. */
    async function all(): Promise<{ agent: AgentProcess; hidden: number }> {
      const agent = await rig.start(settings);
      const { master } = rig;
      master.launch({ kept: "exec sleep 600" });
      const out = join(rig.folder, "hidden");
      // Nothing in its environment says to whom it belongs.
      const hides = `env -i sh -c 'echo $$ > ${out}; exec sleep 600' & sleep 600`;
      const commands = { t1: "setsid sleep 600 & sleep 600", t2: hides };
      master.launch(commands, {}, undefined, BOUND);
      master.launch({ g1: "sleep 600", g2: "sleep 600" }, {}, pod, BOUND);
      master.launch({ x1: "" }, { command: undefined, executor } as never, undefined, BOUND);
      for (const task of ["kept", "t1", "t2", "g1", "g2"]) {
        await rig.told(task, ({ state }) => state === "TASK_RUNNING");
      }
      await until("the executor runs", () => sandboxes("e1").length === 1);
      const pid = () => (existsSync(out) && Number(readFileSync(out, "utf8"))) || undefined;
      const hidden = await until("it hides", pid);
      return { agent, hidden };
    }

    const sandboxes = (executorId: string): string[] => {
      const frameworks = join(rig.workDir, "slaves/m1-S0/frameworks/f2/executors");
      const runs = join(frameworks, executorId, "runs");
      if (!existsSync(runs)) return [];
      const names = readdirSync(runs).filter((one) => one !== "latest");
      return names.map((one) => join(runs, one));
    };

    /** What is in the checkpoint once the agent has ended. */
    const kinds = async (): Promise<string[]> => {
      const store = new CheckpointStore(rig.workDir, silentLog);
      const entries = await store.read();
      await store.close();
      return entries.map(({ key }) => key.split("/")[0] as string).sort();
    };

    test("is ended by the next agent, unheard of, and leaves nothing but its sandboxes", async () => {
      const { agent, hidden } = await all();
      const heard = rig.master.heard.length;
      await agent.kill("SIGKILL");
      expect(lives(hidden)).toBe(true);
      const killedMs = Date.now();
      const again = await rig.start(settings);
      expect(lives(hidden)).toBe(false);
      const returned = rig.master.registrations.at(-1);
      expect(returned).toMatchObject({ type: "reregister", executors: [] });
      expect(returned).toMatchObject({ tasks: [{ taskId: "kept" }], frameworks: [{ id: "f1" }] });
      const left = rig.left();
      expect(left.length).toBeGreaterThan(0);
      rig.master.kill("kept");
      await rig.ended("kept");
      expect(rig.left()).toEqual([]);
      const updates = rig.master.heard
        .slice(heard)
        .flatMap((one) => (one.type === "update" ? [one.status.taskId as string] : []));
      expect(updates.filter((task) => task !== "kept")).toEqual([]);
      // It is kept as long as that of any ended task: its time runs from its end.
      for (const task of ["t1", "t2", "e1"]) {
        const [sandbox = ""] = sandboxes(task);
        expect(statSync(sandbox).mtimeMs).toBeGreaterThan(killedMs - 1_000);
      }
      await again.kill("SIGTERM");
      expect(cgroupsOf(root)).toEqual([]);
      expect(await kinds()).not.toContain("container");
    });

    test("ends with an agent that stops, in order, and the rest runs on (F5)", async () => {
      const { agent, hidden } = await all();
      const bye = join(rig.folder, "bye");
      const polite = `trap 'echo bye > ${bye}; exit 0' TERM; while :; do sleep 0.1; done`;
      rig.master.launch({ polite }, {}, undefined, BOUND);
      await rig.told("polite", ({ state }) => state === "TASK_RUNNING");
      await pause(300);
      await agent.kill("SIGTERM");
      expect(agent.child.exitCode, agent.output).toBe(0);
      expect(readFileSync(bye, "utf8")).toBe("bye\n");
      expect(lives(hidden)).toBe(false);
      expect(rig.left()).toHaveLength(1);
      expect(await kinds()).toEqual(["agent", "container", "framework", "framework", "task"]);
      const again = await rig.start(settings);
      const returned = rig.master.registrations.at(-1);
      expect(returned).toMatchObject({ tasks: [{ taskId: "kept", state: "TASK_RUNNING" }] });
      rig.master.kill("kept");
      await rig.ended("kept");
      await again.kill("SIGTERM");
      expect(cgroupsOf(root)).toEqual([]);
    });

    test("leaves nothing however often its agent is killed, whenever", async () => {
      const seed = Number(process.env["TEPUI_SEED"] ?? Date.now() % 1_000_000);
      process.stdout.write(`TEPUI_SEED=${seed} TEPUI_AGENT_KILLS=${KILLS} ${name}\n`);
      const random = new Random(seed);
      for (let round = 0; round < KILLS; round++) {
        const agent = await rig.start(settings);
        const last = rig.master.registrations.at(-1);
        // One that was killed before it had an id on record registers anew.
        if (last?.type === "reregister") {
          expect(last).toMatchObject({ tasks: [], executors: [], frameworks: [] });
        }
        const task = (id: string) => ({ [`${id}${round}`]: "setsid sleep 600 & sleep 600" });
        rig.master.launch({ ...task("a"), ...task("b") }, {}, undefined, BOUND);
        rig.master.launch({ ...task("g"), ...task("h") }, {}, pod, BOUND);
        await pause(random.below(700));
        await agent.kill("SIGKILL");
      }
      const agent = await rig.start(settings);
      expect(rig.left()).toEqual([]);
      await agent.kill("SIGTERM");
      expect(await kinds()).toEqual(["agent"]);
      expect(cgroupsOf(root)).toEqual([]);
      const keepers = () =>
        listPids().filter((pid) => commandOf(pid).includes(`${rig.workDir}/run`));
      await until("nothing that forks is left", () => keepers().length === 0);
      // Those wrote down how what was ended has ended, which is of no use to the next agent.
      await (await rig.start(settings)).kill("SIGTERM");
      expect(readdirSync(join(rig.workDir, "run", "exits"))).toEqual([]);
    });
  });
}
