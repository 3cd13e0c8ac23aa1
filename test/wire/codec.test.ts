import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { WireMessage } from "../../contract/wire-protocol.ts";
import {
  decodeFrame,
  encodeFrames,
  FrameWriter,
  frameLimits,
  redialDelayMs,
  redirectUrl,
  shortReason,
  urlOf,
} from "../../wire/index.ts";

const limits = frameLimits();
const message = (fields: object): WireMessage => ({ type: "note", ...fields }) as WireMessage;

const update = message({
  type: "update",
  uuid: "0123456789abcdef0123456789abcdef",
  task: "job-17",
  agent: "0d5c3f0e-6d1b-4c7e-9c4a-2f3a1b5c7d9e-S12",
  state: "TASK_RUNNING",
  timestampMs: 1_700_000_000_123,
  healthy: true,
  labels: [{ key: "a", value: "é" }],
  data: null,
  ratio: 0.25,
});
const frames = encodeFrames([update, message({ n: -7, nested: [[{}], { deep: [1, 2, 3] }] })]);
const frame = frames[0] as Buffer;

function wellBehaved(bytes: Uint8Array): void {
  const decoded = decodeFrame(bytes, limits);
  if (!decoded.ok) {
    expect(decoded.refusal.code).toMatch(/^FRAME_/);
    expect(decoded.refusal.message).not.toBe("");
    return;
  }
  for (const one of decoded.messages) expect(typeof one.type).toBe("string");
}

describe("a frame that was damaged is a result or a coded refusal", () => {
  test("truncated at every position", () => {
    for (let at = 0; at < frame.length; at++) {
      expect(decodeFrame(frame.subarray(0, at), limits).ok).toBe(false);
    }
  });

  test("with each byte set to every value", () => {
    const damaged = Buffer.from(frame);
    for (let at = 0; at < frame.length; at++) {
      for (let value = 0; value < 256; value++) {
        damaged[at] = value;
        wellBehaved(damaged);
      }
      damaged[at] = frame[at] as number;
    }
  });

  test("with two frames run together", () => {
    expect(decodeFrame(Buffer.concat([frame, frame]), limits).ok).toBe(false);
  });
});

test("decoding keeps nothing of the bytes, which belong to the transport", () => {
  const own = Buffer.from(
    encodeFrames([message({ bytes: Buffer.from("abc"), text: "def" })])[0] ?? [],
  );
  const decoded = decodeFrame(own, limits);
  own.fill(0);
  expect(decoded.ok && decoded.messages[0]).toEqual(
    message({ bytes: Buffer.from("abc"), text: "def" }),
  );
});

test("decoding gives back what was encoded", () => {
  const name = fc.string({ maxLength: 12 }).filter((key) => {
    return !["__proto__", "prototype", "constructor", "type"].includes(key);
  });
  const { value } = fc.letrec((tie) => ({
    value: fc.oneof(
      { maxDepth: 6 },
      fc.constant(null),
      fc.boolean(),
      fc.maxSafeInteger(),
      fc.double({ noNaN: true }).filter((number) => !Object.is(number, -0)),
      fc.string({ unit: "grapheme", maxLength: 400 }),
      fc.array(tie("value"), { maxLength: 20 }),
      fc.dictionary(name, tie("value"), { maxKeys: 20, noNullPrototype: true }),
    ),
  }));
  const messages = fc.array(
    fc.tuple(fc.string({ maxLength: 20 }), fc.dictionary(name, value, { noNullPrototype: true })),
    { minLength: 1, maxLength: 40 },
  );
  fc.assert(
    fc.property(messages, (pairs) => {
      const sent = pairs.map(([type, fields]) => ({ ...fields, type }) as WireMessage);
      const got = encodeFrames(sent).flatMap((bytes) => {
        const decoded = decodeFrame(bytes, limits);
        if (!decoded.ok) throw new Error(decoded.refusal.message);
        return decoded.messages;
      });
      expect(got).toEqual(sent);
    }),
    { numRuns: 300 },
  );
});

describe("a frame writer", () => {
  test.each([1, 15, 16, 65_535])("writes the header for %i messages", (count) => {
    const wide = frameLimits({ frameMessagesMax: 100_000 });
    const many = encodeFrames(Array(count).fill(message({ n: 1 })), wide);
    const counts = many.map((bytes) => {
      const decoded = decodeFrame(bytes, wide);
      return decoded.ok ? decoded.messages.length : -1;
    });
    expect(counts.reduce((sum, one) => sum + one)).toBe(count);
  });

  test("keeps frames within bytes and messages, and begins the next one in order", () => {
    const tight = frameLimits({ frameBytesMax: 200, frameMessagesMax: 3 });
    const sent = Array.from({ length: 50 }, (_, n) => message({ n, text: "x".repeat(n) }));
    const got: WireMessage[] = [];
    for (const bytes of encodeFrames(sent, tight)) {
      expect(bytes.length).toBeLessThanOrEqual(200);
      const decoded = decodeFrame(bytes, tight);
      if (!decoded.ok) throw new Error(decoded.refusal.message);
      expect(decoded.messages.length).toBeLessThanOrEqual(3);
      got.push(...decoded.messages);
    }
    expect(got).toEqual(sent);
  });

  test("refuses what the other side would refuse, and stays as it was", () => {
    const writer = new FrameWriter(limits);
    writer.append(message({ n: 1 }));
    let deep: unknown = 1;
    for (let level = 0; level < 31; level++) deep = [deep];
    expect(() => writer.append(message({ deep }))).toThrow(/deeper/);
    expect(() => writer.append({} as WireMessage)).toThrow(/type/);
    expect(() => writer.append(message({ at: new Date() }))).toThrow(/cannot be encoded/);
    writer.append(message({ n: 2 }));
    const got: unknown[] = [];
    writer.drain((bytes) => {
      const decoded = decodeFrame(bytes, limits);
      if (decoded.ok) got.push(...decoded.messages);
      return true;
    });
    expect(got).toEqual([message({ n: 1 }), message({ n: 2 })]);
    expect(writer.isEmpty).toBe(true);
  });

  test("leaves out fields that are undefined", () => {
    const [bytes] = encodeFrames([message({ a: undefined, b: 1 })]);
    const decoded = decodeFrame(bytes as Buffer, limits);
    expect(decoded.ok && decoded.messages).toEqual([message({ b: 1 })]);
  });

  test("may be appended to while it is drained", () => {
    const writer = new FrameWriter(limits);
    const sizes: number[] = [];
    writer.append(message({ n: 1 }));
    writer.drain((bytes) => {
      const before = Buffer.from(bytes);
      writer.append(message({ n: 2, text: "y".repeat(100) }));
      sizes.push(bytes.length);
      expect(Buffer.from(bytes)).toEqual(before);
      return true;
    });
    writer.drain((bytes) => sizes.push(bytes.length) > 0);
    expect(sizes).toHaveLength(2);
  });
});

describe("addresses", () => {
  test.each([
    ["127.0.0.1:5050", "ws://127.0.0.1:5050/tepui/v1"],
    ["wss://master.example:443", "wss://master.example/tepui/v1"],
    ["ws://h:1/tepui/v1", "ws://h:1/tepui/v1"],
    ["[::1]:5050", "ws://[::1]:5050/tepui/v1"],
  ])("%s is dialled as %s", (address, url) => {
    expect(urlOf(address)).toBe(url);
  });

  test.each(["", "http://x:1", "ws://u:p@h:1", "h:1/other", "h:99999", "ws://h:1?x"])(
    "%j is refused",
    (address) => {
      expect(() => urlOf(address)).toThrow(expect.objectContaining({ code: "ADDRESS_INVALID" }));
    },
  );

  test("a redirect keeps encryption and never gives it up", () => {
    expect(redirectUrl("m2:5050", "wss://m1:5050/tepui/v1")).toBe("wss://m2:5050/tepui/v1");
    expect(redirectUrl("ws://m2:5050", "wss://m1:5050/tepui/v1")).toBeUndefined();
    expect(redirectUrl("nonsense://", "ws://m1:5050/tepui/v1")).toBeUndefined();
  });
});

test("back-off doubles up to its bound and is at least half of that, at most all of it", () => {
  for (let round = 0; round < 40; round++) {
    const ceilingMs = Math.min(1000, 10 * 2 ** round);
    expect(redialDelayMs(round, 10, 1000, () => 0)).toBe(ceilingMs / 2);
    expect(redialDelayMs(round, 10, 1000, () => 0.999)).toBeLessThanOrEqual(ceilingMs);
  }
});

test("a close reason fits its frame without splitting a character", () => {
  expect(shortReason("short")).toBe("short");
  const cut = shortReason("é".repeat(100));
  expect(Buffer.byteLength(cut)).toBeLessThanOrEqual(123);
  expect(cut).toMatch(/^é+…$/);
});
