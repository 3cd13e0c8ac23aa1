import { afterEach, expect, test } from "vitest";
import { TepuiError } from "../../contract/errors.ts";
import { hostMode, parseCgroupMounts } from "../../plugins/isolators/cgroups/hosts.ts";
import { type OpenHost, openHost } from "../../plugins/isolators/cgroups/probe.ts";
import { configOf } from "./cgroups/bench.ts";
import { FakeKernel, type FakeMount, mountsV1, mountV2 } from "./cgroups/fake-kernel.ts";

let kernel: FakeKernel;
afterEach(() => kernel?.close());

function open(mounts: readonly FakeMount[], given: Record<string, unknown> = {}): OpenHost {
  kernel = new FakeKernel(mounts);
  return openHost(configOf(given), kernel);
}

/** Names of controllers in use, by version. */
function served(host: OpenHost, version: 1 | 2): string[] {
  const hierarchies = host.hierarchies.filter((each) => each.version === version);
  const all = hierarchies.flatMap(({ controllers }) => controllers.map(({ name }) => name));
  return [...new Set(all)].sort();
}

function refusalOf(act: () => unknown): TepuiError {
  try {
    act();
  } catch (thrown) {
    if (thrown instanceof TepuiError) return thrown;
    throw thrown;
  }
  return expect.fail("nothing was refused");
}

test("mounts are told by type and option, spaces in paths and foreign hierarchies included", () => {
  const mounts = parseCgroupMounts(
    [
      "24 1 0:22 / /sys rw,nosuid - sysfs sysfs rw",
      "31 23 0:28 / /sys/fs/cgroup ro - tmpfs tmpfs ro,mode=755",
      "32 31 0:29 / /sys/fs/cgroup/cpu,cpuacct rw shared:9 master:1 - cgroup cgroup rw,cpu,cpuacct",
      "33 31 0:30 / /sys/fs/cgroup/systemd rw - cgroup cgroup rw,xattr,name=systemd",
      "34 31 0:29 / /mnt/again rw - cgroup cgroup rw,cpu,cpuacct",
      "35 31 0:31 /inner /mnt/with\\040space rw - cgroup2 none rw,nsdelegate",
      "",
    ].join("\n"),
  );
  expect(mounts).toEqual([
    { version: 1, mountPoint: "/sys/fs/cgroup/cpu,cpuacct", controllers: ["cpu", "cpuacct"] },
    { version: 2, mountPoint: "/mnt/with space", controllers: [] },
  ]);
  expect(hostMode(mounts)).toBe("hybrid");
  expect(hostMode(mounts.slice(0, 1))).toBe("v1");
  expect(hostMode(mounts.slice(1))).toBe("v2");
  expect(hostMode([])).toBe("none");
});

const everything = ["cpu", "cpuset", "devices", "freezer", "hugetlb", "io", "memory", "pids"];

test("a v1 host gives every controller, and nothing is missed", () => {
  const host = open(mountsV1);
  expect(host.mode).toBe("v1");
  expect(served(host, 1)).toEqual(everything);
  expect(host.degraded).toEqual([]);
  expect(kernel.at("cpuset/tepui").read("cpuset.cpus")).toBe("0-1");
  expect(kernel.at("memory/tepui").read("memory.use_hierarchy")).toBe("1");
});

test("a v2 host gives all but devices, enabled on the way down and announced (F54)", () => {
  const host = open([mountV2], { root: "machine.slice/tepui" });
  expect(host.mode).toBe("v2");
  expect(served(host, 2)).toEqual(everything.filter((name) => name !== "devices"));
  expect(host.degraded).toEqual([
    "devices: cgroup v2 limits access by BPF programs, which are not loaded here",
  ]);
  for (const path of ["unified", "unified/machine.slice", "unified/machine.slice/tepui"]) {
    const enabled = kernel.at(path).read("cgroup.subtree_control")?.split(" ").sort();
    expect(enabled, path).toEqual([...mountV2.controllers].sort());
  }
});

test("only missing controllers are enabled above the root, and none when that is forbidden", () => {
  const given = { enableAncestors: false };
  const refused = refusalOf(() => open([mountV2], given));
  expect(refused.code).toBe("CGROUP_HOST_UNUSABLE");
  expect(refused.details?.[0]).toMatch(/^cpu: it is not enabled for cgroups below .*\/tepui$/);
  expect(kernel.written).toEqual([]);

  kernel.set("unified/cgroup.subtree_control", "cpu memory pids");
  kernel.at("unified/tepui").remove();
  const host = openHost(configOf(given), kernel);
  expect(served(host, 2)).toEqual(["cpu", "freezer", "memory", "pids"]);
  expect(host.degraded.map((text) => text.split(":")[0])).toEqual(["cpuset", "io", "devices"]);
  expect(kernel.written.map(([path]) => path)).toEqual(
    Array(3).fill("unified/tepui/cgroup.subtree_control"),
  );
});

test("a hybrid host serves each controller where it is, and kills by v2", () => {
  const v1 = mountsV1.filter(({ name }) => name !== "pids");
  const host = open([...v1, { ...mountV2, controllers: ["pids", "hugetlb"] }]);
  expect(host.mode).toBe("hybrid");
  expect(served(host, 1)).toEqual(everything.filter((name) => name !== "pids"));
  expect(served(host, 2)).toEqual(["freezer", "pids"]);
  expect(host.degraded).toEqual([]);
});

test("a hybrid host may be used as v1 or v2 alone", () => {
  const hybrid = [...mountsV1, { ...mountV2, controllers: [] }];
  expect(served(open(hybrid, { version: "v1" }), 2)).toEqual([]);
  const refused = refusalOf(() => open(hybrid, { version: "v2" }));
  expect(refused.details).toEqual([
    "cpu: no hierarchy of cgroup v2 on this host has it",
    "memory: no hierarchy of cgroup v2 on this host has it",
  ]);
});

test("what is mounted read-only is announced with the kernel's reason, or refused if required", () => {
  const mounts = mountsV1.map((mount) => ({ ...mount, readOnly: mount.name === "pids" }));
  const host = open(mounts);
  expect(host.degraded).toHaveLength(1);
  expect(host.degraded[0]).toMatch(/^pids: the cgroup cannot be made: EROFS/);
  const refused = refusalOf(() => open(mounts, { required: ["pids"] }));
  expect(refused.details?.[0]).toMatch(/^pids: the cgroup cannot be made: EROFS/);
});

test("a host without cgroups is refused, and so is one whose required controller is not wanted", () => {
  expect(refusalOf(() => open([])).describe()).toContain("no cgroups are mounted at all");
  const refused = refusalOf(() => open(mountsV1, { controllers: ["cpu"] }));
  expect(refused.details).toEqual(["memory: it is not in `controllers`"]);
});

test("wishes that this kernel lacks are announced one by one", () => {
  kernel = new FakeKernel([mountV2]);
  const wishes = { hugetlb: { "1GB": 0 }, limitSwap: true, cpuBurst: 0.5 };
  openHost(configOf(), kernel);
  for (const file of ["memory.swap.max", "cpu.max.burst"]) {
    // A kernel without swap accounting, and older than 5.14.
    kernel.drop(`unified/tepui/${file}`);
  }
  expect(openHost(configOf(wishes), kernel).degraded).toEqual([
    "devices: cgroup v2 limits access by BPF programs, which are not loaded here",
    "cpu: no bursts of CPU time (the kernel offers no cpu.max.burst)",
    "memory: no limits of swap (the kernel offers no memory.swap.max)",
    "hugetlb: no limits of huge pages of 1GB",
  ]);
});

test("v2: an agent that was delegated the root is moved beside its containers", () => {
  kernel = new FakeKernel([mountV2]);
  kernel.at("unified/tepui").make();
  kernel.at("unified/tepui").write("cgroup.procs", "41");
  kernel.at("unified/tepui").write("cgroup.procs", "42");
  openHost(configOf(), kernel);
  expect(kernel.at("unified/tepui").pids()).toEqual([]);
  expect(kernel.at("unified/tepui/_agent").pids()).toEqual([41, 42]);
});
