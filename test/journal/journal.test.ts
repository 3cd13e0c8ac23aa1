import { describe, expect, test } from "vitest";
import { RETRY_MS } from "../../kernel/io/journal/journal.ts";
import { WRITE_EVERY_MS, WRITE_TIMEOUT_MS } from "../../kernel/io/journal/writer.ts";
import { until } from "../support/until.ts";
import { Bench } from "./support/bench.ts";
import { MemoryDisk } from "./support/memory-disk.ts";

const inOrder = (count: number): number[] => Array.from({ length: count }, (_, at) => at);

describe("a journal", () => {
  test("lets turns out in their order, when they are durable", async () => {
    const bench = new Bench();
    await bench.journal.open();
    await bench.turns(1);
    bench.disk.weather = { kind: "slow" };
    bench.turn();
    await new Promise((resolve) => setImmediate(resolve));
    bench.turn();
    bench.turn(true);
    bench.turn();
    await new Promise((resolve) => setImmediate(resolve));
    expect(bench.released).toEqual([0]);
    bench.disk.weather = { kind: "fair" };
    bench.disk.lift();
    await until("all are out", () => bench.released.length === 5);
    expect(bench.released).toEqual(inOrder(5));
    // The header, the first turn, the one that was first, and the three that came meanwhile.
    expect(bench.disk.writes).toHaveLength(4);
  });

  test("writes at once after a pause, and lets turns gather while there are many", async () => {
    const bench = new Bench(1 << 20, new MemoryDisk(), 3, WRITE_EVERY_MS);
    await bench.journal.open();
    await bench.turns(1);
    for (let more = 0; more < 3; more++) bench.turn();
    await new Promise((resolve) => setImmediate(resolve));
    bench.clock.move(WRITE_EVERY_MS - 1);
    await new Promise((resolve) => setImmediate(resolve));
    expect(bench.released).toEqual([0]);
    bench.clock.move(1);
    await until("all are out", () => bench.released.length === 4);
    expect(bench.disk.writes).toHaveLength(3);
    bench.clock.move(WRITE_EVERY_MS);
    await bench.turns(1);
    expect(bench.disk.writes).toHaveLength(4);
  });

  test("holds nothing back when there is nothing to write", async () => {
    const bench = new Bench();
    await bench.journal.open();
    bench.turn(true);
    expect(bench.released).toEqual([0]);
  });

  test("begins a new file when one is full, and keeps so many", async () => {
    const bench = new Bench(2_000);
    await bench.journal.open();
    // Full files follow each other as fast as their snapshots are written, and no faster.
    for (let part = 0; part < 8; part++) await bench.turns(50);
    await bench.journal.close();
    expect(bench.released).toEqual(inOrder(400));
    expect(bench.files).toHaveLength(3);
    expect(Number(bench.files[0]?.slice(2, 10))).toBeGreaterThan(2);
    expect(bench.renewals).toBeGreaterThan(3);
  });

  test("does not count what any file begins with: a large policy leaves room for turns", async () => {
    const bench = new Bench(2_000);
    await bench.journal.open();
    const about = { instance: 0, name: "large", digest: "d", params: [], hasProgram: true };
    bench.journal.program(new Uint8Array(10_000));
    const restored = [{ schema: 1, bytes: new Uint8Array(10_000) }];
    bench.journal.instance({ ...about, restored, bytes: new Uint8Array(10_000) });
    await bench.turns(3);
    expect(bench.renewals).toBe(0);
    // Others that follow in the same file do count.
    bench.journal.instance({ ...about, instance: 1, restored, bytes: new Uint8Array(10_000) });
    await bench.turns(3);
    expect(bench.renewals).toBe(1);
    await bench.journal.close();
  });

  test("numbers its files on after those that are there", async () => {
    const first = new Bench();
    await first.journal.open();
    await first.turns(1);
    await first.journal.close();
    const second = new Bench(1 << 20, first.disk);
    await second.journal.open();
    await second.turns(1);
    await second.journal.close();
    expect(second.files).toEqual(["j/00000001.journal", "j/00000002.journal"]);
  });

  test("writes what waits, and the broken turn, before a master ends by mistake", async () => {
    const bench = new Bench();
    await bench.journal.open();
    await bench.turns(1);
    const before = bench.disk.used;
    bench.disk.weather = { kind: "slow" };
    bench.turn();
    bench.journal.input({ type: "listeners", count: 99 });
    bench.journal.closeNow(0);
    expect(bench.disk.used).toBeGreaterThan(before + 40);
    expect(bench.released).toEqual([0]);
  });
});

describe("a disk that fails", () => {
  test("that is full turns the journal off, loudly, and holds nobody up", async () => {
    const bench = new Bench();
    await bench.journal.open();
    await bench.turns(3);
    expect(bench.gauges.get("journal_on")).toBe(1);
    bench.disk.weather = { kind: "full", bytes: bench.disk.used + 10 };
    await bench.turns(5);
    expect(bench.released).toEqual(inOrder(8));
    expect(bench.journal.isOn).toBe(false);
    expect(bench.gauges.get("journal_on")).toBe(0);
    expect(bench.told).toMatchObject([{ kind: "journal-off" }]);
    expect(bench.told[0]?.message).toMatch(/no space left on device/);
    expect(bench.logged.join()).toMatch(/the journal is off: ENOSPC/);
    bench.turn();
    expect(bench.released).toHaveLength(9);
  });

  test("is tried again after a while, with a file of its own", async () => {
    const bench = new Bench();
    await bench.journal.open();
    await bench.turns(1);
    bench.disk.weather = { kind: "full", bytes: 0 };
    await bench.turns(2);
    bench.clock.move(RETRY_MS);
    await until("it has failed again", () => bench.told.length === 2);
    bench.disk.weather = { kind: "fair" };
    bench.clock.move(RETRY_MS);
    await until("it is on again", () => bench.told.length === 3);
    expect(bench.told.map(({ kind }) => kind)).toEqual([
      "journal-off",
      "journal-off",
      "journal-on",
    ]);
    await bench.turns(1);
    expect(bench.journal.isOn).toBe(true);
    expect(bench.renewals).toBeGreaterThan(0);
    expect(bench.released).toEqual(inOrder(4));
  });

  test("that does not answer is given up after a while", async () => {
    const bench = new Bench();
    await bench.journal.open();
    await bench.turns(1);
    bench.disk.weather = { kind: "hanging" };
    bench.turn();
    bench.turn();
    await new Promise((resolve) => setImmediate(resolve));
    bench.clock.move(WRITE_TIMEOUT_MS - 1);
    await new Promise((resolve) => setImmediate(resolve));
    expect(bench.released).toEqual([0]);
    bench.clock.move(1);
    await until("it is given up", () => bench.released.length === 3);
    expect(bench.released).toEqual(inOrder(3));
    expect(bench.told[0]?.message).toMatch(/no answer from the disk/);
  });

  test("that fails from the start does not keep a master from starting", async () => {
    const bench = new Bench();
    bench.disk.weather = { kind: "full", bytes: 0 };
    await bench.journal.open();
    await bench.turns(2);
    expect(bench.journal.isOn).toBe(false);
    expect(bench.released).toEqual(inOrder(2));
  });
});
