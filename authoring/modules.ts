import { existsSync, readFileSync, statSync } from "node:fs";
import { join, posix } from "node:path";
import { errors } from "../contract/errors.ts";

/** What a module of a plugin needs. */
export interface Modules {
  /** Its own file and those that it refers to, relative to the plugin's folder, sorted. */
  readonly paths: readonly string[];
  /** Packages that are imported by name. */
  readonly packages: readonly string[];
}

/** Text after which a module's name, or a file beside it, follows in quotes. */
const REFERENCES = new RegExp(
  [
    /\b(?:import|export)\b[^'"`;]*?\bfrom\s*["']([^"']+)["']/,
    /\bimport\s*\(?\s*["']([^"']+)["']/,
    /\bnew URL\(\s*["'](\.[^"']+)["']\s*,\s*import\.meta\.url/,
  ]
    .map(({ source }) => source)
    .join("|"),
  "g",
);

/**
 * Follows the imports of a module through its plugin's folder. Names that are put together while it
 * runs are not seen.
 * @throws PLUGIN_ENTRY_MISSING, PLUGIN_ENTRY_OUTSIDE
 */
export function modulesOf(plugin: string, folder: string, entry: string): Modules {
  const paths = new Set<string>();
  const packages = new Set<string>();
  const queue = [posix.normalize(entry)];
  for (let path = queue.pop(); path !== undefined; path = queue.pop()) {
    if (paths.has(path)) continue;
    if (path.startsWith("../")) throw errors.PLUGIN_ENTRY_OUTSIDE(plugin, path);
    const file = join(folder, path);
    if (!existsSync(file) || !statSync(file).isFile()) {
      throw errors.PLUGIN_ENTRY_MISSING(plugin, path);
    }
    paths.add(path);
    if (!/\.m?js$/.test(path)) continue;
    for (const target of targetsOf(readFileSync(file, "utf8"))) {
      if (target.startsWith(".")) queue.push(posix.join(posix.dirname(path), target));
      else if (!target.startsWith("node:")) packages.add(target);
    }
  }
  return { paths: [...paths].sort(), packages: [...packages].sort() };
}

function targetsOf(text: string): string[] {
  const code = text.replace(/\/\*[\s\S]*?\*\//g, "").replace(/^\s*\/\/.*$/gm, "");
  return [...code.matchAll(REFERENCES)].map((match) => match[1] ?? match[2] ?? match[3] ?? "");
}
