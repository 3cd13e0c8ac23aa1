import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

/**
 * Folders of built-in plugins by family, in `dist/`: entries are JavaScript, so the sources will
 * not do even when this runs from them.
 */
export function builtInPlugins(): readonly string[] {
  const isSource = import.meta.url.endsWith(".ts");
  const top = fileURLToPath(new URL(isSource ? "../dist/plugins" : "../plugins", import.meta.url));
  if (!existsSync(top)) return [];
  return readdirSync(top, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => join(top, name))
    .sort();
}
