import { lstatSync, readdirSync, readlinkSync, symlinkSync, unlinkSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import type { FrameworkId, TaskId } from "../../contract/ids.ts";
import { makeFolder } from "../../wire/index.ts";
import type { ContainerPlan } from "../core/state.ts";

/** What the place of a sandbox is made of. */
export type RunNames = Pick<ContainerPlan, "id" | "agentId" | "frameworkId" | "executorId">;

/**
 * Where sandboxes are (F40): `slaves/AGENT/frameworks/F/executors/E/runs/CONTAINER`, with `latest`
 * beside the runs. `tasks/F/TASK` leads to the sandbox that a task ran in, whoever ran it, also
 * after it has ended.
 */
export class Sandboxes {
  readonly #workDir: string;

  constructor(workDir: string) {
    this.#workDir = workDir;
    makeFolder(this.root, 0o755);
    makeFolder(this.taskRoot, 0o755);
  }

  /** Folder of all sandboxes; nothing outside of it is shown to anybody. */
  get root(): string {
    return join(this.#workDir, "slaves");
  }

  /** Folder of the links by task. */
  get taskRoot(): string {
    return join(this.#workDir, "tasks");
  }

  /** The folder of a container. */
  pathOf(run: RunNames): string {
    const { agentId, frameworkId, executorId, id } = run;
    const executor = join("frameworks", frameworkId, "executors", executorId);
    return join(this.root, agentId, executor, "runs", id);
  }

  /**
   * The place of an executor's newest sandbox, whichever agent it was that made it here: an agent
   * that comes with a new id leaves the sandboxes of the old one.
   */
  latestOf(frameworkId: string, executorId: string): string {
    const below = join("frameworks", frameworkId, "executors", executorId, "runs", "latest");
    const places = readdirSync(this.root).map((agentId) => join(this.root, agentId, below));
    const [newest = join(this.root, below)] = places.sort((a, b) => madeMs(b) - madeMs(a));
    return newest;
  }

  /** Makes the folder of a container, and the links that lead to it. */
  make(plan: ContainerPlan): string {
    const path = this.pathOf(plan);
    makeFolder(path, 0o755);
    link(join(dirname(path), "latest"), plan.id);
    if (plan.taskId !== undefined) this.linkTask(plan, plan.taskId);
    return path;
  }

  /** Makes the link from a task to the sandbox that it runs in. */
  linkTask(plan: ContainerPlan, taskId: TaskId): void {
    const place = join(this.taskRoot, plan.frameworkId, taskId);
    makeFolder(dirname(place), 0o755);
    link(place, relative(dirname(place), this.pathOf(plan)));
  }

  /** The sandbox that a task runs or ran in, or `undefined` when it never was here. */
  ofTask(frameworkId: FrameworkId, taskId: TaskId): string | undefined {
    const place = join(this.taskRoot, frameworkId, taskId);
    try {
      return join(dirname(place), readlinkSync(place));
    } catch {
      return undefined;
    }
  }
}

/** When a link was made; never where there is none. */
function madeMs(path: string): number {
  return lstatSync(path, { throwIfNoEntry: false })?.mtimeMs ?? Number.NEGATIVE_INFINITY;
}

/** Points a link at something, whatever it pointed at before. */
function link(place: string, target: string): void {
  try {
    symlinkSync(target, place);
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== "EEXIST") throw cause;
    unlinkSync(place);
    symlinkSync(target, place);
  }
}
