import type { CgroupDir } from "../cgroup-dir.ts";
import type { CgroupsConfig } from "../config.ts";
import type { Demand } from "../demand.ts";
import { type Controller, known, probeFiles } from "./controller.ts";

function apply(group: CgroupDir, _demand: Demand, config: CgroupsConfig): void {
  group.write("pids.max", config.pidsMax === 0 ? "max" : `${config.pidsMax}`);
}

const form = {
  name: "pids",
  kernelNames: ["pids"],
  create: apply,
  update: apply,
  // The kernel counts threads here, whatever the name says.
  usage: (group: CgroupDir) => known({ threads: group.number("pids.current") }),
} as const;

/** The ceiling of processes and threads on v1, where the root has no file that tells of it. */
export const pidsV1: Controller = {
  ...form,
  version: 1,
  probe: (root) => probeFiles(root, "pids.max"),
};

/** The ceiling of processes and threads on v2. */
export const pidsV2: Controller = {
  ...form,
  version: 2,
  probe: (root) => probeFiles(root, "pids.max"),
};
