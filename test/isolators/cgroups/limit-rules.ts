import { strict as assert } from "node:assert";
import { readFileSync } from "node:fs";
import { pause, until } from "../../support/until.ts";
import { type CgroupBench, limitationsOf, specOf } from "./bench.ts";
import type { CgroupRule } from "./rule.ts";

/** Fills 200 MB; devices of the default list are all it needs. */
export const hungry = "dd if=/dev/zero of=/dev/null bs=200M count=1";

const MIB = 2 ** 20;

/** What holds of memory. */
export const memoryRules: readonly CgroupRule[] = [
  {
    name: "a task with mem:64 that allocates 200 MB is killed, and told with figures (F52)",
    async run(bench) {
      const isolator = bench.open();
      const spec = specOf("hungry", { cpus: 1, mem: 64 });
      const running = await bench.run(isolator, spec, `exec ${hungry}`);
      const { told, stop } = limitationsOf(isolator, spec.id);
      assert.deepEqual(await running.exited, { signal: "SIGKILL" });
      stop();
      assert.equal(told.length, 1);
      const [limitation] = told;
      assert.equal(limitation?.reason, "REASON_CONTAINER_LIMITATION_MEMORY");
      assert.match(
        limitation.message,
        /^memory limit of 64 MiB exceeded: requested 64 MiB, in use/,
      );
      assert.match(
        limitation.message,
        /most in use 6\d(\.\d)? MiB; the kernel killed (1 process|all its processes)$/,
      );
      const [mem] = limitation.resources;
      assert.equal(mem?.name, "mem");
      assert.ok(Math.abs((mem?.scalar ?? 0) - 64_000) < 4_000, `${mem?.scalar} is near 64 MiB`);
      await isolator.cleanup(spec.id);
      assert.deepEqual(bench.containerDirs(spec.id), []);
    },
  },
  {
    name: "a kill for lack of memory is told by polling, before anybody has stopped watching",
    async run(bench) {
      const isolator = bench.open({ limitPollInterval: "50ms" });
      const spec = specOf("parent", { cpus: 1, mem: 64 });
      const script = `(echo 1000 > /proc/self/oom_score_adj; ${hungry}); sleep 1000`;
      await bench.run(isolator, spec, script);
      const { told, stop } = limitationsOf(isolator, spec.id);
      await until("the limitation is told", () => told.length > 0);
      stop();
      assert.equal(told.length, 1);
      await isolator.cleanup(spec.id);
    },
  },
  {
    name: "a task within its memory is told of nothing, and less than 32 MiB is 32 MiB (F52)",
    async run(bench) {
      const isolator = bench.open();
      const spec = specOf("modest", { cpus: 1, mem: 1 });
      const script = "exec dd if=/dev/zero of=/dev/null bs=8M count=1";
      const running = await bench.run(isolator, spec, script);
      const { told, stop } = limitationsOf(isolator, spec.id);
      assert.deepEqual(await running.exited, { code: 0 });
      stop();
      assert.deepEqual(told, []);
      assert.equal((await isolator.usage?.(spec.id))?.memLimitBytes, 32 * MIB);
      await isolator.cleanup(spec.id);
    },
  },
  {
    name: "an update raises the memory limit of what runs and never lowers it (F52)",
    async run(bench) {
      const isolator = bench.open();
      const limitOf = async () => (await isolator.usage?.(specOf("grown").id))?.memLimitBytes;
      await bench.run(isolator, specOf("grown", { cpus: 1, mem: 64 }), "sleep 1000");
      await isolator.update?.(specOf("grown", { cpus: 1, mem: 128 }));
      assert.equal(await limitOf(), 128 * MIB);
      await isolator.update?.(specOf("grown", { cpus: 1, mem: 40 }));
      assert.equal(await limitOf(), 128 * MIB);
      await isolator.update?.(specOf("grown", { cpus: 1, mem: 40 }, { mem: Infinity }));
      assert.equal(await limitOf(), undefined);
      await isolator.cleanup(specOf("grown").id);
    },
  },
  {
    name: "a task with a limit above its request is the first to go when the host runs out (D20)",
    async run(bench) {
      const isolator = bench.open();
      const score = (pid: number) => Number(readFileSync(`/proc/${pid}/oom_score_adj`, "utf8"));
      const burst = specOf("burst", { cpus: 1, mem: 64 }, { mem: 128_000 });
      const running = await bench.run(isolator, burst, "sleep 1000");
      assert.ok(score(running.process.pid) > 800);
      assert.equal((await isolator.usage?.(burst.id))?.memLimitBytes, 128 * MIB);
      await isolator.cleanup(burst.id);
    },
  },
];

async function cpusUsed(bench: CgroupBench, seconds: number, limits?: Record<string, number>) {
  const isolator = bench.open({ enableCfs: limits === undefined });
  const spec = specOf("spinner", { cpus: 0.5, mem: 64 }, limits);
  await bench.run(isolator, spec, "while :; do :; done");
  const used = async () => {
    const usage = await isolator.usage?.(spec.id);
    const cpuSeconds = (usage?.cpusUserSeconds ?? 0) + (usage?.cpusSystemSeconds ?? 0);
    return [(usage?.timeMs ?? 0) / 1000, cpuSeconds] as const;
  };
  await pause(300);
  const [began, before] = await used();
  await pause(seconds * 1000);
  const [ended, after] = await used();
  const count = (name: string) => {
    const stats = bench.containerDirs(spec.id).map((dir) => dir.table("cpu.stat"));
    return Math.max(...stats.map((stat) => stat.get(name) ?? 0));
  };
  // By its name in v1 or in v2; it grows between any two looks.
  const throttledSeconds = () => count("throttled_time") / 1e9 + count("throttled_usec") / 1e6;
  const throttledMin = throttledSeconds();
  const usage = await isolator.usage?.(spec.id);
  const throttledMax = throttledSeconds();
  const heldBack = count("nr_throttled") / count("nr_periods");
  await isolator.cleanup(spec.id);
  return { cpus: (after - before) / (ended - began), usage, heldBack, throttledMin, throttledMax };
}

/** What holds of CPU time. */
export const cpuRules: readonly CgroupRule[] = [
  {
    name: "a task with cpus:0.5 that spins gets half a CPU, within 15 % (F51)",
    async run(bench) {
      const { cpus, usage, heldBack, throttledMin, throttledMax } = await cpusUsed(bench, 10);
      assert.ok(cpus < 0.575, `it used ${cpus.toFixed(3)} CPUs`);
      // In a period in which it was held back it had its share. In others the host was busy with
      // something else, which is nobody's mistake; on an idle host there are none.
      const least = 0.425 * heldBack;
      assert.ok(cpus > least, `it used ${cpus.toFixed(3)} CPUs, at least ${least.toFixed(3)}`);
      assert.equal(usage?.cpusLimit, 0.5);
      const throttled = usage?.cpusThrottledSeconds ?? -1;
      assert.ok(throttledMin <= throttled && throttled <= throttledMax, `${throttled} s held back`);
    },
  },
  {
    name: "a limit of the task's own holds where requests are shares only (D20)",
    async run(bench) {
      const { usage } = await cpusUsed(bench, 0.1, { cpus: 750 });
      assert.equal(usage?.cpusLimit, 0.75);
      assert.equal((await cpusUsed(bench, 0.1, { cpus: Infinity })).usage?.cpusLimit, undefined);
    },
  },
];
