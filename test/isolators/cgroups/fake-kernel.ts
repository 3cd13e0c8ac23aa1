import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";
import {
  type CgroupCalls,
  CgroupDir,
  kernelCalls,
} from "../../../plugins/isolators/cgroups/cgroup-dir.ts";
import type { HostSource } from "../../../plugins/isolators/cgroups/probe.ts";

const filesV1: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  cpu: {
    "cpu.shares": "1024",
    "cpu.cfs_period_us": "100000",
    "cpu.cfs_quota_us": "-1",
    "cpu.cfs_burst_us": "0",
    "cpu.stat": "nr_periods 4\nnr_throttled 2\nthrottled_time 1500000000",
  },
  cpuacct: { "cpuacct.usage": "0", "cpuacct.stat": "user 250\nsystem 50" },
  memory: {
    "memory.limit_in_bytes": "9223372036854771712",
    "memory.memsw.limit_in_bytes": "9223372036854771712",
    "memory.soft_limit_in_bytes": "9223372036854771712",
    "memory.usage_in_bytes": "1048576",
    "memory.max_usage_in_bytes": "2097152",
    "memory.failcnt": "0",
    "memory.stat": "cache 1\nrss 2\ntotal_cache 4096\ntotal_rss 8192\ntotal_swap 0",
    "memory.oom_control": "oom_kill_disable 0\nunder_oom 0\noom_kill 0",
    "memory.use_hierarchy": "0",
  },
  pids: { "pids.max": "max", "pids.current": "3" },
  cpuset: { "cpuset.cpus": "", "cpuset.mems": "" },
  devices: { "devices.allow": "", "devices.deny": "", "devices.list": "a *:* rwm" },
  freezer: { "freezer.state": "THAWED" },
  blkio: {
    "blkio.throttle.io_service_bytes":
      "8:0 Read 4096\n8:0 Write 100\n8:16 Read 4\n8:16 Total 4\nTotal 4200",
    "blkio.throttle.read_bps_device": "",
    "blkio.throttle.write_bps_device": "",
    "blkio.throttle.read_iops_device": "",
    "blkio.throttle.write_iops_device": "",
    "blkio.bfq.weight": "100",
  },
  hugetlb: { "hugetlb.2MB.limit_in_bytes": "9223372036854771712" },
};

const filesV2: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  cpu: { "cpu.weight": "100", "cpu.max": "max 100000", "cpu.max.burst": "0" },
  memory: {
    "memory.max": "max",
    "memory.low": "0",
    "memory.current": "1048576",
    "memory.peak": "2097152",
    "memory.swap.max": "max",
    "memory.swap.current": "0",
    "memory.oom.group": "0",
    "memory.events": "low 0\nhigh 0\nmax 0\noom 0\noom_kill 0\noom_group_kill 0",
    "memory.stat": "anon 8192\nfile 4096",
  },
  pids: { "pids.max": "max", "pids.current": "3" },
  cpuset: { "cpuset.cpus": "", "cpuset.mems": "" },
  io: {
    "io.stat": "8:0 rbytes=4096 wbytes=100 rios=1 wios=1\n8:16 rbytes=4 wbytes=0 rios=1",
    "io.max": "",
    "io.weight": "default 100",
  },
  hugetlb: { "hugetlb.2MB.max": "max" },
};

const coreV2 = {
  "cgroup.procs": "",
  "cgroup.events": "populated 0\nfrozen 0",
  "cgroup.freeze": "0",
  "cgroup.kill": "",
  "cpu.stat": "usage_usec 3000000\nuser_usec 2500000\nsystem_usec 500000\nthrottled_usec 1500000",
};

/** A hierarchy: the controllers of a v1 one, or those that a v2 one could have. */
export interface FakeMount {
  readonly version: 1 | 2;
  readonly name: string;
  readonly controllers: readonly string[];
  readonly readOnly?: boolean;
}

function refusal(code: string): Error {
  return Object.assign(new Error(`${code}: refused by the kernel of the test`), { code });
}

const words = (text: string): string[] => text.split(/\s+/).filter((word) => word !== "");

/**
 * Cgroup hierarchies in a temporary folder which behave as the kernel's in what the isolator
 * depends on: files appear with their folder, v2 hands controllers down, processes are in one
 * place, what is populated cannot be removed.
 */
export class FakeKernel implements HostSource {
  readonly folder = mkdtempSync(join(tmpdir(), "tepui-fake-cgroups-"));
  /** Everything written since the start: path below the folder, and text. */
  readonly written: [string, string][] = [];
  readonly #mounts: readonly FakeMount[];

  constructor(mounts: readonly FakeMount[]) {
    this.#mounts = mounts;
    for (const mount of mounts) this.#populate(join(this.folder, mount.name), mount, true);
  }

  readonly mountinfo = (): string =>
    this.#mounts
      .map(({ version, name, controllers }, at) => {
        const place = `${30 + at} 25 0:${at} / ${join(this.folder, name)} rw shared:9`;
        const options = version === 1 ? `cgroup rw,${controllers.join(",")}` : "cgroup2 rw";
        return `${place} - ${version === 1 ? "cgroup" : "cgroup2"} ${options}`;
      })
      .join("\n");

  readonly dirAt = (path: string): CgroupDir => new CgroupDir(path, this.#calls);

  /** A cgroup by its path below the folder. */
  at(path: string): CgroupDir {
    return this.dirAt(join(this.folder, path));
  }

  /** Sets a file as the kernel would, without a record of it. */
  set(path: string, text: string): void {
    writeFileSync(join(this.folder, path), text);
  }

  /** Takes a file away, as a kernel that never had it. */
  drop(path: string): void {
    rmSync(join(this.folder, path));
  }

  close(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }

  readonly #calls: CgroupCalls = {
    ...kernelCalls,
    make: (path) => {
      const mount = this.#mountOf(path);
      if (mount.readOnly === true) throw refusal("EROFS");
      if (existsSync(path)) throw refusal("EEXIST");
      this.#populate(path, mount, false);
    },
    write: (path, text) => {
      if (!existsSync(path)) throw refusal("ENOENT");
      this.written.push([path.slice(this.folder.length + 1), text]);
      this.#write(path, text);
    },
    writeSoon: async (path, text) => this.#calls.write(path, text),
    remove: (path) => {
      if (!existsSync(path)) throw refusal("ENOENT");
      const dir = this.dirAt(path);
      if (dir.pids().length > 0 || dir.childNames().length > 0) throw refusal("EBUSY");
      rmSync(path, { recursive: true });
    },
  };

  #mountOf(path: string): FakeMount {
    const name = path.slice(this.folder.length + 1).split("/")[0];
    const mount = this.#mounts.find((each) => each.name === name);
    if (mount === undefined) throw new Error(`${path} is outside every hierarchy`);
    return mount;
  }

  #populate(path: string, mount: FakeMount, isTop: boolean): void {
    mkdirSync(path, { recursive: true });
    const put = (files: Readonly<Record<string, string>> = {}) => {
      for (const [name, text] of Object.entries(files)) {
        if (!existsSync(join(path, name))) writeFileSync(join(path, name), text);
      }
    };
    if (mount.version === 1) {
      put({ "cgroup.procs": "" });
      for (const name of mount.controllers) put(filesV1[name]);
      if (isTop && existsSync(join(path, "cpuset.cpus"))) {
        writeFileSync(join(path, "cpuset.cpus"), "0-1");
        writeFileSync(join(path, "cpuset.mems"), "0");
      }
      return;
    }
    const has = isTop
      ? mount.controllers
      : words(readFileSync(join(dirname(path), "cgroup.subtree_control"), "utf8"));
    writeFileSync(join(path, "cgroup.controllers"), has.join(" "));
    put({ "cgroup.subtree_control": "" });
    put(isTop ? { "cgroup.procs": "" } : coreV2);
    if (isTop) return;
    for (const name of has) put(filesV2[name]);
  }

  #write(path: string, text: string): void {
    const dir = this.dirAt(dirname(path));
    const file = basename(path);
    const limit = Number(dir.read("memory.limit_in_bytes"));
    if (file === "memory.memsw.limit_in_bytes" && Number(text) < limit) throw refusal("EINVAL");
    if (file === "cgroup.subtree_control") this.#handDown(dir, text);
    else if (file === "cgroup.procs") this.#move(dir, Number(text));
    else if (file === "cgroup.kill") this.#kill(dir);
    else writeFileSync(path, text);
  }

  #handDown(dir: CgroupDir, text: string): void {
    const isTop = dirname(dir.path) === this.folder;
    const name = text.slice(1);
    const enabled = new Set(words(dir.read("cgroup.subtree_control") ?? ""));
    if (!words(dir.read("cgroup.controllers") ?? "").includes(name)) throw refusal("ENOENT");
    if (!isTop && dir.pids().length > 0) throw refusal("EBUSY");
    enabled.add(name);
    writeFileSync(join(dir.path, "cgroup.subtree_control"), [...enabled].join(" "));
    for (const below of dir.children()) {
      this.#populate(below.path, this.#mountOf(below.path), false);
    }
  }

  #move(dir: CgroupDir, pid: number): void {
    const isTop = dirname(dir.path) === this.folder;
    if (!isTop && (dir.read("cgroup.subtree_control") ?? "") !== "") throw refusal("EBUSY");
    const top = this.at(this.#mountOf(dir.path).name);
    const leave = (group: CgroupDir): void => {
      const left = group.pids().filter((each) => each !== pid);
      writeFileSync(join(group.path, "cgroup.procs"), left.join("\n"));
      group.children().forEach(leave);
    };
    leave(top);
    writeFileSync(join(dir.path, "cgroup.procs"), [...dir.pids(), pid].join("\n"));
    this.#tellPopulated(top);
  }

  /** Keeps `populated` true to who is in a cgroup or below it. */
  #tellPopulated(group: CgroupDir): boolean {
    const below = group.children().map((each) => this.#tellPopulated(each));
    const populated = group.pids().length > 0 || below.includes(true);
    const text = `populated ${populated ? 1 : 0}\nfrozen 0`;
    if (group.has("cgroup.events")) writeFileSync(join(group.path, "cgroup.events"), text);
    return populated;
  }

  #kill(dir: CgroupDir): void {
    this.#empty(dir);
    this.#tellPopulated(this.at(this.#mountOf(dir.path).name));
  }

  #empty(dir: CgroupDir): void {
    writeFileSync(join(dir.path, "cgroup.procs"), "");
    for (const below of dir.children()) this.#empty(below);
  }
}

/** Controllers of v1, most on a hierarchy of their own, as distributions mount them. */
export const mountsV1: readonly FakeMount[] = [
  ["cpu", "cpuacct"],
  ["memory"],
  ["pids"],
  ["cpuset"],
  ["devices"],
  ["freezer"],
  ["blkio"],
  ["hugetlb"],
].map((controllers) => ({ version: 1, name: controllers.join(","), controllers }));

/** All of v2 on one hierarchy. */
export const mountV2: FakeMount = {
  version: 2,
  name: "unified",
  controllers: ["cpuset", "cpu", "io", "memory", "hugetlb", "pids"],
};
