import { execFileSync, spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { describeWith } from "../support/require.ts";

vi.setConfig({ testTimeout: 120_000 });

const MAIN = join(import.meta.dirname, "..", "..", "dist", "cli", "main.js");

describeWith(["root", "tmpfs"], "a process that is started on a full disk", () => {
  let folder = "";
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "tepui-full-"));
  });
  afterEach(() => {
    execFileSync("umount", ["--lazy", folder]);
    rmSync(folder, { recursive: true, force: true });
  });

  /** A disk of these options, all of which is taken but so many bytes. */
  function disk(options: string, freeBytes?: number): void {
    execFileSync("mount", ["-t", "tmpfs", "-o", options, "tmpfs", folder]);
    const [, mib] = /size=(\d+)m/.exec(options) ?? [];
    if (freeBytes === undefined) return;
    writeFileSync(join(folder, "filler"), Buffer.alloc((Number(mib) << 20) - freeBytes));
  }

  function start(...words: string[]) {
    const { stderr, status } = spawnSync(process.execPath, [MAIN, ...words], {
      encoding: "utf8",
      timeout: 60_000,
    });
    return { status, said: stderr };
  }

  const disks: readonly [string, string, number?][] = [
    ["no byte", "size=1m", 0],
    ["hardly a byte", "size=12m", 1 << 20],
    ["no file", "size=64m,nr_inodes=2"],
    // LMDB would end the process with a signal.
    ["hardly a file", "size=64m,nr_inodes=5"],
  ];
  const processes = [
    ["an agent", ["agent", "--listen-port", "0", "--work-dir"]],
    ["a master", ["master", "--listen-port", "0", "--data-dir"]],
    ["a cluster", ["local", "--port", "22010", "--data-dir"]],
  ] as const;
  for (const [left, options, freeBytes] of disks) {
    for (const [who, words] of processes) {
      test(`${who} with ${left} left says so, and what to do`, () => {
        disk(options, freeBytes);
        const { status, said } = start(...words, folder);
        expect(said).toMatch(/error\[(DISK_FULL|CONFIG_FOLDER)\]/);
        expect(said).toContain(folder);
        expect(said).toMatch(/hint: /);
        expect(status).toBeGreaterThan(0);
      });
    }
  }

  test("an agent whose folder is there and has no room is told so before it takes anything up", () => {
    disk("size=12m");
    mkdirSync(join(folder, "work"));
    writeFileSync(join(folder, "filler"), Buffer.alloc(11 << 20));
    const { said } = start("agent", "--listen-port", "0", "--work-dir", join(folder, "work"));
    expect(said).toMatch(/error\[DISK_FULL\].*there is no room for this process.*are needed/);
  });
});
