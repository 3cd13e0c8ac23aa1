import type { Limitation, Usage } from "../../../../contract/ports/isolator.ts";
import type { CgroupDir } from "../cgroup-dir.ts";
import type { CgroupsConfig, ControllerName } from "../config.ts";
import type { Demand } from "../demand.ts";
import type { Version } from "../hosts.ts";

/** What a look at the host says of a controller. */
export interface Probe {
  /** Why it is of no use here; absent when it is of use. */
  readonly unusable?: string;
  /** What the config asks for and this kernel lacks. */
  readonly lacking: readonly string[];
}

/** The part of `Usage` that one controller knows. */
export type UsagePart = Partial<Omit<Usage, "timeMs">>;

/**
 * One controller in one version of the kernel interface. It acts on the cgroup that it is given
 * and holds no state, so the same one serves all containers, also those of an earlier agent.
 */
export interface Controller {
  readonly name: ControllerName;
  readonly version: Version;
  /** The kernel's names; v1 finds the hierarchy by the first, v2 enables them all. */
  readonly kernelNames: readonly string[];
  /** Looks at the root of the isolator, which exists and has its controllers enabled. */
  probe(root: CgroupDir, config: CgroupsConfig): Probe;
  /** Readies the root, or a cgroup on the way to it, for cgroups below it. */
  prepareRoot?(root: CgroupDir, above: CgroupDir): void;
  /** Sets up a container's cgroup before it has a process; `above` is the cgroup that holds it. */
  create?(group: CgroupDir, demand: Demand, config: CgroupsConfig, above: CgroupDir): void;
  /** Adjusts the cgroup of a running container. */
  update?(group: CgroupDir, demand: Demand, config: CgroupsConfig): void;
  /** Adjusts the root after containers came, changed or went. */
  balance?(root: CgroupDir, demands: Iterable<Demand>): void;
  /** Reads what has been used; what the kernel does not tell is absent. */
  usage?(group: CgroupDir): UsagePart;
  /** Says which limit the kernel has enforced by killing; `undefined` when none. */
  limitHit?(group: CgroupDir, demand: Demand | undefined): Limitation | undefined;
}

/** A probe by files: the first file must be there, the others only for what is wanted of them. */
export function probeFiles(
  root: CgroupDir,
  file: string,
  wanted: readonly { readonly file: string; readonly for: string; readonly when: boolean }[] = [],
): Probe {
  if (!root.has(file)) return { unusable: `the kernel offers no ${file}`, lacking: [] };
  const missing = wanted.filter((want) => want.when && !root.has(want.file));
  return { lacking: missing.map((want) => `${want.for} (the kernel offers no ${want.file})`) };
}

/** The part of a usage with the figures that are known. */
export function known(
  part: { readonly [Field in keyof UsagePart]: number | undefined },
): UsagePart {
  return Object.fromEntries(Object.entries(part).filter(([, value]) => value !== undefined));
}
