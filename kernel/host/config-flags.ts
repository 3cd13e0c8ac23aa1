import type { JsonSchema } from "../../contract/check/prepare.ts";
import { printBytes, printDurationMs } from "../../contract/units.ts";
import { configFields } from "./config-fields.ts";

/** A setting as text: units as they are written, plugins by name, since theirs can be secret. */
function printed(value: unknown, { unit }: JsonSchema): string {
  if (unit === "duration" && typeof value === "number") return printDurationMs(value);
  if (unit === "bytes" && typeof value === "number") return printBytes(value);
  return typeof value === "string" ? value : JSON.stringify(value);
}

/** Configs of plugins are left out: they can hold secrets. */
function withoutConfigs(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutConfigs);
  if (typeof value !== "object" || value === null || !("plugin" in value)) return value;
  return value.plugin;
}

/**
 * A config as dashboards show it: every setting that has a value, as text, by a name such as
 * `listen_port`. The plugins' own configs are left out.
 */
export function flagsOf(schema: object, config: object): Record<string, string> {
  const flags: Record<string, string> = {};
  for (const { path, variable, schema: field } of configFields(schema)) {
    let value: unknown = config;
    for (const name of path) value = (value as Record<string, unknown> | undefined)?.[name];
    if (value === undefined || path.at(-1) === "config") continue;
    flags[variable.slice("TEPUI_".length).toLowerCase()] = printed(withoutConfigs(value), field);
  }
  return flags;
}
