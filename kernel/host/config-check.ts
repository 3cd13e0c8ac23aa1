import { readFileSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { TepuiError } from "../../contract/errors.ts";
import { examinePlugins } from "./admission.ts";
import type { AdmissionOptions, PluginEntry } from "./candidate.ts";
import { type ConfigKind, configKinds, isObject, readConfig } from "./config.ts";
import { type ParsedConfig, parseConfig } from "./config-file.ts";

/** What the check of a config file may know beyond the file. */
export interface ConfigCheckOptions {
  /** Which config it is; absent means that its fields tell. */
  readonly kind?: keyof typeof configKinds;
  /**
   * How plugins are found and admitted; absent leaves plugins out of the check. Paths are relative
   * to the file.
   */
  readonly plugins?: Omit<AdmissionOptions, "from">;
}

/** The kind whose fields a config has most of: nobody should have to say what they can see. */
export function guessKind(value: unknown): keyof typeof configKinds {
  if (!isObject(value)) return "master";
  const { master, agent, agents } = value;
  if (isObject(master) || isObject(agent) || agents !== undefined) return "local";
  const known = ({ fields }: ConfigKind<unknown>): number =>
    new Set(fields.map(({ path }) => path[0] ?? "").filter((name) => name in value)).size;
  return known(configKinds.agent) > known(configKinds.master) ? "agent" : "master";
}

/**
 * All that is wrong with a config file at once, each with `file:line:column`, in the order of the
 * file: the text, every field and, with `plugins` given, every plugin and policy that it names.
 * Runs no code of any plugin.
 */
export function checkConfigFile(
  file: string,
  options: ConfigCheckOptions = {},
): readonly TepuiError[] {
  let parsed: ParsedConfig;
  try {
    parsed = parseConfig(file, readFileSync(file, "utf8"));
  } catch {
    return readConfig(configKinds.master, { file }).problems; // It reports why it cannot be read.
  }
  const kind = options.kind ?? guessKind(parsed.value);
  const problems = readConfig<unknown>(configKinds[kind], { file }).problems;
  if (options.plugins === undefined || !isObject(parsed.value)) return problems;
  const places = { ...options.plugins, from: dirname(resolve(file)) };
  const sections = kind === "local" ? ["/master", "/agent"] : [""];
  const refused = sections.flatMap((section) => {
    const name = section.slice(1);
    const own = name === "" ? parsed.value : (parsed.value as Record<string, unknown>)[name];
    return isObject(own) ? pluginProblems(own, section, places) : [];
  });
  const all = [...problems, ...refused.map((one) => placed(file, parsed, one))];
  return all.sort((a, b) => lineOf(a) - lineOf(b));
}

/** The line of an error that was placed in a file. */
function lineOf(error: TepuiError): number {
  return Number(/:(\d+):\d+$/.exec(error.where ?? "")?.[1] ?? 0);
}

interface Refused {
  /** JSON pointer to the entry. */
  readonly pointer: string;
  readonly error: TepuiError;
}

function pluginProblems(
  config: Record<string, unknown>,
  section: string,
  options: AdmissionOptions,
): readonly Refused[] {
  const { plugins, policy } = config;
  const entries = (Array.isArray(plugins) ? plugins : []).map((entry, at) => ({ entry, at }));
  const usable = entries.filter(
    ({ entry }) => isObject(entry) && typeof entry["plugin"] === "string",
  );
  const { problems } = examinePlugins(
    usable.map(({ entry }) => entry as PluginEntry),
    options,
  );
  const refused = problems.map(({ index, error }) => ({
    pointer: `${section}/plugins/${usable[index]?.at}`,
    error,
  }));
  if (!isObject(policy) || typeof policy["name"] !== "string") return refused;
  const entry = { plugin: policy["name"], config: policy["config"] };
  const asPolicy = examinePlugins([entry], { ...options, kinds: ["allocator"] });
  return [
    ...refused,
    ...asPolicy.problems.map(({ error }) => ({ pointer: `${section}/policy`, error })),
  ];
}

/** The same error with its place in the file in front of the plugin's name. */
function placed(file: string, parsed: ParsedConfig, { pointer, error }: Refused): TepuiError {
  const { line, column } = parsed.locate(pointer, "value");
  const where = `${file}:${line}:${column}`;
  const message = error.where === undefined ? error.message : `${error.where}: ${error.message}`;
  const { hint, details, cause } = error;
  return new TepuiError(error.code, error.status, message, { where, hint, details, cause });
}
