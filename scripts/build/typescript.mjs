// TypeScript → JavaScript. tsc is incremental; this file keeps its memory honest.

import { spawn } from "node:child_process";
import { existsSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { BuildError, dist, filesBelow, root } from "./files.mjs";

const buildInfo = join(dist, ".tsbuildinfo");
const outputEndings = [".js", ".js.map", ".d.ts"];
/** Folders whose sources are compiled; the `include` of tsconfig.build.json. */
const folders = [
  "contract",
  "wire",
  "kernel",
  "simulation",
  "agent",
  "plugins",
  "sdk",
  "frameworks",
  "conformance",
  "authoring",
  "cli",
  "bench",
  "test",
];

/**
 * Deletes outputs whose source is gone, so that a removed plugin cannot be loaded by mistake, and
 * tsc's memory when an output is missing, because tsc would believe that it is still there.
 */
export function pruneOrphans() {
  for (const folder of folders) {
    for (const output of filesBelow(`dist/${folder}`)) {
      const ending = outputEndings.find((candidate) => output.endsWith(candidate));
      if (ending === undefined) continue;
      const source = output.slice("dist/".length, -ending.length);
      if (!isCompiled(`${source}.ts`)) rmSync(join(root, output));
    }
    const sources = filesBelow(folder, isCompiled);
    const gone = sources.some((source) => !existsSync(join(dist, source.replace(/\.ts$/, ".js"))));
    if (gone) rmSync(buildInfo, { force: true });
  }
}

function isCompiled(path) {
  if (!path.endsWith(".ts") || path.endsWith(".d.ts") || path.endsWith(".test.ts")) return false;
  return !path.startsWith("test/tidy/") && existsSync(join(root, path));
}

/** Runs tsc and fails with what it printed. Rejects when any file has a type error. */
export async function compileTypeScript() {
  if (!folders.some((folder) => filesBelow(folder, isCompiled).length > 0)) return;
  const packageFile = createRequire(import.meta.url).resolve("typescript/package.json");
  const tsc = join(dirname(packageFile), "bin/tsc");
  const child = spawn(process.execPath, [tsc, "-p", "tsconfig.build.json", "--pretty", "false"], {
    cwd: root,
    stdio: ["ignore", "pipe", "pipe"],
  });
  let text = "";
  child.stdout.on("data", (chunk) => (text += chunk));
  child.stderr.on("data", (chunk) => (text += chunk));
  const status = await new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code, signal) => resolve(code ?? signal));
  });
  if (status !== 0) throw new BuildError(`tsc ended with ${status}\n${text.trim()}`);
}
