import { readFileSync } from "node:fs";
import { dirname, resolve } from "node:path";
import type { TepuiError } from "../../contract/errors.ts";
import type { PluginKind } from "../../contract/ports/plugin.ts";
import { examinePlugins } from "./admission.ts";
import { type AdmissionOptions, type PluginEntry, policyEntry } from "./candidate.ts";
import { atPlace, type ConfigKind, configKinds, loadConfig, readConfig } from "./config.ts";
import { type ParsedConfig, parseConfig } from "./config-file.ts";
import { isObject } from "./config-rules.ts";
import { findPlugin, type PluginPlaces } from "./find.ts";
import { readManifest } from "./manifest.ts";

/** The policy of a master whose config names none. */
const DEFAULT_POLICY = loadConfig(configKinds.master, {}).policy.name;

/** How each kind of process admits its plugins. */
export interface ConfigAdmission extends Pick<PluginPlaces, "builtIn"> {
  readonly master: Omit<AdmissionOptions, keyof PluginPlaces>;
  readonly agent: Omit<AdmissionOptions, keyof PluginPlaces>;
}

/** What the check of a config file may know beyond the file. */
export interface ConfigCheckOptions {
  /** Which config it is; absent means that its fields and plugins tell. */
  readonly kind?: keyof typeof configKinds;
  /**
   * How plugins are found and admitted; absent leaves plugins out of the check. Paths are relative
   * to the file.
   */
  readonly plugins?: ConfigAdmission;
}

/**
 * The kind whose fields a config has most of: nobody should have to say what they can see. A plugin
 * that only one kind of process has a use for counts like a field.
 */
export function guessKind(value: unknown, places?: PluginPlaces): keyof typeof configKinds {
  if (!isObject(value)) return "master";
  const { master, agent, agents } = value;
  if (isObject(master) || isObject(agent) || agents !== undefined) return "local";
  const kinds = places === undefined ? [] : entriesOf(value).map((each) => kindOf(each, places));
  const count = (wanted: PluginKind) => kinds.filter((kind) => kind === wanted).length;
  const known = ({ fields }: ConfigKind<unknown>): number =>
    new Set(fields.map(({ path }) => path[0] ?? "").filter((name) => name in value)).size;
  const isAgent =
    known(configKinds.agent) + count("isolator") > known(configKinds.master) + count("coordinator");
  return isAgent ? "agent" : "master";
}

/** What an entry is, where its manifest can be had. */
function kindOf({ entry }: Entry, places: PluginPlaces): PluginKind | undefined {
  try {
    return readManifest(findPlugin(entry.plugin, places)).kind;
  } catch {
    return undefined; // The check says why.
  }
}

/**
 * All that is wrong with a config file at once, each with `file:line:column`, in the order of the
 * file: the text, every field and, with `plugins` given, every plugin and policy that it names, and
 * what the process would miss with these. Runs no code of any plugin.
 */
export function checkConfigFile(
  file: string,
  options: ConfigCheckOptions = {},
): readonly TepuiError[] {
  let text: string | undefined;
  let parsed: ParsedConfig;
  try {
    text = readFileSync(file, "utf8");
    parsed = parseConfig(file, text);
  } catch {
    // It reports why it cannot be read.
    return readConfig(configKinds.master, { file, text }).problems;
  }
  const from = dirname(resolve(file));
  const { plugins } = options;
  const places = plugins === undefined ? undefined : { from, builtIn: plugins.builtIn };
  const kind = options.kind ?? guessKind(parsed.value, places);
  const problems = readConfig<unknown>(configKinds[kind], { file, text }).problems;
  if (plugins === undefined || !isObject(parsed.value)) return problems;
  const sections = kind === "local" ? (["master", "agent"] as const) : [kind];
  const refused = sections.flatMap((section) => {
    const own =
      kind === "local" ? (parsed.value as Record<string, unknown>)[section] : parsed.value;
    if (!isObject(own)) return [];
    const top = kind === "local" ? `/${section}` : "";
    const admission = { from, builtIn: plugins.builtIn, ...plugins[section] };
    return pluginProblems(own, section, admission).map(({ pointer, error }) => {
      return placed(file, parsed, { pointer: `${top}${pointer}`, error });
    });
  });
  return [...problems, ...refused].sort((a, b) => lineOf(a) - lineOf(b));
}

/** The line of an error that was placed in a file. */
function lineOf(error: TepuiError): number {
  return Number(/:(\d+):\d+$/.exec(error.where ?? "")?.[1] ?? 0);
}

/** Something that names a plugin, and the JSON pointer to it. */
interface Entry {
  readonly pointer: string;
  readonly entry: PluginEntry;
}

/** What is wrong at a JSON pointer. */
interface Refused {
  readonly pointer: string;
  readonly error: TepuiError;
}

/** The entries of `plugins` that name a plugin; of the others the schema speaks. */
function entriesOf({ plugins }: Record<string, unknown>): readonly Entry[] {
  const list: readonly unknown[] = Array.isArray(plugins) ? plugins : [];
  return list.flatMap((entry, at) =>
    isObject(entry) && typeof entry["plugin"] === "string"
      ? [{ pointer: `/plugins/${at}`, entry: entry as unknown as PluginEntry }]
      : [],
  );
}

/** Looks at the plugins that a config names as the start of its process does. */
function pluginProblems(
  config: Record<string, unknown>,
  section: "master" | "agent",
  options: AdmissionOptions,
): readonly Refused[] {
  const named = entriesOf(config);
  const entries = [...named, ...(section === "master" ? policyOf(config["policy"]) : [])];
  const { problems, missing } = examinePlugins(
    entries.map(({ entry }) => entry),
    options,
  );
  // Nothing is missing from the default list, and nobody knows what is in one that is not right.
  const list = config["plugins"];
  const isWhole = Array.isArray(list) && list.length === named.length;
  return [
    ...problems.map(({ index, error }) => ({ pointer: entries[index]?.pointer ?? "", error })),
    ...(isWhole ? missing : []).map((error) => ({ pointer: "/plugins", error })),
  ];
}

/** The policy as a plugin, where a config says something about it. */
function policyOf(policy: unknown): readonly Entry[] {
  if (!isObject(policy)) return [];
  const { name = DEFAULT_POLICY, config } = policy;
  if (typeof name !== "string") return [];
  return [{ pointer: "/policy", entry: policyEntry({ name, config }) }];
}

/** The same error with its place in the file in front of the plugin's name. */
function placed(file: string, parsed: ParsedConfig, { pointer, error }: Refused): TepuiError {
  const { line, column } = parsed.locate(pointer, "value");
  const message = error.where === undefined ? error.message : `${error.where}: ${error.message}`;
  return atPlace(error, `${file}:${line}:${column}`, message);
}
