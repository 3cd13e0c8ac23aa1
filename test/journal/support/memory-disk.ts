import { join } from "node:path";
import type { Disk, DiskFile } from "../../../kernel/io/journal/disk.ts";

/** What a file system does when it does not do its work. */
export type Weather =
  | { readonly kind: "fair" }
  /** So many bytes fit, then every write fails after writing what still fits. */
  | { readonly kind: "full"; readonly bytes: number }
  /** Writes never end. */
  | { readonly kind: "hanging" }
  /** Writes wait until `lift` is called. */
  | { readonly kind: "slow" };

/** A file system in memory, which fails as it is told. */
export class MemoryDisk implements Disk {
  weather: Weather = { kind: "fair" };
  readonly files = new Map<string, Buffer>();
  /** Bytes of each write that has ended well, in order. */
  readonly writes: number[] = [];
  #waiting: (() => void)[] = [];

  get used(): number {
    return [...this.files.values()].reduce((sum, { length }) => sum + length, 0);
  }

  /** Lets the writes go that wait in slow weather. */
  lift(): void {
    for (const go of this.#waiting.splice(0)) go();
  }

  async list(folder: string): Promise<readonly string[]> {
    return [...this.files.keys()]
      .filter((path) => path.startsWith(`${folder}/`))
      .map((path) => path.slice(folder.length + 1));
  }

  async read(path: string): Promise<Buffer> {
    return Buffer.from(this.files.get(path) ?? Buffer.alloc(0));
  }

  async remove(path: string): Promise<void> {
    this.files.delete(path);
  }

  async truncate(path: string, length: number): Promise<void> {
    this.files.set(
      path,
      Buffer.from((this.files.get(path) ?? Buffer.alloc(0)).subarray(0, length)),
    );
  }

  async create(folder: string, name: string): Promise<DiskFile> {
    const path = join(folder, name);
    if (this.files.has(path)) throw new Error(`EEXIST: ${path}`);
    this.files.set(path, Buffer.alloc(0));
    return {
      write: async (bytes, offset) => {
        if (this.weather.kind === "hanging") await new Promise(() => {});
        if (this.weather.kind === "slow") {
          await new Promise<void>((resolve) => {
            this.#waiting.push(resolve);
          });
        }
        this.#put(path, bytes, offset);
        this.writes.push(bytes.length);
      },
      writeNow: (bytes, offset) => this.#put(path, bytes, offset),
      truncate: (length) => this.truncate(path, length),
      close: async () => {},
    };
  }

  #put(path: string, bytes: Uint8Array, offset: number): void {
    const before = this.files.get(path) ?? Buffer.alloc(0);
    const room = this.weather.kind === "full" ? this.weather.bytes - this.used : bytes.length;
    const fitting = bytes.subarray(0, Math.max(0, room));
    const after = Buffer.alloc(Math.max(before.length, offset + fitting.length));
    after.set(before);
    after.set(fitting, offset);
    this.files.set(path, after);
    if (fitting.length < bytes.length) throw new Error("ENOSPC: no space left on device, write");
  }
}
