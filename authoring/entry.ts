import { readFileSync } from "node:fs";
import { join } from "node:path";
import { errors } from "../contract/errors.ts";
import type { PluginManifest } from "../contract/ports/plugin.ts";

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
