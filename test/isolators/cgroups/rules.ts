import { strict as assert } from "node:assert";
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { CgroupDir } from "../../../plugins/isolators/cgroups/cgroup-dir.ts";
import { until } from "../../support/until.ts";
import { limitationsOf, lives, specOf } from "./bench.ts";
import { cpuRules, hungry, memoryRules } from "./limit-rules.ts";
import type { CgroupRule } from "./rule.ts";

const MIB = 2 ** 20;

const killRules: readonly CgroupRule[] = [
  {
    name: "a fork bomb is stopped by pids, and a kill ends it (F53)",
    async run(bench) {
      const isolator = bench.open({ pidsMax: 64 });
      const spec = specOf("bomb", { cpus: 1, mem: 64 });
      await bench.run(isolator, spec, "b() { b | b & }; b; while :; do sleep 1 || :; done");
      const dirs = () => bench.containerDirs(spec.id);
      const count = () => dirs().flatMap((dir) => allPids(dir));
      let most = 0;
      await until("the kernel refuses a fork", () => {
        // The kernel's own count: a list of pids is read while they change.
        most = Math.max(most, ...dirs().map((dir) => Number(dir.read("pids.current") ?? 0)));
        return dirs().some((dir) => (dir.table("pids.events").get("max") ?? 0) > 0);
      });
      assert.ok(most > 0, "no count was read");
      assert.ok(most <= 64, `at most 64 processes, seen ${most}`);
      assert.equal(await isolator.kill?.(spec.id), true);
      assert.deepEqual(count(), []);
      await isolator.cleanup(spec.id);
      assert.deepEqual(bench.containerDirs(spec.id), []);
    },
  },
  {
    name: "a kill leaves no process of a task that double-forked and called setsid (F76)",
    async run(bench) {
      const isolator = bench.open();
      const spec = specOf("daemon");
      const script =
        'setsid sh -c "sleep 1000 & setsid sleep 1000 & echo ready" & ' +
        '(setsid sh -c "trap : TERM HUP; sleep 1000" &) ; sleep 1000';
      const running = await bench.run(isolator, spec, script);
      const pids = () => [...new Set(bench.containerDirs(spec.id).flatMap(allPids))];
      // Shells between the task and its daemons come and go: the two counts are of the same moment
      // only once those have ended.
      let before: readonly number[] = [];
      await until("the daemons run, and as many processes are counted as there are", async () => {
        before = pids();
        const counted = (await isolator.usage?.(spec.id))?.processes;
        const settled = pids().join() === before.join() && counted === before.length;
        return running.output().includes("ready") && before.length >= 5 && settled;
      });
      assert.equal(await isolator.kill?.(spec.id), true);
      assert.deepEqual(await running.exited, { signal: "SIGKILL" });
      assert.deepEqual(before.filter(lives), []);
      await isolator.cleanup(spec.id);
      assert.deepEqual(bench.containerDirs(spec.id), []);
    },
  },
  {
    name: "a cleanup ends and removes what nobody killed, cgroups of the task's own included",
    async run(bench) {
      const isolator = bench.open();
      const spec = specOf("nested");
      const running = await bench.run(isolator, spec, "sleep 1000");
      for (const dir of bench.containerDirs(spec.id)) dir.child("inner").make();
      await isolator.cleanup(spec.id);
      assert.deepEqual(await running.exited, { signal: "SIGKILL" });
      assert.deepEqual(bench.containerDirs(spec.id), []);
      await isolator.cleanup(spec.id);
      assert.equal(await isolator.kill?.(spec.id), false);
    },
  },
];

const rootRules: readonly CgroupRule[] = [
  {
    name: "a restarted agent finds its containers, names strangers, and leaves both running",
    async run(bench) {
      const first = bench.open();
      const [mine, lost] = [specOf("mine"), specOf("lost")];
      const kept = await bench.run(first, mine, `sleep 1; exec ${hungry}`);
      const orphan = await bench.run(first, lost, "sleep 1000");
      const second = bench.open();
      assert.deepEqual(await second.recover([{ spec: mine, process: kept.process }]), ["lost"]);
      assert.ok(lives(kept.process.pid) && lives(orphan.process.pid));
      const { told, stop } = limitationsOf(second, mine.id);
      await kept.exited;
      stop();
      assert.equal(told[0]?.reason, "REASON_CONTAINER_LIMITATION_MEMORY");
      await second.cleanup(lost.id);
      assert.deepEqual(await orphan.exited, { signal: "SIGKILL" });
      await second.cleanup(mine.id);
      assert.deepEqual(await second.recover([]), []);
    },
  },
  {
    name: "nothing outside its own root is touched",
    async run(bench) {
      const isolator = bench.open();
      await bench.run(isolator, specOf("inside"), "sleep 1000");
      const [root] = bench.rootDirs();
      const beside = new CgroupDir(dirname(root?.path ?? "")).child(`${bench.root}-beside`);
      beside.make();
      const stranger = spawn("sleep", ["1000"], { stdio: "ignore" });
      try {
        beside.write("cgroup.procs", `${stranger.pid}`);
        await isolator.cleanup(specOf(`${bench.root}-beside`).id);
        await isolator.cleanup(specOf(`../${bench.root}-beside`).id);
        await isolator.cleanup(specOf("inside").id);
        assert.deepEqual(await isolator.recover([]), []);
        assert.ok(lives(stranger.pid as number));
        assert.deepEqual(beside.pids(), [stranger.pid]);
      } finally {
        stranger.kill("SIGKILL");
        await until("the cgroup beside is removed", () => beside.remove() === undefined);
      }
    },
  },
  {
    name: "a process that died while it was held is refused, and cleaned up after",
    async run(bench) {
      const isolator = bench.open();
      const spec = specOf("dead");
      await isolator.prepare(spec, new AbortController().signal);
      const gone = { pid: 2 ** 22 - 1, startTicks: 1 };
      await assert.rejects(isolator.isolate(spec, gone), { code: "CGROUP_ATTACH_FAILED" });
      await isolator.cleanup(spec.id);
      assert.equal((await isolator.usage?.(spec.id))?.processes, undefined);
      await assert.rejects(async () => isolator.update?.(spec), { code: "CGROUP_UNKNOWN" });
    },
  },
  {
    name: "v1: devices outside the list cannot be opened, and null and urandom can (F53)",
    only: "v1",
    async run(bench) {
      const isolator = bench.open();
      const script =
        "echo > /dev/null && head -c 1 /dev/urandom > /dev/null && echo fine; " +
        "head -c 1 /dev/kmsg > /dev/null || echo refused";
      const running = await bench.run(isolator, specOf("devices"), script);
      await running.exited;
      await until("both answers", () => /fine\n(.*\n)*refused/.test(running.output()));
      assert.match(running.output(), /Operation not permitted/);
      await isolator.cleanup(specOf("devices").id);
    },
  },
  {
    name: "v2: unlimited devices are announced, and requiring them is refused",
    only: "v2",
    async run(bench) {
      const isolator = bench.open();
      assert.match(isolator.status?.().degraded.join() ?? "", /^devices: cgroup v2 limits access/);
      assert.equal(bench.warnings.length, 1);
      assert.throws(() => bench.open({ required: ["devices"] }), { code: "CGROUP_HOST_UNUSABLE" });
    },
  },
  {
    name: "v2: processes in the root itself are moved, so that it can hand controllers down",
    only: "v2",
    async run(bench) {
      bench.open();
      const [root] = bench.rootDirs();
      assert.ok(root !== undefined);
      for (const name of (root.read("cgroup.subtree_control") ?? "").split(" ")) {
        root.write("cgroup.subtree_control", `-${name}`);
      }
      const agent = spawn("sleep", ["1000"], { stdio: "ignore" });
      root.write("cgroup.procs", `${agent.pid}`);
      const isolator = bench.open();
      assert.deepEqual(root.pids(), []);
      assert.deepEqual(root.child("_agent").pids(), [agent.pid]);
      assert.deepEqual(await isolator.recover([]), []);
      const running = await bench.run(isolator, specOf("after"), "exit 7");
      assert.deepEqual(await running.exited, { code: 7 });
      await isolator.cleanup(specOf("after").id);
      assert.ok(lives(agent.pid as number));
      agent.kill("SIGKILL");
    },
  },
  {
    name: "v2: processes are in a leaf, below the cgroup that has the limits",
    only: "v2",
    async run(bench) {
      const isolator = bench.open();
      const running = await bench.run(isolator, specOf("leafy"), "sleep 1000");
      const [dir] = bench.containerDirs("leafy");
      assert.deepEqual(dir?.pids(), []);
      assert.deepEqual(dir?.child("leaf").pids(), [running.process.pid]);
      assert.equal(dir?.read("memory.max"), `${64 * MIB}`);
      assert.equal(dir?.read("cpu.max"), "50000 100000");
      assert.equal(dir?.read("cpu.weight"), "50");
      assert.ok(existsSync(join(dir?.path ?? "", "cgroup.kill")));
      await isolator.cleanup(specOf("leafy").id);
    },
  },
];

function allPids(dir: CgroupDir): readonly number[] {
  return [...dir.pids(), ...dir.children().flatMap(allPids)];
}

/** All rules, for machines of both versions. */
export const cgroupRules: readonly CgroupRule[] = [
  ...memoryRules,
  ...cpuRules,
  ...killRules,
  ...rootRules,
];
