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
 * state of its sources: the name in the cache is their digest. `pages` of memory replace the 4,096
 * of the build, for tests that make many instances.
 */
export function compiled(source: string, pages?: number): Uint8Array {
  const settings = JSON.parse(readFileSync(join(root, "assembly/build.json"), "utf8")) as {
    flags: string[];
  };
  const flags = settings.flags.map((flag, at, all) =>
    pages !== undefined && all[at - 1]?.endsWith("Memory") ? String(pages) : flag,
  );
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

/**
 * A shipped policy, admitted. `pages` of memory replace those of the build: an instance of 256 MiB
 * costs a garbage collection, which a thousand small clusters need not pay.
 */
export function shipped(name: string, pages?: number): AdmittedPolicy {
  const key = `${name} ${pages}`;
  const known = admitted.get(key);
  if (known !== undefined) return known;
  const policy = admitPolicy(name, compiled(`assembly/policies/${name}.ts`, pages));
  admitted.set(key, policy);
  return policy;
}

const admitted = new Map<string, AdmittedPolicy>();

/** One of the policies that misbehave, admitted. */
export function misbehaving(name: string): AdmittedPolicy {
  return admitPolicy(name, compiled(`assembly/testing/${name}.ts`));
}
