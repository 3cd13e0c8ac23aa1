import { expect, test } from "vitest";
import { silentLog } from "../../contract/ports/log.ts";
import { silentMetrics } from "../../contract/ports/metrics.ts";
import { RegistryWriter, withFirstWeights } from "../../kernel/io/registry.ts";
import { HandClock } from "../support/hand-clock.ts";
import { MemoryRegistry } from "./support/policies.ts";

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

function writerOf(registry: MemoryRegistry, clock: HandClock, storeTimeoutMs: number) {
  const failures: unknown[] = [];
  const writer = new RegistryWriter(registry.leadership, {
    clock,
    storeTimeoutMs,
    log: silentLog,
    metrics: silentMetrics,
    onFailed: (cause) => failures.push(cause),
  });
  return { writer, failures };
}

test("G4: a write that takes longer than the config allows ends the master, once", async () => {
  const registry = new MemoryRegistry();
  const clock = new HandClock();
  const { writer, failures } = writerOf(registry, clock, 3_000);
  registry.hold();
  const written: string[] = [];
  writer.write([{ key: "agents/a", value: 1 }], () => written.push("a"));
  clock.move(2_999);
  await turn();
  expect(failures).toEqual([]);
  clock.move(1);
  await turn();
  expect(failures).toMatchObject([{ code: "REGISTRY_FAILED" }]);
  expect(String(failures[0])).toContain("3000 ms");
  registry.release();
  writer.write([{ key: "agents/b", value: 1 }], () => written.push("b"));
  await turn();
  expect([failures.length, written]).toEqual([1, []]);
});

test("E7: the weights of the config become durable in a registry that has none", async () => {
  const registry = new MemoryRegistry();
  registry.values.set("agents/a", 1);
  const weights = { dev: 2.5, "dev/one": 3 };
  const entries = await withFirstWeights(registry.leadership, registry.entries(), weights);
  expect(entries).toEqual([
    { key: "agents/a", value: 1 },
    { key: "weights/dev", value: 2.5 },
    { key: "weights/dev/one", value: 3 },
  ]);
  expect(registry.entries()).toEqual(entries);
});

test("E7: weights that the registry holds already are not those of the config", async () => {
  const registry = new MemoryRegistry();
  registry.values.set("weights/prod", 4);
  const entries = await withFirstWeights(registry.leadership, registry.entries(), { dev: 2.5 });
  expect(entries).toEqual([{ key: "weights/prod", value: 4 }]);
  expect(registry.entries()).toEqual(entries);
});

test("H8: what is read, what waits and how much there is are told of", async () => {
  const registry = new MemoryRegistry();
  const clock = new HandClock();
  const { writer } = writerOf(registry, clock, 3_000);
  const shown = (): Record<string, number> => {
    const out: Record<string, number> = {};
    writer.show(clock.nowMs(), out);
    return out;
  };
  registry.values.set("agents/a", "x".repeat(1_000));
  await writer.recover({});
  expect(shown()).toMatchObject({
    "registrar/queued_operations": 0,
    "registrar/state_fetch_ms": 0,
  });
  const before = shown()["registrar/registry_size_bytes"] ?? 0;
  expect(before).toBeGreaterThan(1_000);
  registry.hold();
  writer.write([{ key: "agents/b", value: "y".repeat(500) }], () => {});
  writer.write([{ key: "agents/a", value: undefined }], () => {});
  expect(shown()).toMatchObject({ "registrar/queued_operations": 1 });
  expect(shown()).not.toHaveProperty("registrar/state_store_ms");
  clock.move(7);
  registry.release();
  await writer.settled();
  expect(shown()).toMatchObject({
    "registrar/queued_operations": 0,
    "registrar/state_store_ms/count": 2,
  });
  expect(shown()["registrar/state_store_ms/max"]).toBe(7);
  const after = shown()["registrar/registry_size_bytes"] ?? 0;
  expect([after > 500, after < 600]).toEqual([true, true]);
});
