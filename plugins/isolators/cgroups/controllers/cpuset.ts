import type { CgroupDir } from "../cgroup-dir.ts";
import { type Controller, probeFiles } from "./controller.ts";

/** A v1 cpuset is born empty, and takes no process before it has both lists. */
function inherit(group: CgroupDir, above: CgroupDir): void {
  for (const file of ["cpuset.cpus", "cpuset.mems"]) {
    if (group.read(file) === "") group.write(file, above.read(file) ?? "");
  }
}

/** CPUs and memory nodes on v1. */
export const cpusetV1: Controller = {
  name: "cpuset",
  version: 1,
  kernelNames: ["cpuset"],
  probe: (root) => probeFiles(root, "cpuset.cpus"),
  prepareRoot: inherit,
  create(group, _demand, config, above) {
    if (config.cpusetCpus !== undefined) group.write("cpuset.cpus", config.cpusetCpus);
    if (config.cpusetMems !== undefined) group.write("cpuset.mems", config.cpusetMems);
    inherit(group, above);
  },
};

/** CPUs and memory nodes on v2, where what is empty is inherited. */
export const cpusetV2: Controller = {
  name: "cpuset",
  version: 2,
  kernelNames: ["cpuset"],
  probe: (root) => probeFiles(root, "cpuset.cpus"),
  create(group, _demand, config) {
    if (config.cpusetCpus !== undefined) group.write("cpuset.cpus", config.cpusetCpus);
    if (config.cpusetMems !== undefined) group.write("cpuset.mems", config.cpusetMems);
  },
};
