import { chmodSync, statSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { RoleName, UpdateId } from "../../contract/ids.ts";
import type { Resource } from "../../contract/schema/resource.ts";
import { describeWith, type Feature } from "../support/require.ts";
import { AgentRig } from "./support/agent-rig.ts";
import { removeCgroupsRoot, withCgroupsRoot } from "./support/cgroups-root.ts";

vi.setConfig({ testTimeout: 180_000 });

const disk: Resource = {
  name: "disk",
  scalar: 64_000,
  reservations: [{ type: "dynamic", role: "web" as RoleName }],
  disk: { persistence: { id: "v1" }, volume: { containerPath: "data", mode: "RW" } },
};
const cpus: Resource = { name: "cpus", scalar: 100 };

const isolators: readonly (readonly [name: string, needs: Feature[], plugins: object[]])[] = [
  ["process", ["root"], [{ plugin: "process" }]],
  ["cgroups", ["root", "cgroup-v1"], [{ plugin: "process" }, { plugin: "cgroups" }]],
];

for (const [name, needs, plugins] of isolators) {
  describeWith(needs, `persistent volumes of users, with ${name} (E12, E13)`, () => {
    const root = `tepui-owners-${process.pid}`;
    const settings = { plugins: withCgroupsRoot(plugins, root), resources: "cpus:4;disk:100" };
    let rig: AgentRig;
    beforeEach(async () => {
      rig = await new AgentRig().open();
      // Its tasks run as other users.
      chmodSync(rig.folder, 0o755);
    });
    afterEach(async () => {
      await rig.close();
      removeCgroupsRoot(root);
    });

    function create(volume: Resource): void {
      const operation = { type: "CREATE" as const, volumes: [volume] };
      const operationUuid = "a".repeat(32) as UpdateId;
      const rest = { ...disk, disk: undefined, scalar: 36_000 } as never;
      const resources = [{ name: "cpus", scalar: 4_000 }, rest, volume];
      rig.master.send({ type: "apply-operation", operationUuid, operation, resources });
    }
    const run = (task: string, user: string, value: string, volume: Resource) => {
      const command = { value, user };
      rig.master.launch({ [task]: "" }, { command, resources: [cpus, volume] });
    };
    const owner = () => statSync(join(rig.workDir, "volumes/roles/web/v1")).uid;
    const [daemon, nobody] = [1, 65_534];
    const write = (file: string) => `echo $$ > data/${file}`;

    test("a shared one stays the first user's until nobody uses it, restarts included", async () => {
      const volume: Resource = { ...disk, shared: true };
      const agent = await rig.start(settings);
      create(volume);
      const works = "while [ ! -e go ]; do sleep 0.05; done; echo yes > data/again";
      run("first", "daemon", works, volume);
      await rig.told("first", ({ state }) => state === "TASK_RUNNING");
      expect(owner()).toBe(daemon);
      run("second", "nobody", write("x"), volume);
      expect(await rig.ended("second")).toMatchObject({ state: "TASK_FAILED" });
      expect(owner()).toBe(daemon);
      await agent.kill("SIGKILL");
      await rig.start(settings);
      run("third", "nobody", "sleep 600", volume);
      await rig.told("third", ({ state }) => state === "TASK_RUNNING");
      expect(owner()).toBe(daemon);
      rig.master.launch({ go: `touch ${rig.workDir}/tasks/f1/first/go` });
      expect(await rig.ended("first")).toMatchObject({ state: "TASK_FINISHED" });
      rig.master.kill("third");
      await rig.ended("third");
      run("fourth", "nobody", write("y"), volume);
      expect(await rig.ended("fourth")).toMatchObject({ state: "TASK_FINISHED" });
      expect(owner()).toBe(nobody);
    });

    test("one that is not shared is whoever's that uses it", async () => {
      await rig.start(settings);
      create(disk);
      for (const [task, user, uid] of [
        ["first", "daemon", daemon],
        ["second", "nobody", nobody],
      ] as const) {
        run(task, user, write(task), disk);
        expect(await rig.ended(task)).toMatchObject({ state: "TASK_FINISHED" });
        expect(owner()).toBe(uid);
      }
    });
  });
}
