import { existsSync, readdirSync } from "node:fs";
import { dirname, isAbsolute, join, resolve } from "node:path";
import { errors } from "../../contract/errors.ts";
import { didYouMean } from "../../contract/nearest.ts";

/** File that makes a folder a plugin. */
export const MANIFEST_FILE = "plugin.json";

/** Where plugins are looked for. */
export interface PluginPlaces {
  /**
   * Folder that paths are relative to and npm packages are looked up from: that of the config file.
   */
  readonly from: string;
  /** Folders whose children are the built-in plugins, in order: `dist/plugins/allocators`, … */
  readonly builtIn: readonly string[];
}

/**
 * The folder of a plugin. What starts with `./`, `../` or `/` is a path; any other name is that of
 * a built-in plugin or, after those, of an npm package in a `node_modules` folder above `from`, so
 * that no installed package can take the place of a built-in plugin.
 * @throws PLUGIN_NOT_FOUND with every place that was looked in.
 */
export function findPlugin(plugin: string, places: PluginPlaces): string {
  const tried: string[] = [];
  for (const folder of candidates(plugin, places)) {
    if (existsSync(join(folder, MANIFEST_FILE))) return folder;
    tried.push(folder);
  }
  throw errors.PLUGIN_NOT_FOUND(plugin, tried, didYouMean(plugin, builtInNames(places)));
}

/** Whether a plugin is named by where it is: `./mine`, `../mine`, `/opt/mine`. */
export function isPluginPath(plugin: string): boolean {
  return isAbsolute(plugin) || /^\.\.?([/\\]|$)/.test(plugin);
}

function* candidates(plugin: string, places: PluginPlaces): Generator<string> {
  if (isPluginPath(plugin)) {
    yield resolve(places.from, plugin);
    return;
  }
  // A name such as `a/../../b` is neither a path nor a package; it must not become a path here.
  if (!/^(@[\w.-]+\/)?[\w-][\w.-]*$/.test(plugin)) return;
  for (const folder of places.builtIn) yield join(folder, plugin);
  for (const folder of ancestors(resolve(places.from))) yield join(folder, "node_modules", plugin);
}

function* ancestors(folder: string): Generator<string> {
  yield folder;
  const parent = dirname(folder);
  if (parent !== folder) yield* ancestors(parent);
}

/** Folders of the families of built-in plugins in this one: `allocators`, `isolators`, … */
export function familiesIn(folder: string): readonly string[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => join(folder, name))
    .sort();
}

/** Names of the built-in plugins, sorted. */
export function builtInNames(places: PluginPlaces): readonly string[] {
  return places.builtIn
    .filter((folder) => existsSync(folder))
    .flatMap((folder) => readdirSync(folder, { withFileTypes: true }))
    .filter((child) => child.isDirectory())
    .map((child) => child.name)
    .sort();
}
