import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, expect, test } from "vitest";
import { CopiedStream } from "../../plugins/isolators/docker/copied-stream.ts";
import { registryOf } from "../../plugins/isolators/docker/credentials.ts";
import { splitReference } from "../../plugins/isolators/docker/images.ts";
import { cutOf, LogFrames } from "../../plugins/isolators/docker/log-frames.ts";
import { type StreamPosition, sinceOf } from "../../plugins/isolators/docker/log-position.ts";
import { OutputFile } from "../../plugins/isolators/docker/output-file.ts";
import { temporaryFolder } from "../support/temporary.ts";

function frame(kind: number, text: string, time = "2026-01-02T03:04:05.000000006Z"): Buffer {
  const payload = Buffer.from(`${time} ${text}`);
  const header = Buffer.alloc(8);
  header[0] = kind;
  header.writeUInt32BE(payload.length, 4);
  return Buffer.concat([header, payload]);
}

describe("the engine's multiplexed log", () => {
  test("comes apart the same, however it is cut into chunks", () => {
    const all = Buffer.concat([frame(1, "one\n"), frame(2, "two words\n"), frame(1, "")]);
    for (let size = 1; size <= all.length; size++) {
      const frames = new LogFrames();
      const records = [];
      for (let at = 0; at < all.length; at += size) {
        records.push(...frames.push(all.subarray(at, at + size)));
      }
      expect(records.map(({ stream, data }) => [stream, data.toString()])).toEqual([
        ["stdout", "one\n"],
        ["stderr", "two words\n"],
        ["stdout", ""],
      ]);
    }
  });

  test("that is not one is refused, and so is what the engine says of itself", () => {
    expect(() => new LogFrames().push(Buffer.from("HTTP/1.1 200 OK"))).toThrow(/record of/);
    expect(() => new LogFrames().push(frame(3, "disk on fire"))).toThrow(/disk on fire/);
  });

  test("the end of a line that was cut is known from a line without an end", () => {
    const piece = Buffer.alloc(16_384, "x");
    expect(cutOf(piece, "whole")).toBe("piece");
    expect(cutOf(piece, "piece")).toBe("piece");
    expect(cutOf(Buffer.from("rest"), "piece")).toBe("end");
    expect(cutOf(Buffer.from(""), "piece")).toBe("end");
    expect(cutOf(Buffer.from("rest\n"), "piece")).toBe("whole");
    expect(cutOf(Buffer.from("no end"), "whole")).toBe("whole");
  });

  test("is asked for from a while before the last record of either stream", () => {
    const at = (time: string) => ({ time, count: 1, fileSize: 1, cut: "whole" as const });
    const never = at("");
    const late = at("1970-01-01T00:01:00.000000007Z");
    const early = at("1970-01-01T00:00:30.5Z");
    expect(sinceOf({ stdout: never, stderr: never })).toBeUndefined();
    expect(sinceOf({ stdout: early, stderr: late })).toBe("50.000000007");
    expect(sinceOf({ stdout: early, stderr: never })).toBe("20.500000000");
  });
});

test.each([
  ["debian", "debian", "latest", "index.docker.io"],
  ["docker.io/library/debian:12", "docker.io/library/debian", "12", "index.docker.io"],
  ["host:5000/a/b", "host:5000/a/b", "latest", "host:5000"],
  ["localhost/a:x", "localhost/a", "x", "localhost"],
  ["a.b/c@sha256:00", "a.b/c", "sha256:00", "a.b"],
])("image %s is %s, %s, of the registry %s", (image, repository, tag, registry) => {
  expect(splitReference(image)).toEqual({ repository, tag });
  expect(registryOf(image)).toBe(registry);
});

describe("output that is rotated (F11)", () => {
  const piece = "x".repeat(16_384);
  const records = [
    ...Array.from({ length: 100 }, (_, at) => `${at}\n`),
    // A line that the engine cut, and whose newline it lost.
    ...[...Array.from({ length: 9 }, () => piece), "."],
    ...Array.from({ length: 100 }, (_, at) => `${at + 100}\n`),
  ].map((text, at) => ({
    stream: "stdout" as const,
    time: `${String(Math.floor(at / 3)).padStart(9, "0")}`,
    data: Buffer.from(text),
  }));
  const all = records.map(({ data }) => (data.length === 1 ? ".\n" : `${data}`)).join("");
  const start: StreamPosition = { time: "", count: 0, fileSize: 0, cut: "whole" };

  /** Copies the records, from what was noted on, until a note is the last that an agent writes. */
  async function copy(path: string, noted: StreamPosition[], notes: number, isLost: boolean) {
    const output = await OutputFile.open(path, { bytes: 100, files: 30 });
    const from = noted.at(-1) ?? start;
    let left = notes;
    try {
      const stream = await CopiedStream.from(output, from, async (at) => {
        const isLast = --left < 0;
        if (!(isLast && isLost)) noted.push({ ...at });
        if (isLast) throw new Error("killed");
      });
      for (const [at, record] of records.entries()) {
        await stream.take(record);
        if (at % 7 === 0) await stream.flush();
      }
      await stream.finish();
    } finally {
      await output.close();
    }
  }

  /** The files, the oldest first. */
  const read = (path: string, count: number) =>
    Array.from({ length: count }, (_, age) => (age === 0 ? path : `${path}.${age}`))
      .reverse()
      .map((name) => readFileSync(name, "utf8"));

  test("is whole wherever an agent died, and cut at the ends of lines", async () => {
    const folder = temporaryFolder("tepui-rotated-");
    for (let notes = 0; notes < 60; notes++) {
      const path = join(folder, `${notes}`, "stdout");
      mkdirSync(dirname(path));
      const noted: StreamPosition[] = [];
      const isLost = notes % 2 === 0;
      await copy(path, noted, notes, isLost).catch(() => {});
      await copy(path, noted, Number.POSITIVE_INFINITY, false);
      const files = read(path, readdirSync(dirname(path)).length);
      expect(files.join(""), `${notes}`).toBe(all);
      // A line that does not end is cut, lest its file grow without an end.
      const long = files.filter((text) => text.length > 120);
      expect(long.length).toBe(2);
      for (const { length } of long) expect(length).toBeLessThan(100 + 65_536 + 16_384);
      const short = files.filter((text) => !long.includes(text));
      expect(short.length).toBeGreaterThan(4);
      for (const text of short) expect(text).toMatch(/\n$/);
    }
  });

  test("keeps so many files, closes a gap, and leaves what is in the way", async () => {
    const folder = temporaryFolder("tepui-rotated-");
    const path = join(folder, "stdout");
    const output = await OutputFile.open(path, { bytes: 1, files: 3 });
    const put = async (text: string) => {
      await output.append(Buffer.from(text));
      await output.rotate();
    };
    for (const text of "abcd") await put(text);
    expect(read(path, 3)).toEqual(["c", "d", ""]);
    // As an agent leaves it that died between two renames.
    renameSync(`${path}.1`, `${path}.2`);
    await put("e");
    expect(read(path, 3)).toEqual(["d", "e", ""]);
    rmSync(`${path}.1`);
    rmSync(`${path}.2`);
    for (const age of [1, 2]) mkdirSync(join(`${path}.${age}`, "full"), { recursive: true });
    await put("f");
    await put("g");
    expect(readFileSync(path, "utf8")).toBe("fg");
    await output.close();
  });
});
