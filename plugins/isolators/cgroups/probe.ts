import { join } from "node:path";
import { errors, reasonOf } from "../../../contract/errors.ts";
import type { CgroupDir } from "./cgroup-dir.ts";
import type { CgroupsConfig, ControllerName } from "./config.ts";
import type { Controller } from "./controllers/controller.ts";
import { controllerForms } from "./controllers/table.ts";
import {
  type CgroupMount,
  type HostMode,
  hostMode,
  parseCgroupMounts,
  type Version,
} from "./hosts.ts";

/** A hierarchy in use, with the isolator's own root in it. */
export interface Hierarchy {
  readonly version: Version;
  readonly root: CgroupDir;
  readonly controllers: readonly Controller[];
  /**
   * Makes the root as at the start: whoever tidies up may remove it while no container is in it.
   * @throws CGROUP_MAKE_FAILED, CGROUP_WRITE_FAILED
   */
  readonly remake: () => void;
}

/** The cgroups of a host, opened for containers. */
export interface OpenHost {
  readonly mode: HostMode;
  readonly hierarchies: readonly Hierarchy[];
  /** What the config asks for and is not had here, one sentence each. */
  readonly degraded: readonly string[];
}

/** What is looked at of a host; tests give texts and folders of their own. */
export interface HostSource {
  /** The text of /proc/self/mountinfo. */
  readonly mountinfo: () => string;
  readonly dirAt: (path: string) => CgroupDir;
}

/** Where processes go that were in the root itself, such as an agent that was delegated it. */
export const OWN_PROCESSES = "_agent";

/**
 * Finds and tries the cgroups of this host: makes the root in each hierarchy that is of use, and
 * looks at what the kernel offers there.
 * @throws CGROUP_HOST_UNUSABLE when a controller of `required` is not to be had.
 */
export function openHost(config: CgroupsConfig, source: HostSource): OpenHost {
  const mounts = parseCgroupMounts(source.mountinfo());
  const opening = new Opening(config, source, mounts);
  opening.run();
  const missing = config.required.filter((name) => !opening.served.has(name));
  if (missing.length > 0) {
    throw errors.CGROUP_HOST_UNUSABLE(missing.map((name) => opening.reasonFor(name)));
  }
  const wanted = config.controllers.filter((name) => !opening.served.has(name));
  const lost = wanted.filter((name) => isMissed(name, config));
  const degraded = [...lost.map((name) => opening.reasonFor(name)), ...opening.lacking];
  return { mode: hostMode(mounts), hierarchies: opening.hierarchies, degraded };
}

/** Huge pages that nobody asked to limit are nothing to complain about. */
function isMissed(name: ControllerName, config: CgroupsConfig): boolean {
  return name !== "hugetlb" || Object.keys(config.hugetlb).length > 0;
}

/** The work of `openHost`, hierarchy by hierarchy. */
class Opening {
  readonly served = new Set<ControllerName>();
  readonly lacking: string[] = [];
  readonly hierarchies: Hierarchy[] = [];
  readonly #reasons = new Map<ControllerName, string[]>();
  readonly #config: CgroupsConfig;
  readonly #source: HostSource;
  readonly #mounts: readonly CgroupMount[];

  constructor(config: CgroupsConfig, source: HostSource, mounts: readonly CgroupMount[]) {
    this.#config = config;
    this.#source = source;
    this.#mounts = mounts;
  }

  run(): void {
    const { version } = this.#config;
    const uses = ({ version: has }: CgroupMount) => version === "auto" || version === `v${has}`;
    // v1 first: a controller that is on v1 is not on v2, whatever v2 says.
    const inOrder = this.#mounts.filter(uses).sort((a, b) => a.version - b.version);
    for (const mount of inOrder) this.#openMount(mount);
  }

  /** Why a controller cannot be had, in one sentence. */
  reasonFor(name: ControllerName): string {
    if (name === "devices" && this.hierarchies.some(({ version }) => version === 2)) {
      return "devices: cgroup v2 limits access by BPF programs, which are not loaded here";
    }
    const reasons = this.#reasons.get(name);
    if (reasons !== undefined) return `${name}: ${reasons.join("; ")}`;
    if (!this.#config.controllers.includes(name)) return `${name}: it is not in \`controllers\``;
    return `${name}: no hierarchy ${this.#where()} has it`;
  }

  #where(): string {
    if (this.#mounts.length === 0) return "(no cgroups are mounted at all)";
    const { version } = this.#config;
    return version === "auto" ? "of this host" : `of cgroup ${version} on this host`;
  }

  #openMount(mount: CgroupMount): void {
    const top = this.#source.dirAt(mount.mountPoint);
    const candidates = this.#candidates(mount, top);
    if (candidates.length === 0) return;
    let root: CgroupDir;
    try {
      root = this.#makeRoot(mount, top, candidates);
    } catch (thrown) {
      for (const { name } of candidates) this.#miss(name, reasonOf(thrown));
      return;
    }
    const usable = candidates.filter((controller) => this.#admit(controller, root));
    if (usable.length === 0) return;
    const remake = () => void this.#makeRoot(mount, top, candidates);
    this.hierarchies.push({ version: mount.version, root, controllers: usable, remake });
  }

  /** Forms of wanted controllers for a mount, apart from what an earlier hierarchy serves. */
  #candidates(mount: CgroupMount, top: CgroupDir): Controller[] {
    const kernelHas = new Set(
      mount.version === 1 ? mount.controllers : (top.read("cgroup.controllers") ?? "").split(" "),
    );
    return controllerForms.filter(
      (form) =>
        form.version === mount.version &&
        this.#config.controllers.includes(form.name) &&
        form.kernelNames.every((name) => kernelHas.has(name)) &&
        // Killing at once is better than freezing: v2's form joins v1's on a hybrid host.
        (form.name === "freezer" || form.version === 1 || !this.served.has(form.name)),
    );
  }

  #makeRoot(mount: CgroupMount, top: CgroupDir, candidates: readonly Controller[]): CgroupDir {
    const names = this.#config.root.split("/");
    let above = top;
    for (const [depth, name] of names.entries()) {
      if (mount.version === 2) this.#enable(above, candidates);
      const group = above.child(name);
      group.make();
      for (const { prepareRoot } of candidates) prepareRoot?.(group, above);
      if (depth === names.length - 1) {
        // Moved away first: no cgroup with processes may hand controllers down.
        if (mount.version === 2) vacate(group);
        if (mount.version === 2) this.#enable(group, candidates, true);
      }
      above = group;
    }
    return above;
  }

  /** Hands controllers down to the cgroups below `group`; what cannot be is told by the probe. */
  #enable(group: CgroupDir, candidates: readonly Controller[], isOwn = false): void {
    if (!isOwn && !this.#config.enableAncestors) return;
    const has = (group.read("cgroup.controllers") ?? "").split(" ");
    const enabled = (group.read("cgroup.subtree_control") ?? "").split(" ");
    for (const { name, kernelNames } of candidates) {
      for (const kernelName of kernelNames) {
        if (enabled.includes(kernelName) || !has.includes(kernelName)) continue;
        try {
          group.write("cgroup.subtree_control", `+${kernelName}`);
        } catch (thrown) {
          const where = join(group.path, "cgroup.subtree_control");
          this.#miss(name, `it cannot be enabled in ${where}: ${reasonOf(thrown)}`);
        }
      }
    }
  }

  #admit(controller: Controller, root: CgroupDir): boolean {
    const enabled = (root.read("cgroup.subtree_control") ?? "").split(" ");
    const lost =
      controller.version === 2 && controller.kernelNames.find((n) => !enabled.includes(n));
    if (lost) {
      this.#miss(controller.name, `it is not enabled for cgroups below ${root.path}`);
      return false;
    }
    const probe = controller.probe(root, this.#config);
    if (probe.unusable !== undefined) {
      this.#miss(controller.name, probe.unusable);
      return false;
    }
    this.served.add(controller.name);
    this.lacking.push(...probe.lacking.map((what) => `${controller.name}: no ${what}`));
    return true;
  }

  #miss(name: ControllerName, reason: string): void {
    const reasons = this.#reasons.get(name) ?? [];
    if (!reasons.includes(reason)) reasons.push(reason);
    this.#reasons.set(name, reasons);
  }
}

/** Moves processes that are in a v2 root itself into a cgroup beside the containers' ones. */
function vacate(root: CgroupDir): void {
  if (root.pids().length === 0) return;
  const own = root.child(OWN_PROCESSES);
  own.make();
  for (const pid of root.pids()) {
    try {
      own.write("cgroup.procs", `${pid}`);
    } catch (thrown) {
      // One that has ended meanwhile is out of the way too.
      if (root.pids().includes(pid)) throw thrown;
    }
  }
}
