import { expect, test } from "vitest";
import { BodyCopy, Slabs } from "../../plugins/transports/uws-msgpack/http-copy.ts";

const KIB = 1024;

/** Bytes that differ between bodies, and between places in them. */
function bytesOf(length: number, seed: number): Buffer {
  return Buffer.from(Array.from({ length }, (_, at) => (at * 31 + (at >> 8) + seed * 7) % 256));
}

function chunksOf(body: Buffer, size: number): ArrayBuffer[] {
  const chunks: ArrayBuffer[] = [];
  for (let at = 0; at < body.length; at += size) {
    chunks.push(new Uint8Array(body.subarray(at, at + size)).buffer);
  }
  return chunks;
}

test.each([
  [0, 1],
  [100, 100],
  [100, 7],
  [64 * KIB, 10_000],
  [64 * KIB + 1, 10_000],
  [512 * KIB, 512 * KIB],
  [1_100_000, 1_000],
  [3_000_000, 200_000],
])("a body of %d bytes in chunks of %d is copied whole", async (length, size) => {
  const body = bytesOf(length, 1);
  const copy = new BodyCopy(new Slabs());
  for (const chunk of chunksOf(body, size)) {
    copy.add(chunk);
    // The memory of a chunk is not its reader's.
    new Uint8Array(chunk).fill(0);
  }
  expect(body.equals(await copy.whole(() => false))).toBe(true);
});

test("bodies that come at once, one after the other and to an end share no memory", async () => {
  const slabs = new Slabs();
  for (let round = 0; round < 3; round++) {
    const bodies = [0, 1, 2, 3].map((nth) => bytesOf(1_500_000 + nth, round * 4 + nth));
    const copies = bodies.map(() => new BodyCopy(slabs));
    const chunks = bodies.map((body) => chunksOf(body, 70_000));
    for (let at = 0; at < 22; at++) {
      for (const [nth, copy] of copies.entries()) {
        const chunk = chunks[nth]?.[at];
        if (chunk !== undefined) copy.add(chunk);
      }
    }
    // One is given up while it came, and one while it was put together.
    copies[1]?.drop();
    const gone = copies[2]?.whole(() => true);
    const rest = [0, 3].map((nth) => copies[nth]?.whole(() => false));
    await expect(gone).rejects.toMatchObject({ code: "REQUEST_ABORTED" });
    const [first, last] = await Promise.all(rest);
    expect(bodies[0]?.equals(first as Uint8Array)).toBe(true);
    expect(bodies[3]?.equals(last as Uint8Array)).toBe(true);
  }
  // All that was taken is there again, and nothing of it twice.
  const free = Array.from({ length: 12 }, () => slabs.take());
  expect(new Set(free).size).toBe(free.length);
});

test("memory is used again", async () => {
  const slabs = new Slabs();
  const one = slabs.take();
  slabs.give(one);
  const copy = new BodyCopy(slabs);
  copy.add(new ArrayBuffer(100 * KIB));
  const other = slabs.take();
  expect(other).not.toBe(one);
  await copy.whole(() => false);
  expect(slabs.take()).toBe(one);
});

test("a large body is put together in turns", async () => {
  const copy = new BodyCopy(new Slabs());
  for (let at = 0; at < 10; at++) copy.add(new ArrayBuffer(KIB * KIB));
  let turns = 0;
  let isOver = false;
  const turn = (): void => {
    turns += 1;
    if (!isOver) setImmediate(turn);
  };
  setImmediate(turn);
  expect(await copy.whole(() => false)).toHaveLength(10 * KIB * KIB);
  isOver = true;
  expect(turns).toBeGreaterThanOrEqual(9);
});
