import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

/** What is known of this build. */
export interface BuildInfo {
  readonly version: string;
  /** The commit that was built; absent when that was no checkout. */
  readonly gitSha?: string;
  /** When that commit was made, in Unix seconds. */
  readonly committedSeconds?: number;
}

const HERE = dirname(fileURLToPath(import.meta.url));

function read(path: string): BuildInfo | undefined {
  try {
    return JSON.parse(readFileSync(join(HERE, path), "utf8")) as BuildInfo;
  } catch {
    return undefined;
  }
}

function find(): BuildInfo {
  // In dist/ the build has left a file; in the source tree the package says its version.
  const built = read("../build-info.json");
  if (built !== undefined) return built;
  return { version: read("../package.json")?.version ?? "0.0.0" };
}

let known: BuildInfo | undefined;

/** The facts that the build wrote down; in a source tree that was not built, just the version. */
export function buildInfo(): BuildInfo {
  known ??= find();
  return known;
}

/** Version of the program, as its processes introduce themselves. */
export function softwareVersion(): string {
  return buildInfo().version;
}
