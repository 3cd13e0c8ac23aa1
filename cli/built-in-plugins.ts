import { fileURLToPath } from "node:url";
import { familiesIn } from "../kernel/host/find.ts";

/**
 * Folders of built-in plugins by family, in `dist/`: entries are JavaScript, so the sources will
 * not do even when this runs from them.
 */
export function builtInPlugins(): readonly string[] {
  const isSource = import.meta.url.endsWith(".ts");
  const top = new URL(isSource ? "../dist/plugins" : "../plugins", import.meta.url);
  return familiesIn(fileURLToPath(top));
}
