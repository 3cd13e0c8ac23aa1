import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { type CliCommand, type CliContext, plainCommand } from "../context.ts";

/** What is known of this build. */
interface BuildInfo {
  readonly version: string;
  readonly [fact: string]: unknown;
}

/** The version, with the facts that the build wrote down when there was one. */
export function buildInfo(): BuildInfo {
  // In dist/ the file of the build is one folder up; in the source tree there is none.
  for (const path of ["../../build-info.json", "../../package.json", "../../../package.json"]) {
    try {
      const text = readFileSync(fileURLToPath(new URL(path, import.meta.url)), "utf8");
      const found = JSON.parse(text) as BuildInfo;
      if (path.endsWith("build-info.json")) return found;
      return { version: found.version };
    } catch {
      // The next place.
    }
  }
  return { version: "0.0.0" };
}

/** `tepui version` */
export const versionCommand: CliCommand = {
  name: "version",
  build: (context: CliContext) =>
    plainCommand("version", "Print the version").action(() => {
      const info = { ...buildInfo(), node: process.versions.node };
      if (context.output.format === "json") context.output.json(info);
      else context.output.line(`tepui ${info.version} (Node ${info.node})`);
    }),
};
