import fc from "fast-check";
import { Packr } from "msgpackr";
import { describe, expect, test } from "vitest";
import { decodeFrame, frameLimits, frameProblem } from "../../wire/index.ts";

const limits = frameLimits();
const bytes = (...values: number[]): Uint8Array => Uint8Array.from(values);
const array32 = (count: number): number[] => [
  0xdd,
  count >>> 24,
  (count >>> 16) & 255,
  (count >>> 8) & 255,
  count & 255,
];
const key = (name: string): number[] => [0xa0 | name.length, ...Buffer.from(name)];
const packr = new Packr({ useRecords: false, variableMapSize: true });

describe("the guard takes", () => {
  const cases: readonly (readonly [string, Uint8Array])[] = [
    ["a nil", bytes(0xc0)],
    ["every small integer", bytes(0x92, 0x7f, 0xe0)],
    ["integers of every width", bytes(0x93, 0xcc, 1, 0xcd, 1, 2, 0xce, 1, 2, 3, 4)],
    ["signed integers", bytes(0x93, 0xd0, 1, 0xd1, 1, 2, 0xd2, 1, 2, 3, 4)],
    ["2^53 - 1", bytes(0xcf, 0, 0x1f, 255, 255, 255, 255, 255, 255)],
    ["-(2^53 - 1)", bytes(0xd3, 255, 0xe0, 0, 0, 0, 0, 0, 1)],
    ["floats", bytes(0x92, 0xca, 1, 2, 3, 4, 0xcb, 1, 2, 3, 4, 5, 6, 7, 8)],
    ["an empty string", bytes(0xa0)],
    ["strings of every header", bytes(0x93, 0xd9, 1, 65, 0xda, 0, 1, 65, 0xdb, 0, 0, 0, 1, 65)],
    ["bytes of every header", bytes(0x93, 0xc4, 1, 9, 0xc5, 0, 1, 9, 0xc6, 0, 0, 0, 1, 9)],
    [
      "empty containers",
      bytes(0x96, 0x90, 0x80, 0xdc, 0, 0, 0xde, 0, 0, ...array32(0), 0xdf, 0, 0, 0, 0),
    ],
    ["maps within arrays within maps", bytes(0x81, 0xa1, 97, 0x91, 0x81, 0xa1, 98, 0xc3)],
    ["a key that only resembles a bad one", bytes(0x81, ...key("__proto_x"), 0xc0)],
    ["32 levels", bytes(...Array(31).fill(0x91), 0x90)],
  ];
  test.each(cases)("%s", (_, input) => {
    expect(frameProblem(input, limits)).toBeUndefined();
  });
});

describe("the guard refuses", () => {
  const cases: readonly (readonly [string, Uint8Array, string, RegExp])[] = [
    ["nothing at all", bytes(), "FRAME_MALFORMED", /ends at byte 0/],
    ["a second value", bytes(0xc0, 0xc0), "FRAME_MALFORMED", /1 bytes follow/],
    ["an array cut short", bytes(0x92, 0xc0), "FRAME_MALFORMED", /ends at byte 2|exceeds the rest/],
    ["a string cut short", bytes(0xa5, 65), "FRAME_MALFORMED", /within the value at byte 0/],
    ["a header cut short", bytes(0xda, 0), "FRAME_MALFORMED", /within the value at byte 0/],
    ["a string of 4 GB", bytes(0xdb, 255, 255, 255, 255, 65), "FRAME_MALFORMED", /within/],
    [
      "an array of 4 G elements",
      bytes(...array32(2 ** 32 - 1), 0xc0),
      "FRAME_MALFORMED",
      /exceeds/,
    ],
    [
      "a map with half of its bytes",
      bytes(0x82, 0xa1, 97, 0xc0),
      "FRAME_MALFORMED",
      /exceeds|ends/,
    ],
    ["33 levels", bytes(...Array(32).fill(0x91), 0x90), "FRAME_TOO_DEEP", /deeper than 32/],
    ["72 KB of headers", Buffer.alloc(72 * 1024, 0x91), "FRAME_TOO_DEEP", /deeper than 32/],
    ["72 KB of wide headers", Buffer.alloc(72 * 1024, 0xdd), "FRAME_MALFORMED", /exceeds/],
    ["an extension type", bytes(0xd4, 1, 2), "FRAME_MALFORMED", /byte 0 is 0xd4/],
    ["a timestamp", bytes(0x91, 0xd6, 255, 0, 0, 0, 0), "FRAME_MALFORMED", /byte 1 is 0xd6/],
    ["the byte that is never used", bytes(0xc1), "FRAME_MALFORMED", /0xc1/],
    ["a key that is a number", bytes(0x81, 0x01, 0x02), "FRAME_MALFORMED", /key at byte 1/],
    ["a key that is an array", bytes(0x81, 0x90, 0x02), "FRAME_MALFORMED", /key at byte 1/],
    ["__proto__ as a key", bytes(0x81, ...key("__proto__"), 0xc0), "FRAME_MALFORMED", /name/],
    ["prototype as a key", bytes(0x81, ...key("prototype"), 0xc0), "FRAME_MALFORMED", /name/],
    [
      "constructor behind a long header",
      bytes(0x81, 0xdb, 0, 0, 0, 11, ...Buffer.from("constructor"), 0xc0),
      "FRAME_MALFORMED",
      /name/,
    ],
    ["2^53", bytes(0xcf, 0, 0x20, 0, 0, 0, 0, 0, 0), "FRAME_MALFORMED", /2\^53/],
    ["-2^53", bytes(0xd3, 255, 0xe0, 0, 0, 0, 0, 0, 0), "FRAME_MALFORMED", /2\^53/],
    [
      "a negative 64-bit integer far out",
      bytes(0xd3, 128, 0, 0, 0, 0, 0, 0, 0),
      "FRAME_MALFORMED",
      /2\^53/,
    ],
  ];
  test.each(cases)("%s", (_, input, code, message) => {
    expect(frameProblem(input, limits)).toEqual({ code, message: expect.stringMatching(message) });
  });

  test("more values than are taken, from the headers alone", () => {
    const few = frameLimits({ frameValuesMax: 10 });
    const wide = bytes(0x9b, ...Array(11).fill(0xc0));
    expect(frameProblem(wide, few)?.code).toBe("FRAME_TOO_LARGE");
    // The elements are nonsense, but the header is judged before any of them is looked at.
    expect(frameProblem(bytes(0x9b, ...Array(11).fill(0xc1)), few)?.code).toBe("FRAME_TOO_LARGE");
  });

  test("more bytes than are taken, before it looks at any", () => {
    const small = frameLimits({ frameBytesMax: 4 });
    expect(frameProblem(Buffer.alloc(5, 0xc1), small)?.code).toBe("FRAME_TOO_LARGE");
  });
});

describe("refusals come before decoding", () => {
  // Reads of the bytes are counted instead of time: a decoder that was called would read on.
  function readsOf(input: Buffer): number {
    let reads = 0;
    const counting = new Proxy(input, {
      get(target, name) {
        if (typeof name === "string" && /^\d+$/.test(name)) reads++;
        const value: unknown = Reflect.get(target, name, target);
        return typeof value === "function" ? value.bind(target) : value;
      },
    });
    const decoded = decodeFrame(counting, limits);
    expect(decoded.ok).toBe(false);
    return reads;
  }

  test("72 KB of nested headers cost no more reads than the depth that is taken", () => {
    expect(readsOf(Buffer.alloc(72 * 1024, 0x91))).toBeLessThan(100);
  });

  test("a header that promises 4 G elements costs five bytes", () => {
    expect(readsOf(Buffer.from([...array32(2 ** 32 - 1), ...Array(50).fill(0xc0)]))).toBeLessThan(
      10,
    );
  });

  test("a frame of nonsense costs at most a few reads a byte", () => {
    const shallow = Buffer.concat([Buffer.from(array32(70_000)), Buffer.alloc(70_000, 0xc0)]);
    expect(readsOf(shallow.subarray(0, 70_004))).toBeLessThan(70_004 * 3);
  });
});

test("whatever bytes come, the guard answers, and what it takes is what msgpackr can read", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 64 }), (noise) => {
      const decoded = decodeFrame(noise, limits);
      if (decoded.ok) expect(Array.isArray(decoded.messages)).toBe(true);
      else expect(decoded.refusal.code).toMatch(/^FRAME_/);
    }),
    { numRuns: 3000 },
  );
});

test("whatever JSON can say, the guard takes when it is as msgpackr writes it", () => {
  fc.assert(
    fc.property(fc.jsonValue({ maxDepth: 12 }), (value) => {
      const text = JSON.stringify(value);
      fc.pre(!/__proto__|prototype|constructor/.test(text));
      expect(frameProblem(packr.pack(value), limits)).toBeUndefined();
    }),
    { numRuns: 500 },
  );
});
