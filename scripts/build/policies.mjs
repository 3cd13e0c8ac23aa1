// Allocation policies: assembly/policies/<name>.ts → dist/plugins/allocators/<name>/policy.wasm.

import { existsSync, readFileSync } from "node:fs";
import { join, posix } from "node:path";
import { BuildError, dist, filesBelow, readJson, root, sha256, writeIfChanged } from "./files.mjs";

const settingsPath = "assembly/build.json";
const allocators = "plugins/allocators";
const testing = "assembly/testing";
const stampsPath = join(dist, ".policies.json");

/**
 * The policies to compile: every allocator plugin whose entry is a `.wasm` that is not checked in.
 * Source and flags come from assembly/build.json, or by name from assembly/policies/.
 */
export function findPolicies() {
  const settings = existsSync(join(root, settingsPath)) ? readJson(settingsPath) : {};
  const declared = settings.policies ?? {};
  const policies = [];
  for (const manifestPath of filesBelow(allocators, (path) => path.endsWith("/plugin.json"))) {
    const folder = posix.dirname(manifestPath);
    const entry = readJson(manifestPath).entry;
    if (typeof entry !== "string" || !entry.endsWith(".wasm")) continue;
    if (existsSync(join(root, folder, entry))) continue;
    const name = posix.basename(folder);
    const source = declared[name]?.source ?? `assembly/policies/${name}.ts`;
    if (!existsSync(join(root, source))) {
      throw new BuildError(
        `${manifestPath} wants ${entry}, and its source ${source} does not exist`,
        `write ${source}, or name another source in ${settingsPath} under policies.${name}`,
      );
    }
    const flags = [...(settings.flags ?? []), ...(declared[name]?.flags ?? [])];
    policies.push({ name, source, flags, output: join(dist, folder, entry) });
  }
  for (const name of Object.keys(declared)) {
    if (!existsSync(join(root, allocators, name, "plugin.json"))) {
      throw new BuildError(
        `${settingsPath} names the policy ${name}, and ${allocators}/${name}/plugin.json is absent`,
        "add the manifest, or take the policy out of the list",
      );
    }
  }
  return policies;
}

/** The policies that misbehave, which only the tests need: dist/assembly/testing/<name>.wasm. */
export function findTestingPolicies() {
  const { flags = [] } = existsSync(join(root, settingsPath)) ? readJson(settingsPath) : {};
  return filesBelow(testing, (path) => path.endsWith(".ts")).map((source) => ({
    name: source.replace(/\.ts$/, ""),
    source,
    flags,
    output: join(dist, source.replace(/\.ts$/, ".wasm")),
  }));
}

/**
 * Compiles the policies whose inputs changed since the last build. Returns how many those were.
 * What each binary was made of stays in dist/.policies.json, where tests look whether it is still
 * true.
 */
export async function compilePolicies(policies) {
  const before = readStamps();
  const after = Object.fromEntries(
    Object.entries(before).filter(([name]) => name.startsWith(`${testing}/`)),
  );
  const version = policies.length === 0 ? "" : compilerVersion();
  let compiled = 0;
  for (const policy of policies) {
    const inputs = inputsOf(policy, version);
    const last = before[policy.name];
    if (sameInputs(last?.inputs, inputs) && isBuilt(policy, last.output)) {
      after[policy.name] = last;
      continue;
    }
    const bytes = await compile(policy);
    writeIfChanged(policy.output, bytes);
    after[policy.name] = { inputs, output: sha256(bytes) };
    compiled += 1;
  }
  writeIfChanged(stampsPath, `${JSON.stringify(after, undefined, 2)}\n`);
  return compiled;
}

function readStamps() {
  try {
    return JSON.parse(readFileSync(stampsPath, "utf8"));
  } catch {
    return {}; // Absent or damaged: everything is compiled again.
  }
}

function isBuilt(policy, digest) {
  return existsSync(policy.output) && sha256(readFileSync(policy.output)) === digest;
}

function compilerVersion() {
  const packageFile = new URL(import.meta.resolve("assemblyscript/package.json"));
  return JSON.parse(readFileSync(packageFile, "utf8")).version;
}

/**
 * All that the binary depends on: compiler, flags, and the hashes of the source and its imports.
 */
function inputsOf(policy, compiler) {
  const sources = {};
  const visit = (path) => {
    if (sources[path] !== undefined || !existsSync(join(root, path))) return;
    const text = readFileSync(join(root, path), "utf8");
    sources[path] = sha256(text);
    for (const [, target] of text.matchAll(/\bfrom\s+["'](\.[^"']+)["']/g)) {
      const resolved = posix.join(posix.dirname(path), target);
      visit(resolved.endsWith(".ts") ? resolved : `${resolved}.ts`);
      visit(`${resolved}/index.ts`);
    }
  };
  visit(policy.source);
  return { compiler, flags: policy.flags, sources };
}

function sameInputs(one, other) {
  return JSON.stringify(one) === JSON.stringify(other);
}

async function compile(policy) {
  // Loaded late: a build in which no policy changed must not pay for the compiler.
  const { default: asc } = await import("assemblyscript/asc");
  let bytes;
  let text = "";
  const collect = { write: (chunk) => (text += chunk.toString()) };
  const { error } = await asc.main(
    [policy.source, "--outFile", "policy.wasm", "--baseDir", root, ...policy.flags],
    {
      stdout: collect,
      stderr: collect,
      writeFile: (path, contents) => {
        if (path.endsWith(".wasm")) bytes = contents;
      },
    },
  );
  if (error || bytes === undefined) {
    const why = text.trim() || error?.message || "the compiler wrote no binary";
    throw new BuildError(`asc could not compile ${policy.source}\n${why}`);
  }
  return bytes;
}
