import { errors, reasonOf } from "../../contract/errors.ts";
import type { RoleName } from "../../contract/ids.ts";
import type { Clock } from "../../contract/ports/clock.ts";
import type { Leadership } from "../../contract/ports/coordinator.ts";
import type { Logger } from "../../contract/ports/log.ts";
import type { Metrics } from "../../contract/ports/metrics.ts";
import { encodedBytes } from "../../contract/size.ts";
import { isWeight, type RegistryEntry, weightEntry } from "../core/registry.ts";
import { Timings } from "./timings.ts";

/**
 * The registry's entries with the weights that the config begins with, which are made durable in a
 * registry that holds none yet (E7).
 */
export async function withFirstWeights(
  leadership: Leadership,
  entries: readonly RegistryEntry[],
  weights: Readonly<Record<string, number>>,
): Promise<readonly RegistryEntry[]> {
  const first = Object.entries(weights).map(([role, weight]) =>
    weightEntry(role as RoleName, weight),
  );
  if (first.length === 0 || entries.some(isWeight)) return entries;
  await leadership.write({ entries: first });
  return [...entries, ...first];
}

interface Pending {
  readonly entries: readonly { readonly key: string; readonly value: unknown }[];
  readonly onWritten: () => void;
}

/**
 * Writes to the registry in order, one write at a time; what is asked for meanwhile goes into the
 * next one together (G4).
 */
export class RegistryWriter {
  readonly #leadership: Leadership;
  readonly #clock: Clock;
  readonly #storeTimeoutMs: number;
  readonly #log: Logger;
  readonly #onFailed: (cause: unknown) => void;
  readonly #seconds;
  readonly #stores = new Timings(86_400_000);
  /** Bytes of the entries that the registry has, by their keys. */
  readonly #sizes = new Map<string, number>();
  #bytes = 0;
  #fetchedMs: number | undefined;
  #queue: Pending[] = [];
  #busy = false;
  #failed = false;

  /**
   * `storeTimeoutMs` is how long one write may take before the master gives up (G4). `onFailed` is
   * called at most once; a master whose registry fails must not go on.
   */
  constructor(
    leadership: Leadership,
    around: {
      readonly clock: Clock;
      readonly storeTimeoutMs: number;
      readonly log: Logger;
      readonly metrics: Metrics;
      readonly onFailed: (cause: unknown) => void;
    },
  ) {
    this.#leadership = leadership;
    this.#clock = around.clock;
    this.#storeTimeoutMs = around.storeTimeoutMs;
    this.#log = around.log;
    this.#onFailed = around.onFailed;
    this.#seconds = around.metrics.histogram({
      name: "registry_store_seconds",
      help: "Time until a write of the registry was durable.",
    });
  }

  /** Reads the registry, which gets its first weights, if need be; see `withFirstWeights`. */
  async recover(weights: Readonly<Record<string, number>>): Promise<readonly RegistryEntry[]> {
    const began = this.#clock.monotonicMs();
    const read = await this.#leadership.read("");
    this.#fetchedMs = this.#clock.monotonicMs() - began;
    const entries = await withFirstWeights(this.#leadership, read, weights);
    this.#weigh(entries);
    return entries;
  }

  /** Adds the figures of the registry under Mesos' names (H8). */
  show(nowMs: number, out: Record<string, number>): void {
    out["registrar/queued_operations"] = this.#queue.length;
    out["registrar/registry_size_bytes"] = this.#bytes;
    if (this.#fetchedMs !== undefined) out["registrar/state_fetch_ms"] = this.#fetchedMs;
    this.#stores.show("registrar/state_store_ms", nowMs, out);
  }

  #weigh(entries: Pending["entries"]): void {
    for (const { key, value } of entries) {
      const bytes = value === undefined ? 0 : encodedBytes(key) + encodedBytes(value);
      this.#bytes += bytes - (this.#sizes.get(key) ?? 0);
      if (value === undefined) this.#sizes.delete(key);
      else this.#sizes.set(key, bytes);
    }
  }

  /** Queues a write; `onWritten` is called once it is durable. */
  write(entries: Pending["entries"], onWritten: () => void): void {
    this.#queue.push({ entries, onWritten });
    if (!this.#busy) void this.#drain();
  }

  /** Resolves when nothing is queued or under way. */
  async settled(): Promise<void> {
    while (this.#busy && !this.#failed) await new Promise((done) => setImmediate(done));
  }

  async #drain(): Promise<void> {
    this.#busy = true;
    while (this.#queue.length > 0 && !this.#failed) {
      const batch = this.#queue;
      this.#queue = [];
      const began = this.#clock.monotonicMs();
      try {
        await this.#within(this.#leadership.write({ entries: batch.flatMap((w) => w.entries) }));
      } catch (cause) {
        this.#failed = true;
        this.#log.error({ err: cause }, `the registry cannot be written: ${reasonOf(cause)}`);
        this.#onFailed(cause);
        break;
      }
      const tookMs = this.#clock.monotonicMs() - began;
      this.#seconds.observe(tookMs / 1_000);
      this.#stores.add(tookMs, this.#clock.nowMs());
      for (const { entries, onWritten } of batch) {
        this.#weigh(entries);
        onWritten();
      }
    }
    this.#busy = false;
  }

  async #within(write: Promise<void>): Promise<void> {
    const timeoutMs = this.#storeTimeoutMs;
    let timer: ReturnType<Clock["after"]> | undefined;
    const late = new Promise<never>((_, reject) => {
      timer = this.#clock.after(timeoutMs, () =>
        reject(errors.REGISTRY_FAILED(`no answer within ${timeoutMs} ms`)),
      );
    });
    try {
      await Promise.race([write, late]);
    } finally {
      timer?.cancel();
    }
  }
}
