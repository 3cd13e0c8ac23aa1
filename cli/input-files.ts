import { lstatSync, readdirSync, statSync } from "node:fs";
import { dirname, join, relative, resolve, sep } from "node:path";
import { errors, reasonOf } from "../contract/errors.ts";
import type { InputFile } from "../frameworks/mapreduce/splits.ts";

/** The files of a job, by their paths below a common folder. */
export interface Inputs {
  readonly root: string;
  readonly files: readonly InputFile[];
}

/**
 * Lists files, and all files below folders that `takes` takes, in order of their paths. Links in
 * folders are not followed, so that nothing is counted twice.
 * @throws CLI_USAGE for a path that cannot be read, or when there is nothing to read.
 */
export function listInputs(
  cwd: string,
  paths: readonly string[],
  takes: (name: string) => boolean = () => true,
): Inputs {
  const found: { path: string; bytes: number }[] = [];
  const folders: string[] = [];
  for (const path of paths.map((one) => resolve(cwd, one))) {
    try {
      const stat = statSync(path);
      folders.push(stat.isDirectory() ? path : dirname(path));
      if (stat.isDirectory()) walk(path, takes, found);
      else found.push({ path, bytes: stat.size });
    } catch (thrown) {
      throw errors.CLI_USAGE(`cannot read ${path}: ${reasonOf(thrown)}`);
    }
  }
  const root = commonFolder(folders);
  const unique = new Map(found.map(({ path, bytes }) => [relative(root, path), bytes]));
  const files = [...unique].map(([path, bytes]) => ({ path, bytes }));
  files.sort((a, b) => (a.path < b.path ? -1 : 1));
  if (files.every(({ bytes }) => bytes === 0)) {
    throw errors.CLI_USAGE("there is nothing to read", "name files or folders that have text");
  }
  return { root, files };
}

function walk(
  folder: string,
  takes: (name: string) => boolean,
  found: { path: string; bytes: number }[],
): void {
  for (const name of readdirSync(folder).sort()) {
    const path = join(folder, name);
    const stat = lstatSync(path);
    if (stat.isDirectory()) walk(path, takes, found);
    else if (stat.isFile() && takes(name)) found.push({ path, bytes: stat.size });
  }
}

function commonFolder(folders: readonly string[]): string {
  const [first = sep, ...others] = folders;
  let parts = first.split(sep);
  for (const folder of others) {
    const theirs = folder.split(sep);
    const at = parts.findIndex((part, index) => part !== theirs[index]);
    if (at !== -1) parts = parts.slice(0, at);
  }
  return parts.join(sep) || sep;
}
