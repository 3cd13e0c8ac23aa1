import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, beforeEach, expect, test } from "vitest";
import { modulesOf } from "../../authoring/modules.ts";
import { packPlugin } from "../../authoring/pack.ts";
import { builtInPlugins } from "../../cli/built-in-plugins.ts";
import { findPlugin } from "../../kernel/host/find.ts";

let folder = "";
const folders: string[] = [];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "tepui-pack-"));
  folders.push(folder);
});
afterAll(() => {
  for (const each of folders) rmSync(each, { recursive: true, force: true });
});

function write(path: string, text: string | Uint8Array): void {
  mkdirSync(dirname(join(folder, path)), { recursive: true });
  writeFileSync(join(folder, path), text);
}

/** A project in plain JavaScript, with much that is not to be packed. */
function javascriptProject(): string {
  const manifest = {
    name: "plain",
    version: "1.2.3",
    kind: "hook",
    contract: "1",
    entry: "./lib/index.js",
    offers: ["plain"],
  };
  write("p/plugin.json", JSON.stringify(manifest));
  write("p/lib/index.js", 'import { one } from "./parts/one.js";\nexport const create = one;\n');
  write("p/lib/parts/one.js", "export { one } from '../two.mjs';\n");
  write("p/lib/two.mjs", "// import './not-there.js'\nexport const one = () => ({ ports: {} });\n");
  write("p/lib/unused.js", "");
  write("p/package.json", '{"type": "module"}');
  write("p/node_modules/x/index.js", "");
  return join(folder, "p");
}

test("modules in JavaScript come with all that they import, and a package.json that says so", () => {
  const out = join(folder, "out");
  const packed = packPlugin({ folder: javascriptProject(), out });
  expect(packed.files).toEqual([
    "plugin.json",
    "lib/index.js",
    "lib/parts/one.js",
    "lib/two.mjs",
    "package.json",
  ]);
  const made = JSON.parse(readFileSync(join(out, "package.json"), "utf8"));
  expect(made).toEqual({ name: "plain", version: "1.2.3", type: "module" });
});

test("packages that are imported by name are told of; what is Node's is not", () => {
  const project = javascriptProject();
  write("p/lib/two.mjs", 'import fs from "node:fs";\nimport ws from "ws";\nawait import("a/b");\n');
  expect(packPlugin({ folder: project, out: join(folder, "out") }).packages).toEqual(["a/b", "ws"]);
});

test("what is imported has to be there, inside the folder", () => {
  const project = javascriptProject();
  write("p/lib/two.mjs", 'import "./gone.js";\n');
  const pack = () => packPlugin({ folder: project, out: join(folder, "out") });
  expect(pack).toThrow(expect.objectContaining({ code: "PLUGIN_ENTRY_MISSING" }));
  write("p/lib/two.mjs", 'import "../../outside.js";\n');
  expect(pack).toThrow(expect.objectContaining({ code: "PLUGIN_ENTRY_OUTSIDE" }));
  expect(existsSync(join(folder, "out"))).toBe(false);
});

test("files that a module names by its own address belong to it", () => {
  write("p/index.mjs", 'export const url = new URL("./data.json", import.meta.url);\n');
  write("p/data.json", "{}");
  expect(modulesOf("p", join(folder, "p"), "index.mjs").paths).toEqual(["data.json", "index.mjs"]);
});

test("an archive has the same bytes each time, and npm can install it", () => {
  const project = javascriptProject();
  const [one, two] = [join(folder, "one.tgz"), join(folder, "two.tgz")];
  packPlugin({ folder: project, out: one });
  packPlugin({ folder: project, out: two });
  expect(readFileSync(one).equals(readFileSync(two))).toBe(true);
  const site = join(folder, "site");
  mkdirSync(site);
  const words = ["install", "--offline", "--no-audit", "--no-fund", "--no-save", one];
  execFileSync("npm", words, { cwd: site, stdio: "pipe" });
  const found = findPlugin("plain", { from: site, builtIn: builtInPlugins() });
  expect(found).toBe(join(site, "node_modules/plain"));
  expect(existsSync(join(found, "lib/parts/one.js"))).toBe(true);
}, 60_000);

test("an earlier packing is replaced, and nothing else is ever taken away", () => {
  const project = javascriptProject();
  const out = join(folder, "out");
  packPlugin({ folder: project, out });
  write("p/lib/two.mjs", "export const one = () => undefined;\n");
  packPlugin({ folder: project, out });
  expect(readFileSync(join(out, "lib/two.mjs"), "utf8")).toContain("undefined");
  write("out/notes.txt", "mine");
  const again = () => packPlugin({ folder: project, out });
  expect(again).toThrow(expect.objectContaining({ code: "PROJECT_EXISTS" }));
  const onItself = () => packPlugin({ folder: project, out: project });
  expect(onItself).toThrow(expect.objectContaining({ code: "PROJECT_EXISTS" }));
  write("out/folder.tgz/notes.txt", "mine");
  const onFolder = () => packPlugin({ folder: project, out: join(out, "folder.tgz") });
  expect(onFolder).toThrow(expect.objectContaining({ code: "PROJECT_EXISTS" }));
  expect(existsSync(join(project, "lib/unused.js"))).toBe(true);
});

test("what no master would admit is not packed", () => {
  const manifest = {
    name: "noise",
    version: "1.0.0",
    kind: "allocator",
    contract: "1",
    entry: "policy.wasm",
    offers: ["allocator"],
  };
  write("p/plugin.json", JSON.stringify(manifest));
  write("p/policy.wasm", "#!/bin/sh");
  const out = join(folder, "out");
  const pack = () => packPlugin({ folder: join(folder, "p"), out });
  expect(pack).toThrow(expect.objectContaining({ code: "PLUGIN_SHAPE" }));
  expect(existsSync(out)).toBe(false);
});
