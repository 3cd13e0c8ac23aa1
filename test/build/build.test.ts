import { spawnSync } from "node:child_process";
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";

const root = fileURLToPath(new URL("../..", import.meta.url));
const manifest = { name: "toy", kind: "allocator", entry: "policy.wasm" };
let copy = "";

/** A project of its own with our build in it, so that failures can be provoked. */
beforeAll(() => {
  copy = mkdtempSync(join(tmpdir(), "tepui-build-"));
  cpSync(join(root, "scripts"), join(copy, "scripts"), { recursive: true });
  for (const file of ["tsconfig.json", "tsconfig.build.json", "package.json"]) {
    cpSync(join(root, file), join(copy, file));
  }
  symlinkSync(join(root, "node_modules"), join(copy, "node_modules"));
  write("assembly/build.json", JSON.stringify({ flags: ["--runtime", "stub"], policies: {} }));
  write("assembly/shared/answer.ts", "export const answer: i32 = 42;\n");
  write(
    "assembly/policies/toy.ts",
    'import { answer } from "../shared/answer";\n' +
      "export function allocate(): i32 { return answer; }\n",
  );
  write("plugins/allocators/toy/plugin.json", JSON.stringify(manifest));
  write("cli/main.ts", '#!/usr/bin/env node\nimport { word } from "./word.ts";\nword();\n');
  write("cli/word.ts", "export function word(): number {\n  return 1;\n}\n");
  write("frameworks/batch/words.txt", "one two\n");
}, 60_000);

afterAll(() => rmSync(copy, { recursive: true, force: true }));

function write(path: string, text: string): void {
  mkdirSync(dirname(join(copy, path)), { recursive: true });
  writeFileSync(join(copy, path), text);
}

function build(): { status: number | null; out: string; err: string } {
  const run = spawnSync(process.execPath, ["scripts/build.mjs"], { cwd: copy, encoding: "utf8" });
  return { status: run.status, out: run.stdout, err: run.stderr };
}

function built(path: string): string {
  return join(copy, "dist", path);
}

function allocate(): string {
  // In a process of its own, so that this file needs no types for WebAssembly.
  const script = `
    const bytes = require("node:fs").readFileSync(process.argv[1]);
    const module = new WebAssembly.Module(bytes);
    const { exports } = new WebAssembly.Instance(module, { env: { abort() {} } });
    process.stdout.write(String(exports.allocate()));`;
  const policy = built("plugins/allocators/toy/policy.wasm");
  const run = spawnSync(process.execPath, ["-e", script, policy], { encoding: "utf8" });
  return run.stdout;
}

test("a clean clone builds policies, programs, manifests with digests, data, build facts", () => {
  const first = build();
  expect(first).toMatchObject({ status: 0, err: "" });
  expect(first.out).toContain("1 policies (1 compiled)");
  expect(allocate()).toBe("42");
  const copied: unknown = JSON.parse(
    readFileSync(built("plugins/allocators/toy/plugin.json"), "utf8"),
  );
  expect(copied).toEqual({ ...manifest, digest: expect.stringMatching(/^[0-9a-f]{64}$/) });
  expect(readFileSync(built("frameworks/batch/words.txt"), "utf8")).toBe("one two\n");
  // There is no git here: the commit is left out, not guessed.
  expect(JSON.parse(readFileSync(built("build-info.json"), "utf8"))).toEqual({
    version: expect.any(String),
  });
  expect(statSync(built("cli/main.js")).mode & 0o111).toBe(0o111);
  expect(readFileSync(built("cli/main.js"), "utf8")).toMatch(/^#!.*\n[\s\S]*"\.\/word\.js"/);
});

test("a second build compiles nothing, and a changed import of a policy compiles it again", () => {
  expect(build().out).toContain("1 policies (0 compiled)");
  write("assembly/shared/answer.ts", "export const answer: i32 = 43;\n");
  expect(build().out).toContain("1 policies (1 compiled)");
  expect(allocate()).toBe("43");
});

test("an output that was deleted comes back, and one whose source is gone goes away", () => {
  rmSync(built("cli/word.js"));
  rmSync(built("plugins/allocators/toy/policy.wasm"));
  write("dist/cli/old.js", "");
  write("dist/plugins/isolators/old/plugin.json", "{}");
  expect(build().status).toBe(0);
  expect(existsSync(built("cli/word.js"))).toBe(true);
  expect(existsSync(built("plugins/allocators/toy/policy.wasm"))).toBe(true);
  expect(existsSync(built("cli/old.js"))).toBe(false);
  expect(existsSync(built("plugins/isolators/old"))).toBe(false);
});

test("errors of both compilers are reported together, and the exit status is not zero", () => {
  write("cli/word.ts", 'export function word(): number {\n  return "one";\n}\n');
  write("assembly/shared/answer.ts", "export const answer: i32 = nothing;\n");
  const run = build();
  expect(run.status).toBe(1);
  expect(run.err).toContain("cli/word.ts(2,3): error TS2322");
  expect(run.err).toContain("asc could not compile assembly/policies/toy.ts");
  expect(run.err).toContain("Cannot find name 'nothing'");
});

test("a manifest without a source for its binary is named, with what would be right", () => {
  rmSync(join(copy, "assembly/policies/toy.ts"));
  const run = build();
  expect(run.status).toBe(1);
  expect(run.err).toContain(
    "plugins/allocators/toy/plugin.json wants policy.wasm, and its source assembly/policies/toy.ts",
  );
  write("plugins/allocators/toy/plugin.json", "{");
  expect(build().err).toContain("build failed: plugins/allocators/toy/plugin.json: ");
});
