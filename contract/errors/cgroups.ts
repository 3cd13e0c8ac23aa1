import { type FaultTable, fault } from "./fault.ts";

/** Refusals of the cgroups isolator (F51–F54, F76). */
export const cgroupErrors = {
  CGROUP_HOST_UNUSABLE: (problems: readonly string[]) =>
    fault("CGROUP_HOST_UNUSABLE", 500, "this host lacks cgroup controllers that are required", {
      where: "isolator cgroups",
      hint: "run the agent where cgroups are writable, or shorten `required` in its config",
      details: problems,
    }),
  CGROUP_NAME_INVALID: (name: string) =>
    fault("CGROUP_NAME_INVALID", 400, `"${name}" cannot name a cgroup`, {
      where: `container ${name}`,
      hint: "letters, digits, dashes and underscores, the first of them a letter or a digit",
    }),
  CGROUP_WRITE_FAILED: (file: string, text: string, reason: string, cause?: unknown) =>
    fault("CGROUP_WRITE_FAILED", 500, `the kernel refused "${text}": ${reason}`, {
      where: file,
      cause,
    }),
  CGROUP_MAKE_FAILED: (path: string, reason: string, cause?: unknown) =>
    fault("CGROUP_MAKE_FAILED", 500, `the cgroup cannot be made: ${reason}`, {
      where: path,
      cause,
    }),
  CGROUP_ATTACH_FAILED: (container: string, reason: string, cause?: unknown) =>
    fault("CGROUP_ATTACH_FAILED", 500, `its process cannot be put into its cgroups: ${reason}`, {
      where: `container ${container}`,
      cause,
    }),
  CGROUP_UNKNOWN: (container: string) =>
    fault("CGROUP_UNKNOWN", 404, "it has no cgroups", { where: `container ${container}` }),
  CGROUP_CLEANUP_FAILED: (path: string, reason: string) =>
    fault("CGROUP_CLEANUP_FAILED", 500, `the cgroup cannot be removed: ${reason}`, {
      where: path,
      hint: "processes in uninterruptible sleep end when what they wait for does; look at its pids",
    }),
} satisfies FaultTable;
