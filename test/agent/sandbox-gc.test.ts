import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { ContainerPlan } from "../../agent/core/state.ts";
import { Sandboxes } from "../../agent/io/sandbox.ts";
import { diskUsageOf, keptMs, SandboxGc } from "../../agent/io/sandbox-gc.ts";
import { silentLog } from "../../contract/ports/log.ts";
import { silentMetrics } from "../../contract/ports/metrics.ts";
import { makeDeepTree } from "../support/deep-tree.ts";
import { HandClock } from "../support/hand-clock.ts";
import { until } from "../support/until.ts";

const HOUR_MS = 3_600_000;

let folder: string;
let sandboxes: Sandboxes;
let clock: HandClock;
let live: Set<string>;
let usage: number;
let collectors: SandboxGc[];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "tepui-gc-"));
  sandboxes = new Sandboxes(folder);
  clock = new HandClock();
  live = new Set();
  usage = 0;
  collectors = [];
});
afterEach(() => {
  for (const gc of collectors) gc.stop();
  rmSync(folder, { recursive: true, force: true });
});

/** A collector that keeps sandboxes for ten hours on an empty disk; it looks when told to. */
function collector(everyMs = 1_000 * HOUR_MS): SandboxGc {
  const gc = new SandboxGc({
    sandboxes,
    clock,
    log: silentLog,
    metrics: silentMetrics,
    gcDelayMs: 10 * HOUR_MS,
    gcMinAgeMs: 0,
    gcDiskHeadroom: 0.1,
    diskWatchIntervalMs: everyMs,
    isLive: (id) => live.has(id),
    diskUsage: async () => usage,
  });
  collectors.push(gc);
  return gc;
}

function plan(id: string, frameworkId = "f1"): ContainerPlan {
  const names = { id, agentId: "a1", frameworkId, executorId: id, taskId: id };
  return names as unknown as ContainerPlan;
}

/** A sandbox with some output in it. */
function sandbox(id: string, frameworkId?: string): string {
  const path = sandboxes.make(plan(id, frameworkId));
  writeFileSync(join(path, "stdout"), "said");
  return path;
}

describe("how long sandboxes are kept (F6)", () => {
  test.each([
    [0, 9],
    [0.4, 5],
    [0.85, 0.5],
    [0.9, 0],
    [1, 0],
  ])("with %d of the disk in use, %d of ten hours", (used, hours) => {
    const times = { gcDelayMs: 10 * HOUR_MS, gcMinAgeMs: 0, gcDiskHeadroom: 0.1 };
    expect(keptMs(times, used)).toBeCloseTo(hours * HOUR_MS, 3);
  });

  test("some minutes in any case, unless they are kept for less on an empty disk", () => {
    const times = { gcDelayMs: 10 * HOUR_MS, gcMinAgeMs: 300_000, gcDiskHeadroom: 0.1 };
    expect(keptMs(times, 0.4)).toBeCloseTo(5 * HOUR_MS, 3);
    expect(keptMs(times, 0.99)).toBe(300_000);
    expect(keptMs({ ...times, gcDelayMs: 1_000 }, 0.99)).toBe(1_000);
  });

  test("the part of the disk in use is that of the file system", async () => {
    const used = await diskUsageOf(folder);
    expect(used).toBeGreaterThan(0);
    expect(used).toBeLessThanOrEqual(1);
  });
});

describe("a collector", () => {
  test("removes what has been kept long enough, with the links that led to it", async () => {
    const gc = collector();
    await gc.start();
    const old = sandbox("old");
    gc.ended(plan("old"));
    clock.move(4 * HOUR_MS);
    const young = sandbox("young");
    gc.ended(plan("young"));
    clock.move(4 * HOUR_MS);
    await gc.look();
    expect(existsSync(old)).toBe(true);
    clock.move(1.5 * HOUR_MS);
    await gc.look();
    expect([existsSync(old), existsSync(young)]).toEqual([false, true]);
    expect(sandboxes.ofTask("f1" as never, "old" as never)).toBeUndefined();
    expect(sandboxes.ofTask("f1" as never, "young" as never)).toBe(young);
    // Nothing is left of it, not even empty folders.
    expect(existsSync(join(sandboxes.root, "a1/frameworks/f1/executors/old"))).toBe(false);
  });

  test("removes sooner as the disk fills", async () => {
    const gc = collector();
    await gc.start();
    const path = sandbox("one");
    gc.ended(plan("one"));
    clock.move(2 * HOUR_MS);
    await gc.look();
    expect(existsSync(path)).toBe(true);
    usage = 0.75;
    await gc.look();
    expect(existsSync(path)).toBe(false);
  });

  test("leaves what is live alone, however full the disk is", async () => {
    usage = 1;
    const path = sandbox("busy");
    live.add("busy");
    const gc = collector();
    await gc.start();
    clock.move(20 * HOUR_MS);
    await gc.look();
    expect(existsSync(path)).toBe(true);
    // Its end was told, and what it left behind is still being ended.
    gc.ended(plan("busy"));
    await gc.look();
    expect(existsSync(path)).toBe(true);
    live.delete("busy");
    await gc.look();
    expect(existsSync(path)).toBe(false);
  });

  test("removes what is deeper than a path may be long", async () => {
    const path = sandbox("deep");
    makeDeepTree(path);
    usage = 1;
    const gc = collector();
    gc.ended(plan("deep"));
    await gc.start();
    expect(existsSync(path)).toBe(false);
  });

  test("never follows a link, so persistent volumes stay (E12)", async () => {
    const volume = join(folder, "volumes", "v1");
    mkdirSync(volume, { recursive: true });
    writeFileSync(join(volume, "kept"), "");
    const path = sandbox("one");
    symlinkSync(volume, join(path, "data"));
    usage = 1;
    const gc = collector();
    gc.ended(plan("one"));
    await gc.start();
    expect(existsSync(path)).toBe(false);
    expect(existsSync(join(volume, "kept"))).toBe(true);
  });

  test("goes by the age of the folders after a restart, of earlier agents' too", async () => {
    const agedBy = (path: string, hours: number) => {
      const at = (clock.nowMs() - hours * HOUR_MS) / 1_000;
      for (const each of [join(path, "stdout"), path]) utimesSync(each, at, at);
    };
    clock.move(100 * HOUR_MS);
    const [old, young] = [sandbox("old", "gone"), sandbox("young")];
    agedBy(old, 9.5);
    agedBy(young, 8);
    const gc = collector(HOUR_MS);
    await gc.start();
    expect([existsSync(old), existsSync(young)]).toEqual([false, true]);
    expect(existsSync(join(sandboxes.taskRoot, "gone"))).toBe(false);
    // It looks by itself from then on.
    clock.move(2 * HOUR_MS);
    await until("the young one is gone", () => !existsSync(young));
  });

  test("a task that runs again under its name keeps its link", async () => {
    const gc = collector();
    await gc.start();
    sandbox("one");
    gc.ended(plan("one"));
    const again = { ...plan("second"), executorId: "one", taskId: "one" } as unknown;
    const path = sandboxes.make(again as ContainerPlan);
    live.add("second");
    usage = 1;
    await gc.look();
    expect(sandboxes.ofTask("f1" as never, "one" as never)).toBe(path);
    expect(existsSync(join(path, "..", "latest"))).toBe(true);
  });
});

test("of what has ended the newest of each framework are listed (D23)", async () => {
  const gc = collector();
  for (const id of ["a", "b", "c"]) {
    sandbox(id);
    gc.ended(plan(id));
    clock.move(1);
  }
  gc.ended(plan("d", "f2"));
  expect(gc.completed(2).map(({ id }) => id)).toEqual(["b", "c", "d"]);
  expect(gc.completed(0)).toEqual([]);
});
