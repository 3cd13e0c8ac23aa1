import fc from "fast-check";
import { expect, test } from "vitest";
import { inParts, PART, PartJoiner } from "../../wire/parts.ts";

const FRAME_MAX = 4_000;

function partsOf(frame: Uint8Array, messageBytesMax: number): Uint8Array[] {
  const parts: Uint8Array[] = [];
  inParts(frame, messageBytesMax, (part) => parts.push(Buffer.from(part)));
  return parts;
}

const part = (left: number, bytes: number): Buffer => {
  const message = Buffer.alloc(5 + bytes, 7);
  message[0] = PART;
  message.writeUInt32BE(left, 1);
  return message;
};

test("a frame that fits into a message is sent as it is", () => {
  const frame = Buffer.from([0x90]);
  expect(partsOf(frame, 100)).toEqual([frame]);
});

test("parts are no larger than a message, and the frame is what they were cut from", () => {
  fc.assert(
    fc.property(
      fc.uint8Array({ minLength: 1, maxLength: FRAME_MAX }),
      fc.integer({ min: 6, max: 600 }),
      (frame, messageBytesMax) => {
        fc.pre(frame.length > messageBytesMax);
        const joiner = new PartJoiner(FRAME_MAX);
        const parts = partsOf(frame, messageBytesMax);
        const joined = parts.map((one) => joiner.take(one));
        expect(parts.every(({ length }) => length <= messageBytesMax)).toBe(true);
        expect(joined.slice(0, -1).every((one) => "frame" in one && one.frame === undefined)).toBe(
          true,
        );
        expect(joined.at(-1)).toEqual({ frame: Buffer.from(frame) });
        expect([joiner.isOpen, joiner.heldBytes]).toEqual([false, 0]);
      },
    ),
  );
});

test("room is made for what has come, not for what was announced", () => {
  const joiner = new PartJoiner(4 << 20);
  joiner.take(part(4 << 20, 1));
  expect(joiner.heldBytes).toBeLessThanOrEqual(64 * 1024);
  expect(joiner.isOpen).toBe(true);
});

const bad: readonly (readonly [string, readonly Buffer[], string, RegExp])[] = [
  ["a frame that is too large", [part(4_001, 1)], "FRAME_TOO_LARGE", /4001 bytes, at most 4000/],
  ["a part without bytes", [part(10, 0)], "FRAME_MALFORMED", /no bytes/],
  ["a part without a head", [Buffer.from([PART, 0])], "FRAME_MALFORMED", /no bytes/],
  ["a part of more than is left", [part(10, 11)], "FRAME_MALFORMED", /11 of them, 10 were due/],
  [
    "a part out of order",
    [part(10, 5), part(4, 2)],
    "FRAME_MALFORMED",
    /says 4 bytes.* 5 were due/,
  ],
  ["a frame that begins anew", [part(10, 5), part(10, 5)], "FRAME_MALFORMED", /5 were due/],
];
test.each(bad)("%s is refused", (_, messages, code, text) => {
  const joiner = new PartJoiner(FRAME_MAX);
  const [last] = messages.map((message) => joiner.take(message)).slice(-1);
  expect(last).toMatchObject({ refusal: { code, message: expect.stringMatching(text) } });
});
