import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, renameSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { type AdmittedPolicy, admitPolicy } from "../../../kernel/allocation/admission.ts";

const root = fileURLToPath(new URL("../../../", import.meta.url));
const cache = join(root, "dist/.test-policies");

/**
 * The bytes of a policy in assembly/, compiled with the flags of the build. Compiled once for each
 * state of its sources: the name in the cache is their digest.
 */
export function compiled(source: string): Uint8Array {
  const { flags } = JSON.parse(readFileSync(join(root, "assembly/build.json"), "utf8")) as {
    flags: string[];
  };
  const digest = createHash("sha256").update(JSON.stringify([source, flags]));
  for (const text of sourcesOf(source)) digest.update(text);
  const path = join(cache, `${digest.digest("hex").slice(0, 32)}.wasm`);
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

/** A shipped policy, admitted. */
export function shipped(name: string): AdmittedPolicy {
  return once(name, () => compiled(`assembly/policies/${name}.ts`));
}

/**
 * The same with 4 MiB of memory: an instance of 256 MiB costs a garbage collection, which hundreds
 * of small clusters need not pay.
 */
export function small(name: string): AdmittedPolicy {
  return once(`small ${name}`, () => shrunk(compiled(`assembly/policies/${name}.ts`)), name);
}

function once(key: string, bytes: () => Uint8Array, name = key): AdmittedPolicy {
  const known = admitted.get(key);
  if (known !== undefined) return known;
  const policy = admitPolicy(name, bytes());
  admitted.set(key, policy);
  return policy;
}

/** Replaces the limits in the memory section, 4,096 pages both, by 64, in as many bytes. */
function shrunk(bytes: Uint8Array): Uint8Array {
  const limits = Buffer.from([5, 6, 1, 1, 0x80, 0x20, 0x80, 0x20]);
  const at = Buffer.from(bytes).indexOf(limits);
  if (at < 0) throw new Error("there is no memory of 4,096 pages");
  const result = Uint8Array.from(bytes);
  result.set([0xc0, 0x00, 0xc0, 0x00], at + 4);
  return result;
}

const admitted = new Map<string, AdmittedPolicy>();

/** One of the policies that misbehave, admitted. */
export function misbehaving(name: string): AdmittedPolicy {
  return admitPolicy(name, compiled(`assembly/testing/${name}.ts`));
}
