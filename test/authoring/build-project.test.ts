import { execFileSync } from "node:child_process";
import { mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, afterEach, describe, expect, test } from "vitest";
import { buildProject } from "../../authoring/build-project.ts";
import { runCli } from "../cli/run-cli.ts";
import { describeWith } from "../support/require.ts";
import { Workshop } from "./support/projects.ts";

const workshop = new Workshop();
const path = process.env["PATH"];
afterEach(() => {
  process.env["PATH"] = path;
});
afterAll(() => workshop.close());

let shelves = 0;

/** Makes these programs all that there is on the PATH. */
function only(...programs: readonly string[]): void {
  const shelf = join(workshop.folder, `bin-${shelves++}`);
  mkdirSync(shelf);
  for (const program of programs) {
    const real = execFileSync("/bin/sh", ["-c", `command -v ${program}`], { encoding: "utf8" });
    symlinkSync(real.trim(), join(shelf, program));
  }
  process.env["PATH"] = shelf;
}

describe("building a project says what is not there, and how to get it:", () => {
  test("make", async () => {
    const { folder } = workshop.make("no-make", { kind: "allocator", language: "c" });
    only("sh");
    await expect(buildProject(folder)).rejects.toMatchObject({
      code: "PLUGIN_TOOL_MISSING",
      message: expect.stringContaining("make is needed"),
      hint: expect.stringContaining("apt-get install make"),
    });
  });

  test("npm", async () => {
    const { folder } = workshop.make("no-npm", { kind: "isolator" });
    only("sh");
    await expect(buildProject(folder)).rejects.toMatchObject({
      message: expect.stringContaining("npm is needed"),
    });
  });

  test("what package.json lists", async () => {
    const folder = join(workshop.folder, "not-installed");
    await runCli(["plugin", "new", "allocator", "not-installed", folder]);
    only("sh", "node", "npm");
    await expect(buildProject(folder)).rejects.toMatchObject({
      code: "PLUGIN_TOOL_MISSING",
      hint: expect.stringContaining("npm install"),
    });
  }, 60_000);

  test.each([
    ["clang", "c", "apt-get install clang lld"],
    ["rustc", "rust", "libstd-rust-dev-wasm32"],
  ] as const)("%s", async (program, language, hint) => {
    const { folder } = workshop.make(`no-${program}`, { kind: "allocator", language });
    only("sh", "make", "mkdir");
    await expect(buildProject(folder)).rejects.toMatchObject({
      code: "PLUGIN_TOOL_MISSING",
      message: expect.stringContaining(program),
      hint: expect.stringContaining(hint),
    });
  });
});

describeWith("clang", "building a project in C", () => {
  test("says that the linker is not there", async () => {
    const { folder } = workshop.make("no-linker", { kind: "allocator", language: "c" });
    only("sh", "make", "mkdir", "clang");
    await expect(buildProject(folder)).rejects.toMatchObject({
      code: "PLUGIN_TOOL_MISSING",
      message: expect.stringContaining("wasm-ld"),
      hint: expect.stringContaining("lld"),
    });
  });

  test("hands on what the compiler says", async () => {
    const project = workshop.make("mistaken", { kind: "allocator", language: "c" });
    project.edit("src/policy.c", "return (int32_t)rows;", "return (int32_t)rowz;");
    const run = await runCli(["plugin", "test", project.folder]);
    expect(run.code).toBe(78);
    expect(run.error).toContain("error[PLUGIN_BUILD_FAILED]: `make` failed");
    expect(run.error).toContain("undeclared identifier 'rowz'");
  }, 60_000);
});

test("what the compiler of AssemblyScript says is handed on too", async () => {
  const project = workshop.make("as-mistaken", { kind: "allocator" });
  project.edit("assembly/policy.ts", "return rowCount();", "return rowKount();");
  await expect(buildProject(project.folder)).rejects.toMatchObject({
    code: "PLUGIN_BUILD_FAILED",
    details: expect.arrayContaining([expect.stringContaining("rowKount")]),
  });
}, 60_000);

test("a folder that needs no building is left alone", async () => {
  const folder = join(workshop.folder, "plain");
  mkdirSync(folder);
  expect(await buildProject(folder)).toBeUndefined();
  writeFileSync(join(folder, "package.json"), '{"scripts": {"test": "true"}}');
  expect(await buildProject(folder)).toBeUndefined();
  writeFileSync(join(folder, "package.json"), "{");
  await expect(buildProject(folder)).rejects.toMatchObject({ code: "PLUGIN_BUILD_FAILED" });
});
