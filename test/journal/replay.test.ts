import { readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import type { ClusterInput } from "../../kernel/core/event.ts";
import { readSegment } from "../../kernel/io/journal/reader.ts";
import { modulesIn } from "../../simulation/replay/modules.ts";
import { type ReplayReport, replay } from "../../simulation/replay/replay.ts";
import { allocators, faultyPlugin, shippedNames, shippedPlugin } from "./support/policies.ts";
import { type RecordOptions, record } from "./support/recorded.ts";
import { busy, growing, halves, hoarded, leaving } from "./support/workloads.ts";

const folders: string[] = [];

afterAll(() => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

async function recordInto(options: RecordOptions): Promise<string> {
  const folder = await record(options);
  folders.push(folder);
  return folder;
}

function replayed(path: string, findModule = modulesIn([])): Promise<ReplayReport> {
  const { signal } = new AbortController();
  return replay({ path, findModule, signal, onProgress: () => {} });
}

describe("a replay", () => {
  test.each(shippedNames)(
    "makes every decision of %s again, through many files",
    async (name) => {
      const policies = [await shippedPlugin(name)];
      const folder = await recordInto({ workload: busy, policies, segmentBytes: 24 << 10 });
      const { stretches, difference, ends, skipped } = await replayed(folder);
      expect(difference).toBeUndefined();
      expect([stretches.length, ends, skipped]).toEqual([1, [], []]);
      expect(stretches[0]?.files.length).toBeGreaterThan(3);
      expect(stretches[0]?.decisions).toBeGreaterThan(100);
      expect(stretches[0]?.taken).toBe(0);
    },
    60_000,
  );

  test("sets those behind again who hoard", async () => {
    const policies = [await shippedPlugin("drf")];
    const folder = await recordInto({ workload: hoarded, policies, segmentBytes: 24 << 10 });
    const parts: string[] = [];
    for (const file of readdirSync(folder).sort()) {
      const segment = readSegment(join(folder, file));
      for (const { part } of segment?.snapshot?.plain.rounds.recent ?? []) parts.push(part);
    }
    expect(parts).toContain("front");
    const { difference, stretches } = await replayed(folder);
    expect(difference).toBeUndefined();
    expect(stretches).toHaveLength(1);
  }, 60_000);

  test("takes back again what was taken back", async () => {
    // Nothing of what the frameworks answer reaches the master.
    const swallows = (input: ClusterInput): boolean =>
      input.type === "framework-call" && ["accept", "decline"].includes(input.call.type);
    const options = { workload: halves, segmentBytes: 4 << 10, turnsMax: 400, swallows };
    const policies = [await shippedPlugin("capacity")];
    const folder = await recordInto({ ...options, policies });
    let reclaims = 0;
    for (const file of readdirSync(folder).sort()) {
      for (const turns of readSegment(join(folder, file))?.turns() ?? []) {
        for (const item of turns.flatMap(({ items }) => items)) {
          if (item.type !== "round") continue;
          reclaims += item.decisions.filter(({ reclaim }) => reclaim === true).length;
        }
      }
    }
    expect(reclaims).toBe(6);
    const { difference, stretches } = await replayed(folder);
    expect(difference).toBeUndefined();
    expect(stretches[0]?.files.length).toBeGreaterThan(1);
  }, 60_000);

  test("begins with any file, since each stands alone", async () => {
    const policies = [await shippedPlugin("random")];
    const folder = await recordInto({ workload: busy, policies, segmentBytes: 16 << 10 });
    const files = readdirSync(folder).sort();
    for (const file of [files[2] ?? "", files.at(-2) ?? ""]) {
      const { difference, stretches } = await replayed(join(folder, file));
      expect(difference, file).toBeUndefined();
      expect(stretches[0]?.turns, file).toBeGreaterThan(0);
    }
  }, 60_000);

  test("follows policies that change, and tables that grow", async () => {
    const policies = await Promise.all(
      ["drf", "fifo", "fair", "random", "quincy"].map((name) => shippedPlugin(name)),
    );
    const options = { workload: growing, policies, segmentBytes: 256 << 10, promoteEvery: 40 };
    const { difference, stretches } = await replayed(await recordInto(options));
    expect(difference).toBeUndefined();
    expect(stretches[0]?.decisions).toBeGreaterThan(350);
  }, 60_000);

  test("forgets what was stated with the last who stated anything", async () => {
    const policies = [await shippedPlugin("quincy")];
    const folder = await recordInto({ workload: leaving, policies, segmentBytes: 1 << 20 });
    const { difference, stretches } = await replayed(folder);
    expect(difference).toBeUndefined();
    expect(stretches[0]?.decisions).toBeGreaterThan(6);
  }, 60_000);

  test("needs the modules from elsewhere where the journal carries none", async () => {
    const policies = [await shippedPlugin("fair")];
    const options = { workload: busy, policies, segmentBytes: 1 << 20, carriesPolicies: false };
    const folder = await recordInto(options);
    await expect(replayed(folder)).rejects.toMatchObject({ code: "REPLAY_POLICY_MISSING" });
    const { difference } = await replayed(folder, modulesIn([allocators]));
    expect(difference).toBeUndefined();
  }, 60_000);

  test("has policies fail again as they failed", async () => {
    // It traps once its state says that eight rounds have run; the policy before takes over then.
    const policies = [await shippedPlugin("drf"), await faultyPlugin(12, 8)];
    const options = { workload: busy, policies, segmentBytes: 32 << 10, promoteEvery: 50 };
    const { difference, stretches } = await replayed(await recordInto(options));
    expect(difference).toBeUndefined();
    expect(stretches[0]?.taken).toBe(0);
  }, 60_000);

  test("takes the recorded outcome of a round that ran out of time, and says so", async () => {
    const policies = [await shippedPlugin("drf"), await faultyPlugin(2, 0)];
    const options = { workload: busy, policies, segmentBytes: 1 << 20, promoteEvery: 30 };
    const { difference, stretches } = await replayed(
      await recordInto({ ...options, turnsMax: 70 }),
    );
    expect(difference).toBeUndefined();
    expect(stretches[0]?.taken).toBeGreaterThan(0);
  }, 60_000);
});

describe("the first difference", () => {
  test("is named by round and row, with what was recorded and what came out", async () => {
    let forged = 0;
    const folder = await recordInto({
      workload: busy,
      policies: [await shippedPlugin("drf")],
      segmentBytes: 1 << 20,
      lies: {
        decisions: (round, decisions) => {
          if (round < 4 || forged > 0 || decisions.length < 2) return [...decisions];
          forged = round;
          return decisions.map((each, row) => (row === 1 ? { ...each, clientRow: 0 } : each));
        },
      },
    });
    const { difference } = await replayed(folder);
    expect(forged).toBeGreaterThan(0);
    expect(difference).toMatchObject({ what: "round", round: forged, row: 1, policy: "drf" });
    expect(difference?.recorded).toMatch(/^all that is left of agent .* to framework site/);
    expect(difference?.recorded).not.toBe(difference?.reproduced);
  }, 60_000);

  test("is found in the state when an input is missing", async () => {
    let calls = 0;
    const folder = await recordInto({
      workload: busy,
      policies: [await shippedPlugin("drf")],
      segmentBytes: 16 << 10,
      lies: {
        forgets: (input) => {
          const { call } = input as { readonly call?: { readonly type: string } };
          return call?.type === "acknowledge" && calls++ === 10;
        },
      },
    });
    const { difference } = await replayed(folder);
    expect(difference).toMatchObject({ what: "state" });
    expect(difference?.path).toMatch(/^\/(plain\/counts\/acknowledgements|lists\/tasks)/);
  }, 60_000);
});
