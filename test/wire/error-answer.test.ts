import fc from "fast-check";
import { expect, test } from "vitest";
import { encodedBytes } from "../../contract/size.ts";
import { errorAnswer } from "../../wire/handshake.ts";

const text = fc.string({ unit: "grapheme", maxLength: 3_000 });

test("the answer to a refused message fits the smallest frames that a peer may ask for", () => {
  fc.assert(
    fc.property(text, text, text, text, text, (type, id, message, where, hint) => {
      const fault = { status: 400, code: "X".repeat(40), message, where, hint };
      expect(
        encodedBytes(errorAnswer({ type, id } as { type: string }, fault)) + 1,
      ).toBeLessThanOrEqual(1_024);
    }),
  );
});
