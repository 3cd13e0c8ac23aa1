import { lstatSync, realpathSync } from "node:fs";
import { basename, isAbsolute, join, sep } from "node:path";
import { errors } from "../../contract/errors.ts";
import type { FrameworkId, TaskId } from "../../contract/ids.ts";
import type { ShownFiles } from "../../contract/ports/files.ts";
import type { HttpHandler, HttpRouter } from "../../contract/ports/http.ts";
import { browse, logOnly, showFiles, streamFile } from "../../kernel/host/files.ts";
import type { Guarded } from "./http.ts";
import type { Sandboxes } from "./sandbox.ts";

/** The name under which an agent shows its log, as Mesos' agents do. */
const LOG = "/slave/log";

/**
 * The name of an executor's newest sandbox, for those who do not know where it is (v1-wire 8.5).
 */
const LATEST = /^\/frameworks\/([^/]+)\/executors\/([^/]+)\/runs\/latest(\/.*)?$/;

/**
 * What a task of the built-in executor has, below the sandbox of that: each has one of its own, but
 * those who know Mesos look for it there (v1-wire 8.5).
 */
const OF_TASK = /\/frameworks\/([^/]+)\/executors\/([^/]+)\/runs\/[^/]+\/tasks\/([^/]+)(\/.*)?$/;

/**
 * The real path of something in a sandbox. Links are followed first and judged by where they lead,
 * so a task cannot make a link that shows a file of the host.
 * @throws FILE_UNKNOWN, FILE_OUTSIDE
 */
function confined(sandboxes: Sandboxes, path: string): string {
  try {
    return inSandbox(sandboxes, path);
  } catch (thrown) {
    const folder = ofGroupTask(sandboxes, path);
    if (folder === undefined) throw thrown;
    return folder;
  }
}

/** Where a path leads that names a task below its executor; nowhere for other paths. */
function ofGroupTask(sandboxes: Sandboxes, path: string): string | undefined {
  const [, frameworkId, executorId, taskId, rest = ""] = OF_TASK.exec(path) ?? [];
  if (frameworkId === undefined || taskId === undefined) return undefined;
  const folder = sandboxes.ofTask(frameworkId as FrameworkId, taskId as TaskId);
  if (folder === undefined || basename(join(folder, "..", "..")) !== executorId) return undefined;
  return within(sandboxes.root, within(folder, join(folder, rest)));
}

function inSandbox(sandboxes: Sandboxes, path: string): string {
  const [, frameworkId, executorId, rest = ""] = LATEST.exec(path) ?? [];
  if (frameworkId !== undefined && executorId !== undefined) {
    return within(sandboxes.root, join(sandboxes.latestOf(frameworkId, executorId), rest));
  }
  return within(sandboxes.root, isAbsolute(path) ? path : join(sandboxes.root, path));
}

function within(folder: string, path: string): string {
  let root: string;
  let real: string;
  try {
    root = realpathSync(folder);
    real = realpathSync(path);
  } catch {
    throw errors.FILE_UNKNOWN(path);
  }
  if (real !== root && !real.startsWith(root + sep)) throw errors.FILE_OUTSIDE(path);
  return real;
}

/** The sandboxes of an agent, and its log where that is in a file. */
export function filesOf(sandboxes: Sandboxes, logFile: string | undefined): ShownFiles {
  const log = logOnly(LOG, logFile);
  return showFiles({
    place: (path) => (path === LOG ? log.place(path) : confined(sandboxes, path)),
    attached: () => ({ [sandboxes.root]: sandboxes.root, ...log.attached() }),
  });
}

/**
 * Serves `/files/read`, `/files/browse`, `/files/download` and `/files/debug` as Mesos does
 * (v1-wire 8.5), also below the name that an agent has there; and `/sandbox/FRAMEWORK/TASK/FILE`, a
 * stable address by task: a file as a stream, a folder as the list of what is in it.
 */
export function routeFiles(
  router: HttpRouter,
  sandboxes: Sandboxes,
  files: ShownFiles,
  guarded: Guarded,
): void {
  for (const prefix of ["", "/slave(1)"]) {
    for (const suffix of ["", ".json"]) {
      for (const [name, page] of Object.entries(files.pages)) {
        router.route("GET", `${prefix}/files/${name}${suffix}`, guarded(page));
      }
    }
  }
  const sandbox: HttpHandler = (exchange) => {
    const [frameworkId = "", taskId = "", ...rest] = exchange.rest.split("/");
    const folder = sandboxes.ofTask(frameworkId as FrameworkId, taskId as TaskId);
    if (folder === undefined) throw errors.TASK_UNKNOWN_HERE(`${frameworkId}/${taskId}`);
    // Who asks by task means what is the task's: a link into another's sandbox leads out of it.
    const real = within(folder, join(folder, ...rest));
    if (lstatSync(real).isDirectory()) browse(exchange, real);
    else streamFile(exchange, real);
  };
  router.route("GET", "/sandbox/*", guarded(sandbox));
}
