import type { CgroupDir } from "../cgroup-dir.ts";
import { type Controller, probeFiles } from "./controller.ts";

/** Holds still all processes of cgroups on v1, which makes a kill atomic there (F76). */
export const freezerV1: Controller = {
  name: "freezer",
  version: 1,
  kernelNames: ["freezer"],
  // The hierarchy's own top has no such file, but the root of containers is below it.
  probe: (root) => probeFiles(root, "freezer.state"),
};

/** On v2 every cgroup can be frozen and, since Linux 5.14, killed, without a controller. */
export const freezerV2: Controller = {
  name: "freezer",
  version: 2,
  kernelNames: [],
  probe: (root) => (root.has("cgroup.kill") ? { lacking: [] } : probeFiles(root, "cgroup.freeze")),
};

/** Whether a cgroup can be frozen in this hierarchy. */
export function canFreeze(group: CgroupDir): boolean {
  return group.has("freezer.state") || group.has("cgroup.freeze");
}

/** Asks for a cgroup and all below it to be held still, or let go again. */
export function setFrozen(group: CgroupDir, frozen: boolean): void {
  if (group.has("freezer.state")) group.write("freezer.state", frozen ? "FROZEN" : "THAWED");
  else group.write("cgroup.freeze", frozen ? "1" : "0");
}

/** Whether everything in it is held still by now. */
export function isFrozen(group: CgroupDir): boolean {
  const state = group.read("freezer.state");
  if (state !== undefined) return state === "FROZEN";
  return group.table("cgroup.events").get("frozen") === 1;
}
