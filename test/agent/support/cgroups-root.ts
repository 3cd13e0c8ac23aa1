import { existsSync, readdirSync, rmdirSync } from "node:fs";
import { join } from "node:path";

/** Plugins of an agent, whose containers have their cgroups below a root of the test's own. */
export function withCgroupsRoot(plugins: readonly object[], root: string): object[] {
  const own = plugins.map((one) =>
    "plugin" in one && one.plugin === "cgroups" ? { ...one, config: { root } } : one,
  );
  return [{ plugin: "uws-msgpack" }, ...own];
}

/** Folders of a root, in every hierarchy that has it. */
function rootsOf(root: string): string[] {
  const hierarchies = readdirSync("/sys/fs/cgroup").map((name) => join("/sys/fs/cgroup", name));
  return hierarchies.map((one) => join(one, root)).filter((folder) => existsSync(folder));
}

/** Cgroups of containers that are below a root, in every hierarchy. */
export function cgroupsOf(root: string): string[] {
  return rootsOf(root).flatMap((folder) => {
    const entries = readdirSync(folder, { withFileTypes: true });
    return entries.filter((entry) => entry.isDirectory()).map(({ name }) => join(folder, name));
  });
}

/** Removes a root: agents keep theirs for the next one, and here there is none. */
export function removeCgroupsRoot(root: string): void {
  // One hierarchy may be there by several names.
  for (const folder of rootsOf(root)) if (existsSync(folder)) rmdirSync(folder);
}
