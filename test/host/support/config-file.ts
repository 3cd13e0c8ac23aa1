import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { TepuiError } from "../../../contract/errors.ts";
import { temporaryFolder } from "../../support/temporary.ts";

/** Writes a config file of this name and gives its path. */
export function configFile(
  text: string,
  name = "config.yaml",
  folder = temporaryFolder("tepui-config-"),
): string {
  const file = join(folder, name);
  writeFileSync(file, text);
  return file;
}

/** Problems as `line:column CODE message; hint`. */
export function problemLines(file: string, problems: readonly TepuiError[]): string[] {
  return problems.map(({ where = "", code, message, hint }) => {
    const place = where.replace(`${file}:`, "");
    return `${place} ${code} ${message}${hint === undefined ? "" : `; ${hint}`}`;
  });
}
