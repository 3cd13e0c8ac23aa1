import { execFileSync } from "node:child_process";
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { CheckpointStore } from "../../agent/io/store.ts";
import { errors } from "../../contract/errors.ts";
import { silentLog } from "../../contract/ports/log.ts";
import { openStore } from "../../plugins/coordinators/embedded/store.ts";
import { lockFolder } from "../../wire/folder-lock.ts";
import { describeWith } from "../support/require.ts";

/** More than the disk holds beside what is kept back of it, however LMDB lays it out. */
const WRITES = 200;
const text = "x".repeat(50_000);

describeWith("tmpfs", "a store on a full disk", () => {
  let folder = "";
  const rejections: unknown[] = [];
  const note = (cause: unknown): void => {
    rejections.push(cause);
  };

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "tepui-full-"));
    execFileSync("mount", ["-t", "tmpfs", "-o", "size=12m", "tmpfs", folder]);
    rejections.length = 0;
    process.on("unhandledRejection", note);
  });

  afterEach(() => {
    process.off("unhandledRejection", note);
    // Lazily: LMDB keeps its files open after a failure, as it does until the process ends.
    execFileSync("umount", ["-l", folder]);
    rmSync(folder, { recursive: true });
  });

  async function fill(write: (key: string) => Promise<void>): Promise<unknown> {
    for (let index = 0; index < WRITES; index++) {
      try {
        await write(`key-${index}`);
      } catch (thrown) {
        // Rejections that nobody holds are told of after the microtasks of this turn.
        await new Promise((resolve) => setImmediate(resolve));
        return thrown;
      }
    }
    return undefined;
  }

  test("the checkpoint refuses with its code and the cause, and closes (F2)", async () => {
    const store = new CheckpointStore(folder, silentLog);
    await store.setIdentity("boot", "secret");
    const failure = await fill((key) => store.write(new Map([[`framework/${key}`, { text }]])));
    expect(failure).toMatchObject({ code: "CHECKPOINT_FAILED" });
    expect(String(failure)).toContain("No space left on device");
    await store.close();
    expect(rejections).toEqual([]);
  });

  test("a lock that cannot be written down is refused with the code that says why", () => {
    const filler = join(folder, "filler");
    expect(() => writeFileSync(filler, Buffer.alloc(13 << 20))).toThrow("ENOSPC");
    const refusal = (pid: number) => errors.WORK_DIR_LOCKED(folder, pid);
    const lock = () => lockFolder(folder, "x.lock", refusal);
    expect(lock).toThrow(expect.objectContaining({ code: "DISK_FULL" }));
    expect(readdirSync(folder)).toEqual(["filler"]);
    rmSync(filler);
    lock()();
    expect(readdirSync(folder)).toEqual([]);
  });

  test("the registry refuses with its code and the cause, and closes (G4)", async () => {
    const store = openStore(join(folder, "registry"), 64, silentLog);
    const epoch = await store.nextEpoch();
    const failure = await fill((key) => store.write(epoch, { entries: [{ key, value: text }] }));
    expect(failure).toMatchObject({ code: "REGISTRY_FAILED" });
    expect(String(failure)).toContain("No space left on device");
    await store.close();
    expect(rejections).toEqual([]);
  });
});
