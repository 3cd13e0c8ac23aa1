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

interface Entry {
  readonly path: string;
  readonly ready: Promise<void>;
  bytes: number;
  leases: number;
  /** Nobody finds it any more, and it goes with its last user. */
  isDropped: boolean;
}

/**
 * What has been fetched and may be wanted again (F42): one download for all who ask at the same
 * time, never asked for again while it is here, and the least recently used removed when it takes
 * more room than it may. It is empty when the agent starts.
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

  /** Bytes of all files that are complete. */
  get bytes(): number {
    return [...this.#entries.values()].reduce((sum, { bytes }) => sum + bytes, 0);
  }

  /**
   * The file of a key, filled by `fill` if it is not here. Whoever asks while that goes on gets the
   * same file, or the same error; the next one after an error tries anew.
   */
  async lease(key: string, fill: (path: string) => Promise<void>): Promise<Lease> {
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
      // Another user may have dropped it before, and a newer one be here.
      if (this.#entries.get(key) === entry) this.#entries.delete(key);
      entry.isDropped = true;
      release();
    };
    try {
      await entry.ready;
    } catch (thrown) {
      isHeld = false;
      throw thrown;
    }
    this.#makeRoom();
    return { path: entry.path, wasHere: known !== undefined, release, drop };
  }

  #begin(key: string, fill: (path: string) => Promise<void>): Entry {
    const path = join(this.#folder, `${this.#count++}`);
    const ready = this.#fill(key, path, fill);
    const entry: Entry = { path, bytes: 0, leases: 0, isDropped: false, ready };
    this.#entries.set(key, entry);
    return entry;
  }

  async #fill(key: string, path: string, fill: (path: string) => Promise<void>): Promise<void> {
    try {
      await fill(path);
      const entry = this.#entries.get(key);
      if (entry !== undefined) entry.bytes = (await stat(path)).size;
    } catch (thrown) {
      this.#entries.delete(key);
      await rm(path, { force: true });
      throw thrown;
    }
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
