import { execFileSync } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { removeTree, removeTreeSync } from "../../wire/remove-tree.ts";
import { makeDeepTree } from "../support/deep-tree.ts";
import { describeWith } from "../support/require.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "tepui-trees-"));
});
afterEach(() => {
  execFileSync("rm", ["-rf", folder]);
});

const ways: readonly [string, (path: string) => Promise<void> | void][] = [
  ["removeTree", removeTree],
  ["removeTreeSync", removeTreeSync],
];

describe.each(ways)("%s", (_name, remove) => {
  test("removes a tree that is deeper than any path is long, by whatever name", async () => {
    const tree = join(folder, `-rf $(touch "here") 'one'`);
    mkdirSync(tree);
    makeDeepTree(tree);
    expect(() => rmSync(tree, { recursive: true })).toThrow("ENAMETOOLONG");
    await remove(tree);
    expect(readdirSync(folder)).toEqual([]);
  });

  test("removes links and not what they lead to, and nothing where there is nothing", async () => {
    const kept = join(folder, "kept");
    const tree = join(folder, "tree");
    for (const each of [kept, tree]) mkdirSync(each);
    writeFileSync(join(kept, "file"), "");
    makeDeepTree(tree);
    symlinkSync(kept, join(tree, "link"));
    symlinkSync(kept, join(folder, "link"));
    for (const each of ["tree", "link", "nothing"]) await remove(join(folder, each));
    expect(readdirSync(folder)).toEqual(["kept"]);
    expect(existsSync(join(kept, "file"))).toBe(true);
  });
});

describeWith("tmpfs", "trees with something mounted in them", () => {
  test.each(ways)("%s says what cannot be removed", async (_name, remove) => {
    const mount = join(folder, "mount");
    mkdirSync(mount);
    makeDeepTree(folder);
    execFileSync("mount", ["-t", "tmpfs", "-o", "size=1m", "tmpfs", mount]);
    try {
      await expect((async () => remove(folder))()).rejects.toThrow(/EBUSY|busy/);
      expect(existsSync(mount)).toBe(true);
    } finally {
      execFileSync("umount", [mount]);
    }
  });
});
