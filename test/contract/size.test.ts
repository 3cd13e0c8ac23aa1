import fc from "fast-check";
import { expect, test } from "vitest";
import { wireLimits } from "../../contract/limits/wire.ts";
import { limits } from "../../contract/limits.ts";
import { encodedBytes, sizeProblem } from "../../contract/size.ts";
import { encodeFrames } from "../../wire/index.ts";

const leaf = fc.oneof(
  fc.string({ unit: "binary", maxLength: 400 }),
  fc.string({ unit: "grapheme", maxLength: 70_000 }),
  fc.integer(),
  fc.maxSafeInteger(),
  fc.double({ noNaN: true }),
  fc.boolean(),
  fc.constantFrom(null, undefined, 0, -1, -32, -33, 127, 128, 255, 256, 65_535, 65_536, 2 ** 32),
  fc.uint8Array({ maxLength: 70_000 }).map((bytes) => Buffer.from(bytes)),
);
// Three names are refused on the wire as keys (wire/guard.ts), and fast-check likes to try them.
const refusedKeys = ["__proto__", "prototype", "constructor"];
const key = fc.string({ maxLength: 40 }).filter((name) => !refusedKeys.includes(name));
const { value: anything } = fc.letrec((tie) => ({
  value: fc.oneof(
    { maxDepth: 4 },
    leaf,
    fc.array(tie("value"), { maxLength: 20 }),
    fc.dictionary(key, tie("value"), { maxKeys: 20 }),
  ),
}));

test("the size of a value is the number of bytes that it has on the wire", () => {
  fc.assert(
    fc.property(fc.record({ type: fc.constant("note"), value: anything }), (message) => {
      // The header of a frame of one message is one byte.
      expect(encodedBytes(message) + 1).toBe(encodeFrames([message])[0]?.length);
    }),
  );
});

test("what is too large is told with both figures", () => {
  expect(sizeProblem("it", 3, 3)).toBeUndefined();
  expect(sizeProblem("it", 4, 3)).toBe("it has 4 bytes, and may have 3");
});

test("a full order to an agent fits one frame", () => {
  const filled = (bytes: number) => Buffer.alloc(bytes - 8);
  const order = {
    type: "launch",
    frameworkId: "x".repeat(255),
    role: "x".repeat(255),
    tasks: [filled(limits.launchBytesMax)],
    framework: filled(limits.frameworkBytesMax),
  };
  expect(encodeFrames([order])[0]?.length).toBeLessThanOrEqual(wireLimits.frameBytesMax);
});
