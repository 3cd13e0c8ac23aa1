import { errors } from "../contract/errors.ts";
import { ALLOCATOR, type WasmPlugin } from "../contract/ports/plugin.ts";
import { wasmShape } from "../kernel/allocation/shape.ts";
import type { PluginPlaces } from "../kernel/host/find.ts";
import { startHost } from "../kernel/host/host.ts";

/** A policy to run, under a name of its own: one policy may run twice with other settings. */
export interface PolicyChoice {
  readonly label: string;
  /** Built-in name, path or npm package. */
  readonly plugin: string;
  readonly config: Readonly<Record<string, unknown>>;
}

/** A policy that is ready to run. */
export interface ChosenPolicy {
  readonly label: string;
  readonly plugin: WasmPlugin;
}

/**
 * Reads `NAME` or `LABEL=NAME`, where a name is that of a built-in policy, a path or a package.
 */
export function readChoice(text: string): Omit<PolicyChoice, "config"> {
  const equals = text.indexOf("=");
  if (equals > 0) return { label: text.slice(0, equals), plugin: text.slice(equals + 1) };
  const name = text.replace(/[/\\]+$/, "");
  const last = name.split(/[/\\]/).at(-1) ?? name;
  return { label: last, plugin: text };
}

/**
 * Reads `LABEL.PARAMETER=VALUE` into the config of the policy with that label.
 * @throws CLI_USAGE also when two policies have one label
 */
export function configure(
  choices: readonly Omit<PolicyChoice, "config">[],
  settings: readonly string[],
): PolicyChoice[] {
  for (const [at, { label }] of choices.entries()) {
    if (choices.findIndex((each) => each.label === label) === at) continue;
    throw errors.CLI_USAGE(
      `there are two policies called "${label}"`,
      `give one a label of its own: --policy other=${label}`,
    );
  }
  const configs = new Map(choices.map(({ label }) => [label, {} as Record<string, unknown>]));
  for (const text of settings) {
    const match = /^([^.=]+)\.([^=]+)=(.*)$/.exec(text);
    const [, label = "", parameter = "", value = ""] = match ?? [];
    const config = configs.get(label);
    if (match === null || config === undefined) {
      const known = [...configs.keys()].join(", ");
      throw errors.CLI_USAGE(
        `--set "${text}" is not of the form POLICY.PARAMETER=VALUE`,
        `POLICY is one of ${known}`,
      );
    }
    config[parameter] = readValue(value);
  }
  return choices.map((choice) => ({ ...choice, config: configs.get(choice.label) ?? {} }));
}

/** Numbers, truth values and JSON as what they are, all else as text. */
function readValue(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

/**
 * Finds, admits and loads policies as a master does.
 * @throws the coded refusal of the first that is not fit
 */
export async function loadPolicies(
  choices: readonly PolicyChoice[],
  places: PluginPlaces,
): Promise<readonly ChosenPolicy[]> {
  const entries = choices.map(({ label, plugin, config }) => ({ plugin, as: label, config }));
  const shapes = { allocator: wasmShape };
  const host = await startHost(entries, { ...places, kinds: ["allocator"], shapes });
  return host.getAll(ALLOCATOR).map((plugin) => ({ label: plugin.name, plugin }));
}
