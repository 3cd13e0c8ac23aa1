import { existsSync, mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { listPids } from "../../agent/containerizer/proc.ts";
import { Random } from "../../conformance/random.ts";
import { isTerminal } from "../../contract/task-state.ts";
import { commandOf } from "../support/processes.ts";
import { describeWith, type Feature } from "../support/require.ts";
import { pause, until } from "../support/until.ts";
import { AgentRig } from "./support/agent-rig.ts";
import { cgroupsOf, removeCgroupsRoot, withCgroupsRoot } from "./support/cgroups-root.ts";

/** How often an agent is killed; 200 and more are for a machine that has the time. */
const KILLS = Number(process.env["TEPUI_AGENT_KILLS"] ?? 5);
/** Tasks of each turn. */
const TASKS = 4;

vi.setConfig({ testTimeout: 180_000 + KILLS * 10_000 });

const isolators: readonly (readonly [name: string, needs: Feature[], plugins: object[]])[] = [
  ["process", [], [{ plugin: "process" }]],
  [
    "process with namespaces",
    ["root", "tmpfs"],
    [{ plugin: "process", config: { namespaces: ["pid", "mount", "ipc", "uts"] } }],
  ],
  ["cgroups", ["root", "cgroup-v1"], [{ plugin: "process" }, { plugin: "cgroups" }]],
];

for (const [name, needs, plugins] of isolators) {
  describeWith(needs, `agents that are killed at random instants, with ${name}`, () => {
    let rig: AgentRig;
    beforeEach(async () => {
      rig = await new AgentRig().open();
    });
    afterEach(async () => {
      await rig.close();
      removeCgroupsRoot(root);
    });

    const root = `tepui-kills-${process.pid}`;
    const settings = { plugins: withCgroupsRoot(plugins, root) };
    const keepers = (): number[] =>
      listPids().filter((pid) => commandOf(pid).includes(`${rig.workDir}/run`));

    test("each task ends once and truly, none runs twice, and nothing is left", async () => {
      const seed = Number(process.env["TEPUI_SEED"] ?? Date.now() % 1_000_000);
      process.stdout.write(`TEPUI_SEED=${seed} TEPUI_AGENT_KILLS=${KILLS} ${name}\n`);
      const random = new Random(seed);
      const ran = join(rig.folder, "ran");
      mkdirSync(ran);
      const timesRan = (task: string) =>
        existsSync(join(ran, task)) ? readFileSync(join(ran, task), "utf8").length : 0;
      const codes = new Map<string, number>();
      let agent = await rig.start(settings);
      for (let round = 0; round < KILLS; round++) {
        if (round > 0) agent = await rig.start(settings);
        for (let task = 0; task < TASKS; task++) {
          const [id, code] = [`r${round}-${task}`, random.below(4)];
          codes.set(id, code);
          const daemon = random.below(3) === 0 ? "setsid sleep 600 & " : "";
          const seconds = random.below(5) / 2;
          const run = `printf x >> ${ran}/${id}; ${daemon}sleep ${seconds}; exit ${code}`;
          rig.master.launch({ [id]: run });
        }
        await pause(random.below(1_500));
        await agent.kill("SIGKILL");
      }
      agent = await rig.start(settings);
      // A launch may have been on its way to an agent that died: a master would see that.
      const last = rig.master.registrations.at(-1);
      const known = last?.type === "reregister" ? last.tasks.map(({ taskId }) => `${taskId}`) : [];
      for (const task of codes.keys()) {
        const isKnown = rig.master.statesOf(task).length > 0 || known.includes(task);
        if (isKnown) continue;
        expect([task, timesRan(task)]).toEqual([task, 0]);
        codes.delete(task);
      }
      expect(codes.size).toBeGreaterThan(KILLS);
      for (const task of codes.keys()) await rig.ended(task);
      for (const [task, code] of codes) {
        const statuses = rig.master.statuses.get(task) ?? [];
        const ends = statuses.filter(({ state }) => isTerminal(state));
        expect(ends, task).toHaveLength(1);
        const [end] = ends;
        // One that had not begun when the agent died is told to be lost, and never begins.
        const isLost = end?.state === "TASK_DROPPED";
        expect([task, timesRan(task)]).toEqual([task, isLost ? 0 : 1]);
        if (!isLost) {
          const state = code === 0 ? "TASK_FINISHED" : "TASK_FAILED";
          expect([task, end?.state, end?.exitCode]).toEqual([task, state, code]);
        }
      }
      await until("no process is left", () => rig.left().length === 0);
      await agent.kill("SIGTERM");
      await until("nothing that forks is left", () => keepers().length === 0);
      expect(cgroupsOf(root)).toEqual([]);
    });
  });
}
