import fc from "fast-check";
import { expect, test } from "vitest";
import { Inbox } from "../../wire/index.ts";

const inboxOf = (itemsMax: number, bytesMax: number) => new Inbox<number>({ itemsMax, bytesMax });

test("items come out in their order, and their bytes with them", () => {
  const inbox = inboxOf(100, 100);
  for (const item of [1, 2, 3]) inbox.push(item, item);
  expect([inbox.depth, inbox.bytes]).toEqual([3, 6]);
  expect(inbox.take(2)).toEqual([1, 2]);
  expect([inbox.depth, inbox.bytes]).toEqual([1, 3]);
  expect(inbox.take(2)).toEqual([3]);
  expect(inbox.take(2)).toEqual([]);
  expect([inbox.depth, inbox.bytes]).toEqual([0, 0]);
});

test("a frame has room while both bounds hold, and always in an empty inbox", () => {
  const inbox = inboxOf(4, 100);
  expect(inbox.hasRoom(5, 101)).toBe(true);
  inbox.push(1, 60);
  expect([inbox.hasRoom(3, 40), inbox.hasRoom(4, 1), inbox.hasRoom(1, 41)]).toEqual([
    true,
    false,
    false,
  ]);
  // The end of a connection must be heard of, however full it is.
  for (let item = 0; item < 9; item++) inbox.push(item);
  expect(inbox.depth).toBe(10);
});

test("it is pressed long before it is full, by count or by bytes", () => {
  const many = inboxOf(80, 1_000);
  for (let item = 0; item < 10; item++) many.push(item, 0);
  expect(many.isPressed).toBe(false);
  many.push(10, 0);
  expect(many.isPressed).toBe(true);
  const large = inboxOf(80, 800);
  large.push(1, 101);
  expect(large.isPressed).toBe(true);
  large.take(1);
  expect(large.isPressed).toBe(false);
});

test("whatever is pushed and taken, nothing is lost, doubled or miscounted", () => {
  const step = fc.oneof(
    fc.record({ push: fc.array(fc.nat(50), { maxLength: 30 }) }),
    fc.record({ take: fc.integer({ min: 1, max: 9 }) }),
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const inbox = inboxOf(1_000, 1_000);
      const waiting: { item: number; bytes: number }[] = [];
      let next = 0;
      for (const one of steps) {
        if ("push" in one) {
          for (const bytes of one.push) {
            waiting.push({ item: next, bytes });
            inbox.push(next++, bytes);
          }
        } else {
          const taken = waiting.splice(0, one.take).map(({ item }) => item);
          expect(inbox.take(one.take)).toEqual(taken);
        }
        expect(inbox.depth).toBe(waiting.length);
        expect(inbox.bytes).toBe(waiting.reduce((sum, { bytes }) => sum + bytes, 0));
      }
    }),
  );
});
