import { mkdirSync, rmSync } from "node:fs";
import { rm, stat } from "node:fs/promises";
import { join } from "node:path";

/** A cached file in use. */
export interface Lease {
  readonly path: string;
  /** It was here, or on its way, before this user asked. */
  readonly wasHere: boolean;
  /** It may be removed from now on, as far as this user of it goes. */
  release(): void;
  /** The same, and nobody else gets it any more: who asks next has it fetched anew. */
  drop(): void;
}

/** What a file of the cache is filled with, and within which bounds. */
export interface Filling {
  /** Set off when nobody waits for the file any more. */
  readonly signal: AbortSignal;
  /**
   * The file has, or is about to have, so many bytes.
   * @throws CacheFull
   */
  readonly grow: (bytes: number) => void;
}

/** Fills a new file; what it throws is thrown to all who wait. */
export type Fill = (path: string, filling: Filling) => Promise<void>;

/** There is no room in the cache for something, whatever unused is removed. */
export class CacheFull extends Error {}

interface Entry {
  readonly path: string;
  ready: Promise<void>;
  readonly filling: AbortController;
  /** So far, or of all of it once that is known. */
  bytes: number;
  /** Those who wait for it or use it. */
  leases: number;
  isReady: boolean;
  /** Nobody finds it any more, and it goes with its last user. */
  isDropped: boolean;
}

/**
 * What has been fetched and may be wanted again (F42): one download for all who ask at the same
 * time, which ends when none of them waits any more, never asked for again while it is here, and
 * the least recently used removed when it takes more room than it may. It is empty when the agent
 * starts.
 */
export class FetchCache {
  readonly #folder: string;
  readonly #bytesMax: number;
  /** Least recently used first. */
  readonly #entries = new Map<string, Entry>();
  #count = 0;

  constructor(folder: string, bytesMax: number) {
    this.#folder = folder;
    this.#bytesMax = bytesMax;
    rmSync(folder, { recursive: true, force: true });
    // Others may pass to a file that is theirs, and see no names.
    mkdirSync(folder, { recursive: true, mode: 0o711 });
  }

  /** Bytes of all files, of those too that are on their way. */
  get bytes(): number {
    return [...this.#entries.values()].reduce((sum, { bytes }) => sum + bytes, 0);
  }

  /**
   * The file of a key, filled by `fill` if it is not here. Whoever asks while that goes on gets the
   * same file, or the same error; the next one after an error tries anew. `signal` calls off the
   * waiting of this one alone.
   * @throws CacheFull, what `fill` throws, or the reason of the signal
   */
  async lease(key: string, fill: Fill, signal: AbortSignal): Promise<Lease> {
    signal.throwIfAborted();
    const known = this.#entries.get(key);
    const entry = known ?? this.#begin(key, fill);
    this.#entries.delete(key);
    this.#entries.set(key, entry);
    entry.leases++;
    let isHeld = true;
    const release = (): void => {
      if (!isHeld) return;
      isHeld = false;
      entry.leases--;
      if (entry.isDropped && entry.leases === 0) rmSync(entry.path, { force: true });
      this.#makeRoom();
    };
    const drop = (): void => {
      this.#forget(key, entry);
      entry.isDropped = true;
      release();
    };
    try {
      await orAborted(entry.ready, signal);
    } catch (thrown) {
      if (entry.isReady) release();
      else this.#leave(key, entry, signal.reason);
      throw thrown;
    }
    this.#makeRoom();
    return { path: entry.path, wasHere: known !== undefined, release, drop };
  }

  #begin(key: string, fill: Fill): Entry {
    const entry: Entry = {
      path: join(this.#folder, `${this.#count++}`),
      ready: Promise.resolve(),
      filling: new AbortController(),
      bytes: 0,
      leases: 0,
      isReady: false,
      isDropped: false,
    };
    this.#entries.set(key, entry);
    entry.ready = this.#fill(key, entry, fill);
    // Everybody who waits may have left by then.
    entry.ready.catch(() => {});
    return entry;
  }

  async #fill(key: string, entry: Entry, fill: Fill): Promise<void> {
    const { path, filling } = entry;
    const grow = (bytes: number): void => this.#grow(entry, bytes);
    try {
      await fill(path, { signal: filling.signal, grow });
      filling.signal.throwIfAborted();
      entry.bytes = (await stat(path)).size;
      entry.isReady = true;
    } catch (thrown) {
      this.#forget(key, entry);
      await rm(path, { force: true });
      throw thrown;
    }
  }

  #grow(entry: Entry, bytes: number): void {
    entry.bytes = Math.max(entry.bytes, bytes);
    this.#makeRoom();
    if (this.bytes <= this.#bytesMax) return;
    throw new CacheFull(`a cache of ${this.#bytesMax} bytes has no room for it`);
  }

  /** Somebody waits no more; the file is not fetched on for nobody. */
  #leave(key: string, entry: Entry, reason: unknown): void {
    entry.leases--;
    if (entry.leases > 0) return;
    this.#forget(key, entry);
    entry.filling.abort(reason);
  }

  /** The next one who asks has it fetched anew; a newer one of that key may be here. */
  #forget(key: string, entry: Entry): void {
    if (this.#entries.get(key) === entry) this.#entries.delete(key);
  }

  /** Removes what nobody uses until the rest fits. */
  #makeRoom(): void {
    let bytes = this.bytes;
    for (const [key, entry] of this.#entries) {
      if (bytes <= this.#bytesMax) return;
      if (entry.leases > 0 || entry.bytes === 0) continue;
      this.#entries.delete(key);
      rmSync(entry.path, { force: true });
      bytes -= entry.bytes;
    }
  }
}

function orAborted(promise: Promise<void>, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const early = (): void => reject(signal.reason);
    signal.addEventListener("abort", early, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener("abort", early));
  });
}
