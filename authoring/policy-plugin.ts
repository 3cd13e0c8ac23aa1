import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { errors, reasonOf } from "../contract/errors.ts";
import type { PluginManifest, WasmPlugin } from "../contract/ports/plugin.ts";
import { pluginConfig } from "../kernel/host/plugin-config.ts";

/**
 * The bytes of a plugin's entry.
 * @throws PLUGIN_ENTRY_MISSING
 */
export function entryOf(folder: string, { name, entry }: PluginManifest): Uint8Array {
  try {
    return readFileSync(join(folder, entry));
  } catch {
    throw errors.PLUGIN_ENTRY_MISSING(name, entry);
  }
}

/**
 * An allocator as a master has it behind its port, before anything is known of its module.
 * @throws PLUGIN_ENTRY_MISSING, PLUGIN_CONFIG_…, PLUGIN_IMPORT_FAILED for its companion
 */
export async function policyPlugin(
  folder: string,
  manifest: PluginManifest,
  config: object,
): Promise<WasmPlugin> {
  const { name, companion } = manifest;
  const bytes = entryOf(folder, manifest);
  const plugin = {
    name,
    manifest,
    bytes,
    digest: createHash("sha256").update(bytes).digest("hex"),
    config: pluginConfig(name, manifest, config),
  };
  return companion === undefined
    ? plugin
    : { ...plugin, companion: await imported(name, resolve(folder, companion)) };
}

async function imported(plugin: string, file: string): Promise<Record<string, unknown>> {
  try {
    return (await import(pathToFileURL(file).href)) as Record<string, unknown>;
  } catch (thrown) {
    throw errors.PLUGIN_IMPORT_FAILED(plugin, reasonOf(thrown), thrown);
  }
}
