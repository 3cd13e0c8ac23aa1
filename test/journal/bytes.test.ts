import fc from "fast-check";
import { expect, test } from "vitest";
import { ByteReader, ByteWriter } from "../../kernel/io/journal/bytes.ts";

const text = fc.oneof(
  fc.string({ maxLength: 70 }),
  fc.string({ maxLength: 70, unit: "grapheme" }),
  fc.string({ minLength: 60, maxLength: 400, unit: "binary" }),
);
const piece = fc.oneof(
  fc.record({ kind: fc.constant("count" as const), value: fc.nat(2 ** 31 - 1).map((n) => n * 2) }),
  fc.record({ kind: fc.constant("f64" as const), value: fc.double({ noNaN: true }) }),
  fc.record({ kind: fc.constant("text" as const), value: text }),
  fc.record({ kind: fc.constant("bytes" as const), value: fc.uint8Array({ maxLength: 90_000 }) }),
);

test("what is written is read again, whatever it is and however much", () => {
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 40 }), (pieces) => {
      const writer = new ByteWriter();
      for (const { kind, value } of pieces) {
        if (kind === "count") writer.count(value);
        else if (kind === "f64") writer.f64(value);
        else if (kind === "text") writer.text(value);
        else writer.bytes(value);
      }
      const reader = new ByteReader(writer.take(writer.at, 0));
      for (const { kind, value } of pieces) {
        if (kind === "bytes") expect(reader.bytes(value.length).equals(value)).toBe(true);
        else expect(reader[kind]()).toBe(value);
      }
      expect(reader.isAtEnd).toBe(true);
    }),
    { numRuns: 300 },
  );
});

test("what was taken stays as it is while the next is written, and the rest goes with that", () => {
  const writer = new ByteWriter();
  writer.text("first");
  const end = writer.at;
  writer.text("second");
  const first = writer.take(end, 2);
  writer.text("third");
  expect(new ByteReader(first).text()).toBe("first");
  const next = new ByteReader(writer.take(writer.at, 0).subarray(2));
  expect([next.text(), next.text(), next.isAtEnd]).toEqual(["second", "third", true]);
});
