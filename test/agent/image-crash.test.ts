import { randomInt } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { listPids } from "../../agent/containerizer/proc.ts";
import type { ContainerInfo } from "../../contract/schema/container.ts";
import { isTerminal } from "../../contract/task-state.ts";
import { describeWith } from "../support/require.ts";
import { pause, until } from "../support/until.ts";
import { AgentProcess } from "./support/agent-process.ts";
import { AgentRig } from "./support/agent-rig.ts";
import { busyboxRoot, tarOfFolder } from "./support/image-maker.ts";

vi.setConfig({ testTimeout: 180_000 });

const container: ContainerInfo = {
  type: "MESOS",
  mesos: { image: { type: "DOCKER", name: "busybox" } },
};

describeWith("root", "an agent that is killed while tasks run in images", () => {
  let rig: AgentRig;
  let settings: Record<string, unknown>;
  beforeEach(async () => {
    rig = await new AgentRig().open();
    const dir = join(rig.folder, "store");
    mkdirSync(dir);
    const rootfs = busyboxRoot();
    writeFileSync(join(dir, "busybox.tar"), tarOfFolder(rootfs));
    rmSync(rootfs, { recursive: true });
    settings = { "images.dir": dir };
  });
  afterEach(() => rig.close());

  const folders = () => readdirSync(join(rig.workDir, "images/containers"));
  const isOfRig = (pid: number): boolean => {
    try {
      const words = readFileSync(`/proc/${pid}/cmdline`, "utf8");
      const mounts = readFileSync(`/proc/${pid}/mounts`, "utf8");
      return words.includes(`${rig.workDir}/run`) || mounts.includes(`${rig.workDir}/`);
    } catch {
      return false;
    }
  };
  const nothingIsLeft = () =>
    until("no process, mount or folder is left", () => {
      const pids = listPids().filter((pid) => pid !== process.pid && isOfRig(pid));
      const keepers = new Set(pids.filter((pid) => isKeeper(pid)));
      return folders().length === 0 && pids.every((pid) => keepers.has(pid));
    });

  test("the next agent ends what runs, with its mounts and its files (F2)", async () => {
    const first = await rig.start(settings);
    rig.master.launch({ long: "setsid sleep 600 & echo up; sleep 600" }, { container });
    await rig.told("long", ({ state }) => state === "TASK_RUNNING");
    expect(folders()).toHaveLength(1);
    await first.kill("SIGKILL");
    expect(rig.left().length).toBeGreaterThan(0);
    const flags = { master: rig.master.address, "listen.port": 0, workDir: rig.workDir };
    const last = new AgentProcess(
      { ...flags, resources: "cpus:4;mem:1024", ...settings },
      "cleanup",
    );
    await until("it has left", () => last.output.includes("ENDED AGENT_LEFT"));
    await nothingIsLeft();
    expect(rig.left()).toEqual([]);
    await last.kill("SIGKILL");
  });

  test("at any instant: each task ends once and truly, and nothing is left", async () => {
    const seed = Number(process.env["TEPUI_SEED"] ?? randomInt(2 ** 31));
    let random = seed;
    const within = (most: number): number => {
      random = (Math.imul(random, 1_103_515_245) + 12_345) >>> 0;
      return (random / 2 ** 32) * most;
    };
    for (let turn = 0; turn < 6; turn++) {
      const agent = await rig.start(settings);
      const told = `TEPUI_SEED=${seed}, turn ${turn}`;
      const name = (kind: string) => `${kind}${turn}`;
      const commands = {
        [name("quick")]: "exit 3",
        [name("slow")]: "sleep 1; exit 4",
        [name("long")]: "sleep 600",
      };
      rig.master.launch(commands, { container });
      // What an agent never heard of, no agent can tell of.
      const heard = join(rig.workDir, "slaves/m1-S0/frameworks/f1/executors");
      await until("all are known", () =>
        Object.keys(commands).every((task) => existsSync(join(heard, task))),
      );
      await pause(within(1_500));
      await agent.kill("SIGKILL");
      const next = await rig.start(settings);
      rig.master.kill(name("long"));
      for (const task of Object.keys(commands)) await rig.ended(task);
      await nothingIsLeft();
      const ends = (task: string) =>
        rig.master.statuses.get(task)?.filter(({ state }) => isTerminal(state)) ?? [];
      for (const [task, code] of [
        ["quick", 3],
        ["slow", 4],
      ] as const) {
        expect(ends(name(task)), told).toHaveLength(1);
        const [{ exitCode, state } = { state: "" }] = ends(name(task));
        // One that had not begun when the agent died was never run, and is told to be lost.
        if (exitCode !== undefined || state !== "TASK_DROPPED") {
          expect([name(task), exitCode], told).toEqual([name(task), code]);
        }
      }
      expect(ends(name("long")), told).toHaveLength(1);
      await next.kill("SIGKILL");
    }
  });
});

/** The process that forks for an agent goes when that does. */
function isKeeper(pid: number): boolean {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "utf8").includes("keeper.pl");
  } catch {
    return true;
  }
}
