import { errors, reasonOf } from "../../../contract/errors.ts";
import { type CgroupDir, withDescendants } from "./cgroup-dir.ts";
import type { CgroupsConfig } from "./config.ts";
import type { Controller } from "./controllers/controller.ts";
import type { Demand } from "./demand.ts";
import { type Hierarchy, OWN_PROCESSES } from "./probe.ts";

/** Ids without a dot cannot be taken for a file of the kernel, and `_` is kept for ourselves. */
const CONTAINER_NAME = /^[A-Za-z0-9][A-Za-z0-9_-]{0,254}$/;

/**
 * v2: holds the processes of a container. Its limits are one level up, where cgroups that the
 * container gets later can share them: only leaves may hold processes.
 */
const LEAF = "leaf";

/** A container's cgroup in one hierarchy. */
export interface Group {
  readonly hierarchy: Hierarchy;
  readonly dir: CgroupDir;
  readonly controllers: readonly Controller[];
}

/** The cgroups of one container, one in each hierarchy. */
export class ContainerGroups {
  readonly id: string;
  readonly all: readonly Group[];

  /** @throws CGROUP_NAME_INVALID */
  constructor(id: string, hierarchies: readonly Hierarchy[]) {
    if (!isContainerName(id)) throw errors.CGROUP_NAME_INVALID(id);
    this.id = id;
    this.all = hierarchies.map((hierarchy) => ({
      hierarchy,
      dir: hierarchy.root.child(id),
      controllers: hierarchy.controllers,
    }));
  }

  /** Those that exist. */
  existing(): readonly Group[] {
    return this.all.filter(({ dir }) => dir.exists());
  }

  /**
   * Makes them all and sets their limits.
   * @throws CGROUP_MAKE_FAILED, CGROUP_WRITE_FAILED
   */
  create(demand: Demand, config: CgroupsConfig): void {
    for (const { hierarchy, dir, controllers } of this.all) {
      if (!hierarchy.root.exists()) hierarchy.remake();
      dir.make();
      for (const controller of controllers) {
        controller.create?.(dir, demand, config, hierarchy.root);
      }
      if (hierarchy.version === 2) dir.child(LEAF).make();
    }
  }

  /** Adjusts the limits of what exists. */
  update(demand: Demand, config: CgroupsConfig): void {
    for (const { dir, controllers } of this.existing()) {
      for (const controller of controllers) controller.update?.(dir, demand, config);
    }
  }

  /** Takes off what would hold up their processes in dying; best effort. */
  letDie(): void {
    for (const { dir, controllers } of this.existing()) {
      for (const { letDie } of controllers) {
        try {
          letDie?.(dir);
        } catch {
          // It is only there to save time.
        }
      }
    }
  }

  /**
   * Puts a process into all of them.
   * @throws CGROUP_ATTACH_FAILED
   */
  async attach(pid: number): Promise<void> {
    try {
      await Promise.all(
        this.all.map(({ hierarchy, dir }) =>
          (hierarchy.version === 2 ? dir.child(LEAF) : dir).attach(pid),
        ),
      );
    } catch (cause) {
      throw errors.CGROUP_ATTACH_FAILED(this.id, reasonOf(cause), cause);
    }
  }

  /**
   * Whether anybody is left, by one look where one look can tell: children of a process start in
   * all cgroups of their parent, so one hierarchy knows them all.
   */
  hasProcesses(): boolean {
    const existing = this.existing();
    const unified = existing.find(({ hierarchy }) => hierarchy.version === 2);
    const populated = unified?.dir.table("cgroup.events").get("populated");
    if (populated !== undefined) return populated === 1;
    const [first] = existing;
    return first !== undefined && withDescendants(first.dir).some((dir) => dir.pids().length > 0);
  }

  /** All processes in any of them, or in cgroups below. */
  pids(): readonly number[] {
    const pids = new Set<number>();
    for (const { dir } of this.existing()) {
      for (const group of withDescendants(dir)) for (const pid of group.pids()) pids.add(pid);
    }
    return [...pids];
  }

  /** Removes them. Answers which one is still there and why, or `undefined` when none is. */
  remove(): { readonly path: string; readonly reason: string } | undefined {
    for (const { dir } of this.all) {
      const reason = dir.remove();
      if (reason !== undefined) return { path: dir.path, reason };
    }
    return undefined;
  }
}

/** Whether an id can name cgroups; no container of ours has another. */
export function isContainerName(id: string): boolean {
  return CONTAINER_NAME.test(id);
}

/** Ids of all containers that have a cgroup in any of the hierarchies. */
export function containersIn(hierarchies: readonly Hierarchy[]): readonly string[] {
  const names = hierarchies.flatMap(({ root }) => root.childNames());
  return [...new Set(names)].filter((name) => name !== OWN_PROCESSES && isContainerName(name));
}
