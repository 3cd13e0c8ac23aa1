import { mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { makeConfigFolder, makeFolder } from "../../wire/index.ts";

let root = "";
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "tepui-test-"));
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

test("all missing levels are made with the mode, and what is there stays", () => {
  makeFolder(join(root, "a", "b", "c"), 0o700);
  expect(statSync(join(root, "a", "b")).mode & 0o777).toBe(0o700);
  writeFileSync(join(root, "a", "b", "c", "kept"), "");
  makeFolder(join(root, "a", "b", "c"), 0o755);
  expect(readdirSync(join(root, "a", "b", "c"))).toEqual(["kept"]);
});

test("a file system that refuses with ENOENT is an error, not a loop", () => {
  expect(() => makeFolder("/proc/tepui/data")).toThrow(/ENOENT.*\/proc\/tepui/);
});

test("a folder that cannot be is a config error that names the setting", () => {
  const file = join(root, "file");
  writeFileSync(file, "");
  const refused = [file, join(file, "below"), "/proc/tepui"];
  for (const path of refused) {
    expect(() => makeConfigFolder("dataDir", path, 0o700)).toThrow(
      expect.objectContaining({
        code: "CONFIG_FOLDER",
        where: "/dataDir",
        message: expect.stringMatching(/EEXIST|ENOTDIR|ENOENT/),
      }),
    );
  }
  mkdirSync(join(root, "good"));
  makeConfigFolder("dataDir", join(root, "good"), 0o700);
});
