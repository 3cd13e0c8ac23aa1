import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { isDeepStrictEqual } from "node:util";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { checksum, plainChecksum } from "../../kernel/io/journal/checksum.ts";
import { realDisk } from "../../kernel/io/journal/disk.ts";
import { cutTornTail } from "../../kernel/io/journal/folder.ts";
import { FRAME_HEADER_BYTES, framesOf, sealed } from "../../kernel/io/journal/frames.ts";
import { Assembly, partsOf } from "../../kernel/io/journal/parts.ts";
import { readSegment } from "../../kernel/io/journal/reader.ts";
import { modulesIn } from "../../simulation/replay/modules.ts";
import { isDamaged, replay } from "../../simulation/replay/replay.ts";
import { shippedPlugin } from "./support/policies.ts";
import { record } from "./support/recorded.ts";
import { busy } from "./support/workloads.ts";

function framed(text: string): Buffer {
  return sealed(Buffer.concat([Buffer.alloc(FRAME_HEADER_BYTES), Buffer.from(text)]));
}

/** Payloads as text, and how the frames end. */
function readFrames(bytes: Buffer) {
  const frames = framesOf(bytes);
  const texts: string[] = [];
  let frame = frames.next();
  for (; frame.done !== true; frame = frames.next()) texts.push(frame.value.toString());
  return { texts, end: frame.value };
}

describe("frames", () => {
  test("carry the checksum of IEEE 802.3, with and without zlib", () => {
    const nine = Buffer.from("123456789");
    expect(plainChecksum(nine)).toBe(0xcbf43926);
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), fc.nat(300), (bytes, cut) => {
        const whole = plainChecksum(bytes);
        expect(checksum(bytes)).toBe(whole);
        expect(checksum(bytes.subarray(cut), checksum(bytes.subarray(0, cut)))).toBe(whole);
      }),
    );
  });

  const three = Buffer.concat(["one", "two, a longer one", "three"].map(framed));
  const second = FRAME_HEADER_BYTES + 3;

  test("are read as they were written", () => {
    const { texts, end } = readFrames(three);
    expect(texts).toEqual(["one", "two, a longer one", "three"]);
    expect(end).toEqual({ offset: three.length, isDamaged: false });
  });

  test("that end anywhere in the last are torn there, whatever is in its place", () => {
    const last = three.length - FRAME_HEADER_BYTES - 5;
    for (let cut = last + 1; cut < three.length; cut++) {
      for (const tail of [0, 30]) {
        const torn = Buffer.concat([three.subarray(0, cut), Buffer.alloc(tail)]);
        const { texts, end } = readFrames(torn);
        expect(texts, `cut at ${cut}`).toHaveLength(2);
        expect([end.offset, end.isDamaged], `cut at ${cut}`).toEqual([last, false]);
      }
    }
  });

  test("with any bit flipped in the middle are damaged, and the place is named", () => {
    for (let at = second; at < three.length - FRAME_HEADER_BYTES - 5; at++) {
      const flipped = Buffer.from(three);
      flipped[at] = (flipped[at] as number) ^ (1 << (at % 8));
      const { texts, end } = readFrames(flipped);
      expect(texts, `byte ${at}`).toEqual(["one"]);
      expect([end.offset, end.isDamaged], `byte ${at}`).toEqual([second, true]);
    }
  });
});

test("large structures come together again from their parts", () => {
  const large = {
    list: Array.from({ length: 2_000 }, (_, at) => ({ at })),
    map: new Map(Array.from({ length: 1_500 }, (_, at) => [`k${at}`, at])),
    few: { small: [1, 2], none: undefined, map: new Map([[1, 2]]), empty: {} },
    column: Float64Array.from({ length: 300_000 }, (_, at) => at / 3),
    words: Uint32Array.from({ length: 150_000 }, (_, at) => at),
  };
  const assembly = new Assembly();
  let parts = 0;
  for (const part of partsOf(large)) {
    parts += 1;
    assembly.add(part);
  }
  expect(isDeepStrictEqual(assembly.value, large)).toBe(true);
  expect(parts).toBeGreaterThan(10);
});

describe("the files of a journal", () => {
  let folder: string;
  let files: string[];

  beforeAll(async () => {
    const policies = [await shippedPlugin("drf")];
    folder = await record({ workload: busy, policies, segmentBytes: 24 << 10 });
    files = readdirSync(folder)
      .sort()
      .map((name) => join(folder, name));
  }, 60_000);

  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  const replayed = (path: string) =>
    replay({
      path,
      findModule: modulesIn([]),
      signal: new AbortController().signal,
      onProgress: () => {},
    });

  /** A copy of the journal in which one file is changed. */
  function changed(at: number, change: (bytes: Buffer) => Buffer): { path: string; file: string } {
    const path = mkdtempSync(join(tmpdir(), "tepui-journal-"));
    for (const [index, file] of files.entries()) {
      const bytes = readFileSync(file);
      writeFileSync(join(path, file.slice(folder.length)), index === at ? change(bytes) : bytes);
    }
    const file = join(path, files[at]?.slice(folder.length) ?? "");
    return { path, file };
  }

  test("whose last is torn are replayed up to there, and the place is told", async () => {
    const last = files.length - 1;
    const { path, file } = changed(last, (bytes) => bytes.subarray(0, bytes.length - 7));
    const { ends, difference } = await replayed(path);
    expect(difference).toBeUndefined();
    expect(ends).toMatchObject([{ file, isDamaged: false }]);
    const torn = await cutTornTail(realDisk, path);
    expect(torn).toMatchObject({ file, offset: ends[0]?.offset });
    expect(readFileSync(file)).toHaveLength(torn?.offset ?? -1);
    expect((await replayed(path)).ends).toEqual([]);
    rmSync(path, { recursive: true });
  }, 60_000);

  test("with a flipped byte in one are damaged there, and go on with the next", async () => {
    const { path, file } = changed(1, (bytes) => {
      const middle = bytes.length >> 1;
      return Buffer.concat([
        bytes.subarray(0, middle),
        Buffer.from([(bytes[middle] as number) ^ 4]),
        bytes.subarray(middle + 1),
      ]);
    });
    const { ends, difference, stretches } = await replayed(path);
    expect(difference).toBeUndefined();
    expect(ends).toMatchObject([{ file, isDamaged: true }]);
    expect(ends[0]?.offset).toBeGreaterThan(0);
    expect(stretches).toHaveLength(2);
    // A damaged file is left as it is, for whoever wants to know.
    expect(await cutTornTail(realDisk, path)).toBeUndefined();
    rmSync(path, { recursive: true });
  }, 60_000);

  test.each([0, 5, 20, 100])(
    "with byte %i damaged are named, and the others replayed",
    async (at) => {
      const flipped = (bytes: Buffer) => {
        const copy = Buffer.from(bytes);
        copy[at] = (copy[at] as number) ^ 4;
        return copy;
      };
      const last = files.length - 1;
      for (const which of [1, last]) {
        const { path, file } = changed(which, flipped);
        const report = await replayed(path);
        expect(report.ends).toMatchObject([{ file, offset: 0, isDamaged: true }]);
        expect([report.skipped, report.difference]).toEqual([[file], undefined]);
        expect(report.stretches).toHaveLength(which === last ? 1 : 2);
        expect(isDamaged(report)).toBe(true);
        // By itself there is nothing else to replay, and the error says what it is.
        await expect(replayed(file)).rejects.toMatchObject({ code: "JOURNAL_DAMAGED" });
        rmSync(path, { recursive: true });
      }
    },
    60_000,
  );

  test("that have nothing in them at the end are torn, and nothing is lost", async () => {
    for (const length of [0, 5]) {
      const { path, file } = changed(files.length - 1, (bytes) => bytes.subarray(0, length));
      const report = await replayed(path);
      expect(report).toMatchObject({ skipped: [], gaps: [], ends: [{ file, isDamaged: false }] });
      expect(isDamaged(report)).toBe(false);
      rmSync(path, { recursive: true });
    }
  }, 60_000);

  test("that nothing can begin with are refused", async () => {
    const { path, file } = changed(0, (bytes) => bytes.subarray(0, 5));
    expect(readSegment(file)).toBeUndefined();
    await expect(replayed(file)).rejects.toMatchObject({ code: "JOURNAL_NO_BEGINNING" });
    rmSync(path, { recursive: true });
  });

  test("are told from files of other kinds, and from nothing", async () => {
    const path = mkdtempSync(join(tmpdir(), "tepui-journal-"));
    await expect(replayed(path)).rejects.toMatchObject({ code: "JOURNAL_UNREADABLE" });
    await expect(replayed(join(path, "x"))).rejects.toMatchObject({ code: "JOURNAL_UNREADABLE" });
    writeFileSync(join(path, "00000001.journal"), "#!/bin/sh\necho this is no journal\n");
    await expect(replayed(path)).rejects.toMatchObject({ code: "JOURNAL_UNREADABLE" });
    rmSync(path, { recursive: true });
  });
});
