// What every step of the build shares: paths, reading, and writes that never leave half a file.

import { createHash } from "node:crypto";
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

/** The repository, wherever it was cloned or unpacked. */
export const root = fileURLToPath(new URL("../..", import.meta.url));
/** Where everything that is built goes. */
export const dist = join(root, "dist");

/** A step failed for a reason that a person can act on. `hint` says what would be right. */
export class BuildError extends Error {
  constructor(message, hint) {
    super(message);
    this.hint = hint;
  }
}

/** Paths of all files below `folder`, relative to the root, sorted; none when it is absent. */
export function filesBelow(folder, wanted = () => true) {
  const start = join(root, folder);
  if (!existsSync(start)) return [];
  const found = [];
  for (const entry of readdirSync(start, { withFileTypes: true })) {
    const path = `${folder}/${entry.name}`;
    if (entry.isDirectory() && entry.name !== "node_modules") {
      found.push(...filesBelow(path, wanted));
    } else if (entry.isFile() && wanted(path)) {
      found.push(path);
    }
  }
  return found.sort();
}

/** Parses a JSON file of the repository, and names the file when it is not JSON. */
export function readJson(path) {
  try {
    return JSON.parse(readFileSync(join(root, path), "utf8"));
  } catch (error) {
    throw new BuildError(`${path}: ${error.message}`, "it has to be a readable JSON file");
  }
}

/**
 * Writes `bytes` to `path` unless it holds them already. The rename makes it whole or absent:
 * a running master may be reading the file that is being replaced.
 */
export function writeIfChanged(path, bytes) {
  const data = Buffer.from(bytes);
  if (existsSync(path) && statSync(path).isFile() && readFileSync(path).equals(data)) return;
  mkdirSync(dirname(path), { recursive: true });
  const temporary = `${path}.${process.pid}.tmp`;
  writeFileSync(temporary, data);
  renameSync(temporary, path);
}

/** Lower-case hexadecimal SHA-256. */
export function sha256(bytes) {
  return createHash("sha256").update(bytes).digest("hex");
}
