/** Generation of the kernel interface. */
export type Version = 1 | 2;

/** A mounted hierarchy of cgroups. */
export interface CgroupMount {
  readonly version: Version;
  readonly mountPoint: string;
  /** v1: what hangs on it, by the kernel's names; v2 tells that in `cgroup.controllers`. */
  readonly controllers: readonly string[];
}

/** How the hierarchies of a host are mounted; `hybrid` has both versions side by side. */
export type HostMode = "v1" | "v2" | "hybrid" | "none";

/** Names of v1 hierarchies' controllers that mean something here; other options are not names. */
const KNOWN_V1 = new Set([
  "blkio",
  "cpu",
  "cpuacct",
  "cpuset",
  "devices",
  "freezer",
  "hugetlb",
  "memory",
  "pids",
]);

const unescaped = (text: string): string =>
  text.replace(/\\([0-7]{3})/g, (_, digits: string) => String.fromCharCode(parseInt(digits, 8)));

function parseMount(line: string): CgroupMount | undefined {
  // id parent device root mount-point options optional… - type source super-options
  const [before = "", after = ""] = line.split(" - ");
  const [type, , superOptions = ""] = after.split(" ");
  const mountPoint = unescaped(before.split(" ")[4] ?? "");
  if (mountPoint === "") return undefined;
  if (type === "cgroup2") return { version: 2, mountPoint, controllers: [] };
  if (type !== "cgroup") return undefined;
  const controllers = superOptions.split(",").filter((option) => KNOWN_V1.has(option));
  // A hierarchy without a controller belongs to somebody else: `name=systemd`.
  return controllers.length === 0 ? undefined : { version: 1, mountPoint, controllers };
}

/**
 * Hierarchies of cgroups in the text of /proc/self/mountinfo. One that is mounted twice counts
 * once, at its first place.
 */
export function parseCgroupMounts(mountinfo: string): readonly CgroupMount[] {
  const seen = new Set<string>();
  return mountinfo.split("\n").flatMap((line) => {
    const mount = parseMount(line);
    if (mount === undefined) return [];
    const key = `${mount.version} ${mount.controllers.join(",")}`;
    if (seen.has(key)) return [];
    seen.add(key);
    return [mount];
  });
}

/** What kind of host these mounts make (F54). */
export function hostMode(mounts: readonly CgroupMount[]): HostMode {
  const hasV1 = mounts.some(({ version }) => version === 1);
  const hasV2 = mounts.some(({ version }) => version === 2);
  if (hasV1) return hasV2 ? "hybrid" : "v1";
  return hasV2 ? "v2" : "none";
}
