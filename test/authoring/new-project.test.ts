import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { newProject } from "../../authoring/new-project.ts";
import { readManifest } from "../../kernel/host/manifest.ts";
import { runCli } from "../cli/run-cli.ts";
import { Workshop } from "./support/projects.ts";

const workshop = new Workshop();
afterAll(() => workshop.close());
const place = (name: string): string => join(workshop.folder, name);

function filesBelow(folder: string): string[] {
  const paths = readdirSync(folder, { recursive: true }).map(String);
  return paths.filter((path) => statSync(join(folder, path)).isFile()).sort();
}

const kinds = [
  ["allocator", "assemblyscript", ["assembly/policy.ts", "assembly/abi.ts", "asconfig.json"]],
  ["allocator", "c", ["src/policy.c", "src/tepui_allocator.h", "Makefile"]],
  ["allocator", "rust", ["src/lib.rs", "src/abi.rs", "Makefile", ".cargo/config.toml"]],
  ["isolator", "assemblyscript", ["src/index.mts", "tsconfig.json", "package.json"]],
  ["transport", "assemblyscript", ["src/index.mts", "src/conformance.mts"]],
  ["coordinator", "assemblyscript", ["src/index.mts", "src/store.mts"]],
] as const;

describe.each(kinds)("a new %s (%s)", (kind, language, parts) => {
  const name = `my-${kind}-${language}`;
  const folder = place(name);

  test("has a manifest, a source, tests and a README, and what git should not keep", () => {
    const files = newProject({ kind, language, name, folder, takenNames: [] });
    expect(files).toEqual(filesBelow(folder));
    expect(files).toEqual(expect.arrayContaining([...parts, "README.md", ".gitignore"]));
    expect(files.some((file) => file.endsWith(".test.mjs"))).toBe(true);
    expect(readManifest(folder)).toMatchObject({ name, kind });
  });

  test("has no word left that was to be replaced", () => {
    for (const file of filesBelow(folder)) {
      expect(readFileSync(join(folder, file), "utf8"), file).not.toMatch(/__[A-Z_]+__/);
    }
  });
});

test("AssemblyScript projects begin with the file that Tepui's own policies are built on", () => {
  const theirs = readFileSync(
    join(place("my-allocator-assemblyscript"), "assembly/abi.ts"),
    "utf8",
  );
  expect(theirs).toBe(readFileSync("assembly/abi.ts", "utf8"));
});

describe("tepui plugin new", () => {
  test("lists what it wrote", async () => {
    const folder = place("listed");
    const run = await runCli(["plugin", "new", "allocator", "listed", folder, "--lang", "c"]);
    expect(run.code).toBe(0);
    expect(run.out).toContain("listed/src/policy.c\n");
    const asJson = await runCli([
      ...["plugin", "new", "isolator", "as-json", place("as-json"), "-o", "json"],
    ]);
    expect(JSON.parse(asJson.out)).toMatchObject({
      name: "as-json",
      kind: "isolator",
      files: expect.arrayContaining(["src/index.mts"]),
    });
  });

  test("writes into a folder that is empty, and into no other", async () => {
    mkdirSync(place("empty"));
    expect((await runCli(["plugin", "new", "isolator", "empty", place("empty")])).code).toBe(0);
    const again = await runCli(["plugin", "new", "isolator", "empty", place("empty")]);
    expect(again.code).toBe(1);
    expect(again.error).toContain("error[PROJECT_EXISTS]");
    writeFileSync(place("a-file"), "");
    const onFile = await runCli(["plugin", "new", "isolator", "x", place("a-file")]);
    expect(onFile.error).toContain("error[PROJECT_EXISTS]");
  });

  test.each([
    ["Fair", "small letters"],
    ["2fast", "beginning with a letter"],
    ["../up", "small letters"],
    ["a--b", "small letters"],
    ["x".repeat(65), "small letters"],
    ["drf", "a plugin of Tepui's own"],
    ["process", "a plugin of Tepui's own"],
  ])("refuses the name %s", async (name, why) => {
    const run = await runCli(["plugin", "new", "allocator", name, place("refused")]);
    expect(run.code).toBe(2);
    expect(run.error).toContain("error[CLI_USAGE]");
    expect(run.error).toContain(why);
  });

  test("refuses kinds and languages that there are no templates for", async () => {
    const kind = await runCli(["plugin", "new", "hook", "x", place("refused")]);
    expect([kind.code, kind.error]).toEqual([2, expect.stringContaining("allocator, isolator")]);
    const language = await runCli([
      ...["plugin", "new", "allocator", "x", place("refused"), "--lang", "go"],
    ]);
    expect([language.code, language.error]).toEqual([2, expect.stringContaining("rust")]);
    const both = await runCli(["plugin", "new", "isolator", "x", place("r"), "--lang", "c"]);
    expect([both.code, both.error]).toEqual([2, expect.stringContaining("--lang is for alloc")]);
  });
});
