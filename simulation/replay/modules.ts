import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { FindModule } from "./decider.ts";

/**
 * Finds WebAssembly files by their digest in folders and the folders below. Nothing is read until
 * something is missing.
 */
export function modulesIn(folders: readonly string[]): FindModule {
  let found: Map<string, string> | undefined;
  return (digest) => {
    found ??= new Map(folders.flatMap(wasmFiles).map((file) => [digestOf(file), file]));
    const file = found.get(digest);
    return file === undefined ? undefined : readFileSync(file);
  };
}

function wasmFiles(folder: string): string[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".wasm"))
    .map((name) => join(folder, name));
}

function digestOf(file: string): string {
  return createHash("sha256").update(readFileSync(file)).digest("hex");
}
