import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { Fetcher } from "../../agent/fetcher/fetcher.ts";
import { findImage } from "../../agent/images/reference.ts";
import { ImageStore } from "../../agent/images/store.ts";
import type { ContainerSpec } from "../../contract/ports/isolator.ts";
import { silentLog } from "../../contract/ports/log.ts";
import { HandClock } from "../support/hand-clock.ts";
import { writeLayout } from "./support/image-maker.ts";

let folder: string;
/** An archive of much that tar complains of, more than is kept, before a way out. */
let archive: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "tepui-complaints-"));
  archive = join(folder, "evil.tar");
  const from = join(folder, "a/b");
  mkdirSync(from, { recursive: true });
  const names = Array.from({ length: 200 }, (_, index) => `file-of-the-future-${index}`);
  for (const name of names) writeFileSync(join(from, name), "");
  writeFileSync(join(folder, "evil"), "evil");
  const words = ["-cPf", archive, "--mtime", "2100-01-01", ...names, "../../evil"];
  execFileSync("tar", words, { cwd: from });
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

test("an archive that leads out is told to do so after any number of other complaints", async () => {
  const sandbox = join(folder, "sandbox");
  mkdirSync(sandbox);
  const fetcher = new Fetcher(join(folder, "cache"), { cacheSize: 1_000, stallTimeout: 300 });
  const spec = { sandbox, command: { uris: [{ value: archive }] } } as unknown as ContainerSpec;
  await expect(fetcher.fetch(spec, new AbortController().signal)).rejects.toMatchObject({
    code: "FETCH_ARCHIVE_ESCAPES",
    message: expect.stringContaining("Removing leading `../../'"),
  });
  expect(readdirSync(sandbox)).toEqual([]);
});

test("so is the layer of an image", async () => {
  writeLayout(join(folder, "images", "evil"), [readFileSync(archive)]);
  const store = new ImageStore({
    folder: join(folder, "unpacked"),
    cacheSize: 1 << 20,
    gcDelayMs: 3_600_000,
    clock: new HandClock(),
    log: silentLog,
    inUse: () => new Set(),
  });
  await expect(
    store.take(findImage(join(folder, "images"), "evil"), () => {}),
  ).rejects.toMatchObject({
    code: "IMAGE_ESCAPES",
    message: expect.stringContaining("Removing leading `../../'"),
  });
});
