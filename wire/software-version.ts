import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const HERE = dirname(fileURLToPath(import.meta.url));

/** Version of the program, as its processes introduce themselves. */
export function softwareVersion(): string {
  // In dist/ the package file is one folder further up than in the source tree.
  for (const up of ["..", "../.."]) {
    try {
      const text = readFileSync(join(HERE, up, "package.json"), "utf8");
      return (JSON.parse(text) as { version: string }).version;
    } catch {
      // Look one folder further up.
    }
  }
  return "0.0.0";
}
