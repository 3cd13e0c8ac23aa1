import { type Dirent, readdirSync, realpathSync, statSync } from "node:fs";
import { createRequire } from "node:module";
import { join, relative, sep } from "node:path";
import type { InputFile } from "../../frameworks/mapreduce/splits.ts";

/** Text that every installation has: documentation, licences and sources of the dependencies. */
const DEMO_TEXT = /(\.(md|markdown|txt|js|cjs|mjs|ts|cts|mts)|^(licen[cs]e|notice)[^/]*)$/i;
/** A demonstration has to end. */
const DEMO_BYTES_MAX = 256 * 2 ** 20;

/**
 * Files below a folder whose name fits, by path: the same everywhere and every time. Links are not
 * followed: they may lead out of the folder, or to a file that is counted already.
 * @throws the error of the file system for what cannot be read
 */
export function filesBelow(
  root: string,
  isWanted: (name: string) => boolean,
  bytesMax = Number.POSITIVE_INFINITY,
): readonly InputFile[] {
  const files: InputFile[] = [];
  let left = bytesMax;
  const visit = (folder: string): void => {
    for (const entry of entriesOf(folder)) {
      const path = join(folder, entry.name);
      if (entry.isDirectory()) visit(path);
      if (!entry.isFile() || !isWanted(entry.name) || left <= 0) continue;
      const bytes = statSync(path).size;
      if (bytes === 0 || bytes > left) continue;
      left -= bytes;
      files.push({ path: relative(root, path).split(sep).join("/"), bytes });
    }
  };
  visit(root);
  return files;
}

/**
 * In an order that does not depend on the file system; a folder that vanishes is empty.
 * @throws the error of the file system for one that cannot be read: without it results are wrong
 */
function entriesOf(folder: string): Dirent[] {
  try {
    const entries = readdirSync(folder, { withFileTypes: true });
    return entries.sort((a, b) => (a.name < b.name ? -1 : 1));
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code === "ENOENT") return [];
    throw thrown;
  }
}

/** The folder that the dependencies of this program are installed in. */
export function dependenciesFolder(): string {
  const found = createRequire(import.meta.url).resolve("commander");
  const folder = `${sep}node_modules`;
  return realpathSync(found.slice(0, found.lastIndexOf(`${folder}${sep}`) + folder.length));
}

/** What `tepui demo` counts the words of, and the folder that it is in. */
export function demoInputs(): { readonly root: string; readonly inputs: readonly InputFile[] } {
  const root = dependenciesFolder();
  return { root, inputs: filesBelow(root, (name) => DEMO_TEXT.test(name), DEMO_BYTES_MAX) };
}
