#!/usr/bin/env node
// Builds dist/: policies to WebAssembly, TypeScript to JavaScript, and the files that ride along.
// It runs on a clean clone (`npm ci` calls it through `prepare`), so it uses nothing but Node,
// the two compilers from devDependencies, and what is in the repository. With --tests it also
// builds the policies that only tests need.

import { chmodSync, existsSync } from "node:fs";
import { join } from "node:path";
import { copyAssets, writeBuildInfo } from "./build/assets.mjs";
import { BuildError, root } from "./build/files.mjs";
import { compilePolicies, findPolicies, findTestingPolicies } from "./build/policies.mjs";
import { compileTypeScript, pruneOrphans } from "./build/typescript.mjs";

const main = join(root, "dist/cli/main.js");

/** True when both compilers are there; false when a packed copy needs no build. */
function compilersPresent() {
  const missing = ["typescript", "assemblyscript"].filter(
    (name) => !existsSync(join(root, "node_modules", name, "package.json")) && !resolves(name),
  );
  if (missing.length === 0) return true;
  if (existsSync(main)) return false;
  throw new BuildError(
    `${missing.join(" and ")} not installed, and dist/ has not been built`,
    "run `npm ci` without --omit=dev once; dist/ then works without development dependencies",
  );
}

function resolves(name) {
  try {
    import.meta.resolve(`${name}/package.json`);
    return true;
  } catch {
    return false;
  }
}

async function build() {
  const startedAt = performance.now();
  if (!compilersPresent()) {
    process.stdout.write("build: development dependencies are absent, keeping dist/ as it is\n");
    return;
  }
  pruneOrphans();
  const forTests = process.argv.includes("--tests") ? findTestingPolicies() : [];
  const policies = [...findPolicies(), ...forTests];
  // tsc is a process of its own, asc runs in this one: they share the cores. Both are awaited
  // to the end, so that a person sees all that is wrong at once.
  const results = await Promise.allSettled([compileTypeScript(), compilePolicies(policies)]);
  const failures = results.filter((result) => result.status === "rejected");
  if (failures.length > 0) {
    for (const failure of failures) report(failure.reason);
    process.exitCode = 1;
    return;
  }
  const copied = copyAssets();
  writeBuildInfo();
  if (existsSync(main)) chmodSync(main, 0o755);
  const compiled = results[1].value;
  const seconds = ((performance.now() - startedAt) / 1000).toFixed(1);
  const counts = `${policies.length} policies (${compiled} compiled), ${copied} files copied`;
  process.stdout.write(`build: ${counts}, ${seconds} s\n`);
}

function report(error) {
  const hint = error instanceof BuildError && error.hint ? `\n  ${error.hint}` : "";
  const text = error instanceof BuildError ? error.message : (error?.stack ?? String(error));
  process.stderr.write(`build failed: ${text}${hint}\n`);
}

try {
  await build();
} catch (error) {
  report(error);
  process.exitCode = 1;
}
