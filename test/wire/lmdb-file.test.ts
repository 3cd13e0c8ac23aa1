import { randomFillSync } from "node:crypto";
import { mkdirSync, readFileSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { open } from "lmdb";
import { expect, test } from "vitest";
import { CheckpointStore } from "../../agent/io/store.ts";
import { Random } from "../../conformance/random.ts";
import { silentLog } from "../../contract/ports/log.ts";
import { openStore } from "../../plugins/coordinators/embedded/store.ts";
import { checkLmdbFile } from "../../wire/index.ts";
import { temporaryFolder } from "../support/temporary.ts";

/** A store with something in it, closed again. */
async function written(name: string): Promise<{ folder: string; file: string; bytes: Buffer }> {
  const folder = join(temporaryFolder("tepui-lmdb-"), name);
  const db = open<string, string>({ path: folder, mapSize: 2 ** 24 });
  for (let at = 0; at < 5; at++) await db.put(`key${at}`, "x".repeat(20_000));
  await db.flushed;
  await db.close();
  const file = join(folder, "data.mdb");
  return { folder, file, bytes: readFileSync(file) };
}

test("a store that is whole, new, or not there may be opened", async () => {
  const { folder, file } = await written("whole");
  checkLmdbFile(folder);
  checkLmdbFile(join(folder, "nothing"));
  mkdirSync(join(folder, "new"));
  writeFileSync(join(folder, "new", "data.mdb"), "");
  checkLmdbFile(join(folder, "new"));
  expect(readFileSync(file).length).toBeGreaterThan(20_000);
});

test("one whose first pages are overwritten, or that is cut short, is refused in words", async () => {
  for (const [from, to] of [
    [0, 8_192],
    [0, 4_096],
    [4_096, 8_192],
  ] as const) {
    const { folder, file, bytes } = await written("overwritten");
    randomFillSync(bytes, from, to - from);
    writeFileSync(file, bytes);
    expect(() => checkLmdbFile(folder)).toThrow(`${file} is damaged, or no store of LMDB`);
  }
  for (const length of [1, 5_000, 10_000]) {
    const { folder, file } = await written("cut");
    truncateSync(file, length);
    expect(() => checkLmdbFile(folder)).toThrow(/ is (damaged|cut short)/);
  }
});

test.each([0xa5, 0xff, 0])(
  "one whose trees are overwritten with %i is refused, too",
  async (byte) => {
    const { folder, file, bytes } = await written("trees");
    writeFileSync(file, bytes.fill(byte, 8_192));
    expect(() => checkLmdbFile(folder)).toThrow(`${file} is damaged: page `);
  },
);

test("whatever is written and removed, a store that was closed may be opened", async () => {
  const folder = join(temporaryFolder("tepui-lmdb-"), "busy");
  const random = new Random(1);
  for (let round = 0; round < 30; round++) {
    checkLmdbFile(folder);
    const db = open<string, string>({ path: folder, mapSize: 2 ** 24 });
    for (let at = 0; at < 20; at++) {
      const key = `key${random.below(40)}`;
      if (random.chance(0.5)) await db.remove(key);
      else await db.put(key, "x".repeat(random.below(9_000)));
    }
    await db.flushed;
    await db.close();
  }
  checkLmdbFile(folder);
});

test("a damaged registry or checkpoint is a coded error that says what to do", async () => {
  const { folder, file } = await written("checkpoint");
  truncateSync(file, 10_000);
  const hint = expect.stringContaining("away");
  expect(() => openStore(folder, 64, silentLog)).toThrow(
    expect.objectContaining({ code: "REGISTRY_FAILED", hint }),
  );
  expect(() => new CheckpointStore(join(folder, ".."), silentLog)).toThrow(
    expect.objectContaining({ code: "CHECKPOINT_FAILED", hint }),
  );
});
