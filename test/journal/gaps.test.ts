import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { frameAt } from "../../kernel/io/journal/frames.ts";
import { RETRY_MS } from "../../kernel/io/journal/journal.ts";
import { readSegment } from "../../kernel/io/journal/reader.ts";
import type { ReplayReport } from "../../simulation/replay/replay.ts";
import { runCli } from "../cli/run-cli.ts";
import { until } from "../support/until.ts";
import { Bench } from "./support/bench.ts";
import { shippedPlugin } from "./support/policies.ts";
import { record } from "./support/recorded.ts";
import { busy } from "./support/workloads.ts";

const folders: string[] = [];

afterAll(() => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

function newFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "tepui-journal-"));
  folders.push(folder);
  return folder;
}

/** What `tepui replay` makes of it: its status, what it says, and the same as data. */
async function replayed(path: string) {
  const { code, out, error } = await runCli(["replay", path]);
  const json = await runCli(["replay", path, "-o", "json"]);
  expect(json.code).toBe(code);
  const report = JSON.parse(json.out) as ReplayReport & { readonly ok: boolean };
  expect(report.difference).toBeUndefined();
  return { code, out: `${out}${error}`, report };
}

function turnsIn(file: string): number {
  return [...(readSegment(file)?.turns() ?? [])].reduce((sum, turns) => sum + turns.length, 0);
}

/** Where each frame begins. */
function framesIn(bytes: Buffer): number[] {
  const begins: number[] = [];
  for (let at = 0; at < bytes.length; ) {
    begins.push(at);
    const frame = frameAt(bytes, at);
    if (!("end" in frame)) throw new Error(frame.problem);
    at = frame.end;
  }
  return begins;
}

describe("a journal of which something is gone that was written", () => {
  let whole: string;
  let names: string[];

  beforeAll(async () => {
    const policies = [await shippedPlugin("drf")];
    whole = await record({ workload: busy, policies, segmentBytes: 24 << 10 });
    folders.push(whole);
    names = readdirSync(whole).sort();
    expect(names.length).toBeGreaterThan(3);
  }, 60_000);

  /** A copy in which the second file is another one, or not there. */
  function without(change: (bytes: Buffer) => Buffer | undefined): [path: string, second: string] {
    const path = newFolder();
    for (const [at, name] of names.entries()) {
      const bytes = readFileSync(join(whole, name));
      const changed = at === 1 ? change(bytes) : bytes;
      if (changed !== undefined) writeFileSync(join(path, name), changed);
    }
    return [path, join(path, names[1] ?? "")];
  }

  test("is whole without that", async () => {
    const { code, out, report } = await replayed(whole);
    expect([code, report.ok, report.gaps]).toEqual([0, true, []]);
    expect(out).toContain("every decision was reproduced");
  }, 60_000);

  test("has damage where a file with others behind it ends torn", async () => {
    const [path, file] = without((bytes) => {
      const flipped = Buffer.from(bytes);
      flipped[bytes.length - 3] = (bytes.at(-3) as number) ^ 4;
      return flipped;
    });
    const third = join(path, names[2] ?? "");
    const turns = turnsIn(join(whole, basename(file))) - turnsIn(file);
    expect(turns).toBeGreaterThan(0);
    const { code, out, report } = await replayed(path);
    expect([code, report.ok]).toEqual([65, false]);
    expect(report.ends).toMatchObject([{ file, isDamaged: true }]);
    expect(report.gaps).toEqual([{ file: third, files: 0, turns }]);
    expect(out).toContain(`${file} is damaged at byte`);
    expect(out).toContain("every decision that could be read was reproduced; the rest is lost");
    // The same for the file by itself, which is not the newest either.
    expect((await replayed(file)).code).toBe(65);
  }, 60_000);

  test("lacks a file, and tells how many turns were in it", async () => {
    const [path, file] = without(() => undefined);
    const turns = turnsIn(join(whole, basename(file)));
    const { code, out, report } = await replayed(path);
    expect([code, report.ok, report.ends]).toEqual([65, false, []]);
    const third = join(path, names[2] ?? "");
    expect(report.gaps).toEqual([{ file: third, files: 1, turns }]);
    expect(out).toContain(`missing before ${third}: 1 file with ${turns} turns`);
    expect(out).not.toContain("every decision was reproduced");
  }, 60_000);

  test("lacks turns where a file was cut between two frames", async () => {
    const [path, file] = without((bytes) => bytes.subarray(0, framesIn(bytes).at(-1)));
    const turns = turnsIn(join(whole, basename(file))) - turnsIn(file);
    const { code, report } = await replayed(path);
    expect([code, report.ends]).toEqual([65, []]);
    expect(report.gaps).toEqual([{ file: join(path, names[2] ?? ""), files: 0, turns }]);
  }, 60_000);

  test("has damage where nothing but the beginning of a file is left", async () => {
    const [path, file] = without((bytes) => bytes.subarray(0, 5));
    const { code, report } = await replayed(path);
    expect([code, report.skipped]).toEqual([65, [file]]);
    expect(report.ends).toMatchObject([{ file, offset: 0, isDamaged: true }]);
    expect(report.gaps).toMatchObject([{ turns: turnsIn(join(whole, basename(file))) }]);
  }, 60_000);
});

describe("a journal that was off for a while", () => {
  const nothing = () => Promise.reject(new Error("EIO: the disk is away"));

  /** Lets the disk work again, and has the journal notice. */
  async function goOn(bench: Bench): Promise<void> {
    bench.disk.weather = { kind: "fair" };
    const told = bench.told.length;
    bench.clock.move(RETRY_MS);
    await until("it is on again", () => bench.told.length > told);
    await bench.turns(2);
    await bench.journal.close();
  }

  function written({ disk }: Bench): string {
    const folder = newFolder();
    for (const [path, bytes] of disk.files) writeFileSync(join(folder, basename(path)), bytes);
    return folder;
  }

  test("is not damaged: it lacks what was never in it, and the replay says so", async () => {
    const bench = new Bench();
    await bench.journal.open();
    await bench.turns(3);
    const { truncate } = bench.disk;
    bench.disk.weather = { kind: "full", bytes: bench.disk.used + 10 };
    // What is half written cannot even be cut off then; that is made up for.
    bench.disk.truncate = nothing;
    await bench.turns(5);
    bench.disk.truncate = truncate;
    await goOn(bench);
    const { code, out, report } = await replayed(written(bench));
    expect([code, report.ok, report.ends]).toEqual([0, true, []]);
    expect(report.stretches.map(({ turns }) => turns)).toEqual([3, 2]);
    const offUntilMs = expect.any(Number);
    expect(report.gaps).toMatchObject([{ files: 0, turns: 0, offUntilMs }]);
    expect(out).toMatch(/the journal was off, until .*: what happened then is not in it/);
    expect(out).toContain("every decision that is in the journal was reproduced");
  });

  test("does not go on where it was left, though no turn was lost with the disk", async () => {
    const bench = new Bench(2_000);
    await bench.journal.open();
    const { create } = bench.disk;
    bench.disk.create = nothing;
    while (bench.journal.isOn) await bench.turns(1);
    const left = bench.released.length;
    await bench.turns(5);
    bench.disk.create = create;
    await goOn(bench);
    const { code, report } = await replayed(written(bench));
    expect(code).toBe(0);
    expect(report.stretches.map(({ turns }) => turns)).toEqual([left, 2]);
    expect(report.gaps).toMatchObject([{ files: 0, turns: 0 }]);
  });

  test("lacks turns that were written before it went off, where these are gone", async () => {
    const bench = new Bench();
    await bench.journal.open();
    await bench.turns(3);
    bench.disk.weather = { kind: "full", bytes: 0 };
    await bench.turns(5);
    await goOn(bench);
    const folder = written(bench);
    const first = join(folder, "00000001.journal");
    const bytes = readFileSync(first);
    writeFileSync(first, bytes.subarray(0, framesIn(bytes).at(-1)));
    const { code, report } = await replayed(folder);
    expect(code).toBe(65);
    expect(report.gaps).toMatchObject([{ files: 0, turns: 3 - turnsIn(first) }]);
  });
});
