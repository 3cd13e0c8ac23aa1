import { accessSync, constants, lstatSync, mkdirSync, realpathSync, statSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { errors, reasonOf } from "../contract/errors.ts";
import { roomProblem } from "./disk-room.ts";

/**
 * Makes a folder and those above it that are missing; `mode` is theirs. One level at a time: where
 * a file system refuses with ENOENT, as /proc does, Node's recursive `mkdirSync` tries for ever.
 * @throws the error of the file system
 */
export function makeFolder(path: string, mode: number = 0o777): void {
  const missing: string[] = [];
  let at = resolve(path);
  for (; statSync(at, { throwIfNoEntry: false }) === undefined; at = dirname(at)) missing.push(at);
  // A file in the place of the folder itself is refused as the file system words it.
  if (missing.length === 0 && !isFolder(at)) missing.push(at);
  for (const folder of missing.reverse()) {
    try {
      mkdirSync(folder, mode);
    } catch (thrown) {
      // Another process may have made it since.
      if (!isFolder(folder)) throw thrown;
    }
  }
}

function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
}

/**
 * Makes the folder that a setting names, such as `dataDir`, and sees that it can be written to.
 * @throws CONFIG_FOLDER, DISK_FULL
 */
export function makeConfigFolder(setting: string, path: string, mode: number): void {
  try {
    makeFolder(path, mode);
    accessSync(path, constants.W_OK | constants.X_OK);
  } catch (thrown) {
    throw errors.CONFIG_FOLDER(setting, path, reasonOf(thrown), thrown);
  }
  const problem = roomProblem(path);
  if (problem !== undefined) throw errors.DISK_FULL(path, problem);
}

/**
 * Where a path really leads that may not be there yet: links are followed on the part of it that is
 * there, and nothing is made. `undefined` for a link to nothing.
 */
export function realPlace(path: string): string | undefined {
  let there = path;
  while (lstatSync(there, { throwIfNoEntry: false }) === undefined) there = dirname(there);
  try {
    return join(realpathSync(there), relative(there, path));
  } catch {
    return undefined;
  }
}
