import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type AdmittedPolicy, admitPolicy } from "../../../kernel/allocation/admission.ts";

const root = fileURLToPath(new URL("../../../", import.meta.url));
const cache = join(root, "dist/.test-policies");

/**
 * The bytes of a policy in assembly/, compiled with the flags of the build. Compiled once for each
 * state of the sources: the name in the cache is their digest.
 */
export function compiled(source: string): Uint8Array {
  const { flags } = JSON.parse(readFileSync(join(root, "assembly/build.json"), "utf8")) as {
    flags: string[];
  };
  const digest = createHash("sha256").update(JSON.stringify([source, flags]));
  const files = readdirSync(join(root, "assembly"), { recursive: true, encoding: "utf8" });
  for (const file of files.filter((name) => name.endsWith(".ts")).sort()) {
    digest.update(readFileSync(join(root, "assembly", file)));
  }
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

/** A shipped policy, admitted. */
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
