import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, renameSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { type AdmittedPolicy, admitPolicy } from "../../../kernel/allocation/admission.ts";

const root = fileURLToPath(new URL("../../../", import.meta.url));
const cache = join(root, "dist/.test-policies");

/** What the build notes of a binary. */
interface Stamp {
  readonly inputs: {
    readonly flags: readonly string[];
    readonly sources: Readonly<Record<string, string>>;
  };
}

/**
 * The bytes of a policy in assembly/, with the flags of the build: what the build made, as long as
 * its sources are still the same, and else what the compiler makes of them now.
 */
export function compiled(source: string): Uint8Array {
  const { flags } = readJson("assembly/build.json") as { flags: string[] };
  return builtFrom(source, flags) ?? compiledNow(source, flags);
}

function readJson(path: string): unknown {
  return JSON.parse(readFileSync(join(root, path), "utf8"));
}

function sha256(text: string | Uint8Array): string {
  return createHash("sha256").update(text).digest("hex");
}

function builtFrom(source: string, flags: readonly string[]): Uint8Array | undefined {
  const [, family, file = ""] = source.split("/");
  const name = file.replace(/\.ts$/, "");
  const isShipped = family === "policies";
  const output = isShipped
    ? `dist/plugins/allocators/${name}/policy.wasm`
    : `dist/assembly/testing/${name}.wasm`;
  if (!existsSync(join(root, output)) || !existsSync(join(root, "dist/.policies.json"))) return;
  const stamps = readJson("dist/.policies.json") as Record<string, Stamp>;
  const stamp = stamps[isShipped ? name : `assembly/testing/${name}`];
  if (stamp === undefined || JSON.stringify(stamp.inputs.flags) !== JSON.stringify(flags)) return;
  const isSame = Object.entries(stamp.inputs.sources).every(
    ([path, digest]) =>
      existsSync(join(root, path)) && sha256(readFileSync(join(root, path))) === digest,
  );
  return isSame ? readFileSync(join(root, output)) : undefined;
}

/** Compiled once for each state of its sources: the name in the cache is their digest. */
function compiledNow(source: string, flags: readonly string[]): Uint8Array {
  const texts = [...sourcesOf(source)];
  const path = join(cache, `${sha256(JSON.stringify([source, flags, texts])).slice(0, 32)}.wasm`);
  if (!existsSync(path)) {
    mkdirSync(cache, { recursive: true });
    const compiler = createRequire(import.meta.url).resolve("assemblyscript/bin/asc.js");
    // Another worker may compile the same at the same time: the rename is what makes it visible.
    const draft = `${path}.${process.pid}`;
    execFileSync(process.execPath, [compiler, source, "-o", draft, ...flags], {
      cwd: root,
      stdio: ["ignore", "ignore", "pipe"],
    });
    renameSync(draft, path);
  }
  return readFileSync(path);
}

/** The text of a source and of all that it imports. */
function sourcesOf(source: string): Iterable<string> {
  const seen = new Map<string, string>();
  const visit = (path: string): void => {
    if (seen.has(path)) return;
    const text = readFileSync(path, "utf8");
    seen.set(path, text);
    for (const [, target] of text.matchAll(/\bfrom "(\.[^"]+)"/g)) {
      visit(join(dirname(path), `${target}.ts`));
    }
  };
  visit(join(root, source));
  return seen.values();
}

/** A shipped policy, admitted once. */
export function shipped(name: string): AdmittedPolicy {
  const known = admitted.get(name);
  if (known !== undefined) return known;
  const policy = admitPolicy(name, compiled(`assembly/policies/${name}.ts`));
  admitted.set(name, policy);
  return policy;
}

const admitted = new Map<string, AdmittedPolicy>();

/** One of the policies that misbehave, admitted. */
export function misbehaving(name: string): AdmittedPolicy {
  return admitPolicy(name, compiled(`assembly/testing/${name}.ts`));
}
