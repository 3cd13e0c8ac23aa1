import { afterEach, describe, expect, test } from "vitest";
import type { Isolator } from "../../contract/ports/isolator.ts";
import { silentLog } from "../../contract/ports/log.ts";
import { silentMetrics } from "../../contract/ports/metrics.ts";
import { defaultDevices } from "../../plugins/isolators/cgroups/controllers/devices.ts";
import { CgroupsIsolator } from "../../plugins/isolators/cgroups/isolator.ts";
import { openHost } from "../../plugins/isolators/cgroups/probe.ts";
import { systemClock } from "../../wire/system-clock.ts";
import { configOf, limitationsOf, specOf } from "./cgroups/bench.ts";
import { FakeKernel, type FakeMount, mountsV1, mountV2 } from "./cgroups/fake-kernel.ts";

const MIB = 2 ** 20;
let kernel: FakeKernel;
afterEach(() => kernel?.close());

function isolatorOn(mounts: readonly FakeMount[], given: Record<string, unknown> = {}): Isolator {
  kernel = new FakeKernel(mounts);
  const config = configOf(given);
  const context = { config, log: silentLog, metrics: silentMetrics, clock: systemClock };
  return new CgroupsIsolator(openHost(config, kernel), context);
}

const prepare = async (isolator: Isolator, ...spec: Parameters<typeof specOf>) =>
  isolator.prepare(specOf(...spec), new AbortController().signal);

/** The texts of files of container c1, by file, in the hierarchy that has them. */
function filesOf(...names: string[]): Record<string, string | undefined> {
  const read = (name: string) =>
    [...mountsV1, mountV2]
      .map((mount) => kernel.at(`${mount.name}/tepui/c1`).read(name))
      .find((text) => text !== undefined);
  return Object.fromEntries(names.map((name) => [name, read(name)]));
}

describe("on v1", () => {
  test("a container gets shares, quota, burst, limits, a cpuset and devices", async () => {
    const given = {
      cpuBurst: 0.5,
      limitSwap: true,
      cpusetCpus: "1",
      ioWeight: 5000,
      ioLimits: [{ device: "8:0", readBytesPerSecond: 1000, writesPerSecond: 5 }],
      devices: ["c 10:229 rwm"],
      hugetlb: { "2MB": 4096 },
      pidsMax: 0,
    };
    await prepare(isolatorOn(mountsV1, given), "c1", { cpus: 0.5, mem: 64 });
    const expected = {
      "cpu.shares": "512",
      "cpu.cfs_quota_us": "50000",
      "cpu.cfs_burst_us": "25000",
      "memory.limit_in_bytes": `${64 * MIB}`,
      "memory.memsw.limit_in_bytes": `${64 * MIB}`,
      "memory.soft_limit_in_bytes": `${64 * MIB}`,
      "pids.max": "max",
      "cpuset.cpus": "1",
      "cpuset.mems": "0",
      "blkio.bfq.weight": "1000",
      "blkio.throttle.read_bps_device": "8:0 1000",
      "blkio.throttle.write_iops_device": "8:0 5",
      "blkio.throttle.read_iops_device": "",
      "hugetlb.2MB.limit_in_bytes": "4096",
    };
    expect(filesOf(...Object.keys(expected))).toEqual(expected);
    const rules = kernel.written.filter(([path]) => path.startsWith("devices/tepui/c1/devices."));
    expect(rules.map(([path, text]) => `${path.split(".").at(-1)} ${text}`)).toEqual([
      "deny a",
      ...[...defaultDevices, "c 10:229 rwm"].map((rule) => `allow ${rule}`),
    ]);
  });

  test("swap is limited in an order that the kernel accepts, up as well as down", async () => {
    const isolator = isolatorOn(mountsV1, { limitSwap: true });
    await prepare(isolator, "c1", { mem: 64 });
    await isolator.update?.(specOf("c1", { mem: 256 }));
    await isolator.update?.(specOf("c1", { mem: 128 }));
    expect(
      filesOf("memory.limit_in_bytes", "memory.memsw.limit_in_bytes", "memory.soft_limit_in_bytes"),
    ).toEqual({
      "memory.limit_in_bytes": `${256 * MIB}`,
      "memory.memsw.limit_in_bytes": `${256 * MIB}`,
      "memory.soft_limit_in_bytes": `${128 * MIB}`,
    });
  });

  test("usage is read off all hierarchies", async () => {
    const isolator = isolatorOn(mountsV1);
    await prepare(isolator, "c1", { cpus: 0.5, mem: 64 });
    kernel.at("memory/tepui/c1").write("cgroup.procs", "17");
    kernel.at("pids/tepui/c1").write("cgroup.procs", "17");
    expect(await isolator.usage?.(specOf("c1").id)).toEqual({
      timeMs: expect.any(Number),
      processes: 1,
      threads: 3,
      cpusUserSeconds: 2.5,
      cpusSystemSeconds: 0.5,
      cpusThrottledSeconds: 1.5,
      cpusLimit: 0.5,
      memTotalBytes: MIB,
      memRssBytes: 8192,
      memCacheBytes: 4096,
      memSwapBytes: 0,
      memLimitBytes: 64 * MIB,
      ioReadBytes: 4100,
      ioWrittenBytes: 100,
    });
  });

  test("kills within the limit of the container are the host's lack of memory", async () => {
    const isolator = isolatorOn(mountsV1);
    await prepare(isolator, "c1", { mem: 64 });
    const { told, stop } = limitationsOf(isolator, specOf("c1").id);
    kernel.set("memory/tepui/c1/memory.oom_control", "under_oom 0\noom_kill 2");
    stop();
    expect(told).toEqual([
      {
        reason: "REASON_CONTAINER_LIMITATION_MEMORY",
        message:
          "the host ran out of memory (limit of the container: 64 MiB): requested 64 MiB, in use " +
          "now 1 MiB (rss 0 MiB, cache 0 MiB, swap 0 MiB), most in use 2 MiB; the kernel killed " +
          "2 processes",
        resources: [{ name: "mem", scalar: 2000 }],
      },
    ]);
  });
});

describe("on v2", () => {
  test("a container gets weight, ceiling and limits, and the root room for them", async () => {
    const given = {
      cpuBurst: 1,
      limitSwap: true,
      cpusetCpus: "0",
      ioWeight: 50,
      ioLimits: [{ device: "8:0", readBytesPerSecond: 1000, writesPerSecond: 5 }],
      hugetlb: { "2MB": 0 },
    };
    const isolator = isolatorOn([mountV2], given);
    await prepare(isolator, "c1", { cpus: 0.5, mem: 64 }, { mem: Infinity });
    await prepare(isolator, "c2", { cpus: 0.5, mem: 1 });
    const expected = {
      "cpu.weight": "50",
      "cpu.max": "50000 100000",
      "cpu.max.burst": "50000",
      "memory.max": "max",
      "memory.low": `${64 * MIB}`,
      "memory.swap.max": "0",
      "memory.oom.group": "1",
      "pids.max": "4096",
      "cpuset.cpus": "0",
      "io.weight": "default 50",
      "io.max": "8:0 rbps=1000 wiops=5",
      "hugetlb.2MB.max": "0",
    };
    expect(filesOf(...Object.keys(expected))).toEqual(expected);
    expect(kernel.at("unified/tepui").read("memory.low")).toBe(`${96 * MIB}`);
    await isolator.cleanup(specOf("c1").id);
    expect(kernel.at("unified/tepui").read("memory.low")).toBe(`${32 * MIB}`);
  });

  test("a populated container keeps its memory limit when it is prepared again", async () => {
    const isolator = isolatorOn([mountV2]);
    await prepare(isolator, "c1", { mem: 64 });
    kernel.at("unified/tepui/c1/leaf").write("cgroup.procs", "17");
    await prepare(isolator, "c1", { mem: 40 });
    expect(filesOf("memory.max")).toEqual({ "memory.max": `${64 * MIB}` });
    kernel.at("unified/tepui/c1").write("cgroup.kill", "1");
    await prepare(isolator, "c1", { mem: 40 });
    expect(filesOf("memory.max")).toEqual({ "memory.max": `${40 * MIB}` });
  });

  test("usage is read off the container's cgroup", async () => {
    const isolator = isolatorOn([mountV2]);
    await prepare(isolator, "c1", { cpus: 0.5, mem: 64 });
    expect(await isolator.usage?.(specOf("c1").id)).toEqual({
      timeMs: expect.any(Number),
      processes: 0,
      threads: 3,
      cpusUserSeconds: 2.5,
      cpusSystemSeconds: 0.5,
      cpusThrottledSeconds: 1.5,
      cpusLimit: 0.5,
      memTotalBytes: MIB,
      memRssBytes: 8192,
      memCacheBytes: 4096,
      memSwapBytes: 0,
      memLimitBytes: 64 * MIB,
      ioReadBytes: 4100,
      ioWrittenBytes: 100,
    });
  });

  test("a kill empties the container with one write, and a cleanup leaves nothing", async () => {
    const isolator = isolatorOn([mountV2]);
    await prepare(isolator, "c1");
    kernel.at("unified/tepui/c1/leaf").write("cgroup.procs", "4194303");
    expect(await isolator.kill?.(specOf("c1").id)).toBe(true);
    expect(kernel.written.slice(-2)).toEqual([
      ["unified/tepui/c1/cpu.max", "max 100000"], // So that it does not wait for CPU time to die.
      ["unified/tepui/c1/cgroup.kill", "1"],
    ]);
    await isolator.cleanup(specOf("c1").id);
    expect(kernel.at("unified/tepui").childNames()).toEqual([]);
  });

  test("what cannot be killed in time is told with its pids, and removed later", async () => {
    const isolator = isolatorOn([mountV2], { destroyTimeout: "100ms" });
    await prepare(isolator, "c1");
    kernel.drop("unified/tepui/c1/cgroup.kill");
    kernel.at("unified/tepui/c1/leaf").write("cgroup.procs", "4194303");
    await expect(isolator.cleanup(specOf("c1").id)).rejects.toMatchObject({
      code: "CGROUP_CLEANUP_FAILED",
      message: "the cgroup cannot be removed: processes 4194303 live on",
    });
    kernel.set("unified/tepui/c1/leaf/cgroup.procs", "");
    await isolator.cleanup(specOf("c1").id);
    expect(kernel.at("unified/tepui").childNames()).toEqual([]);
  });
});

test("everything that is written lies below the root", async () => {
  const isolator = isolatorOn([...mountsV1, { ...mountV2, controllers: ["cpu"] }]);
  await prepare(isolator, "c1");
  await isolator.update?.(specOf("c1", { cpus: 2, mem: 128 }));
  await isolator.kill?.(specOf("c1").id);
  await isolator.cleanup(specOf("c1").id);
  const outside = kernel.written.filter(([path]) => path.split("/")[1] !== "tepui");
  expect(outside).toEqual([]);
});

test.each(["../c1", "a/b", "", ".", "cgroup.procs", "_agent", "-x"])(
  "the name %j is refused, and cleaning it up touches nothing",
  async (id) => {
    const isolator = isolatorOn([mountV2]);
    await expect(prepare(isolator, id)).rejects.toMatchObject({ code: "CGROUP_NAME_INVALID" });
    const before = kernel.written.length;
    await isolator.cleanup(specOf(id).id);
    expect(await isolator.kill?.(specOf(id).id)).toBe(false);
    expect(kernel.written.length).toBe(before);
  },
);

test("a launch that was called off prepares nothing", async () => {
  const isolator = isolatorOn([mountV2]);
  await expect(isolator.prepare(specOf("c1"), AbortSignal.abort())).rejects.toThrow();
  expect(kernel.at("unified/tepui").childNames()).toEqual([]);
  await isolator.cleanup(specOf("c1").id);
});

test("the status says what is used where, and what is missing", () => {
  const isolator = isolatorOn([...mountsV1.slice(0, 2), { ...mountV2, controllers: ["pids"] }]);
  expect(isolator.status?.()).toEqual({
    summary: "cgroups (hybrid) below tepui: v1 for cpu, memory; v2 for pids, freezer",
    degraded: [
      "cpuset: no hierarchy of this host has it",
      "io: no hierarchy of this host has it",
      "devices: cgroup v2 limits access by BPF programs, which are not loaded here",
    ],
  });
});
