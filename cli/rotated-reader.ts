import type { SandboxPart } from "../sdk/index.ts";

/** Reads a file from an offset on; `undefined` when there is none of this name. */
export type ReadPart = (name: string, offset: number) => Promise<SandboxPart | undefined>;

/** More than any agent keeps. */
const FILES_MAX = 1_000;

/**
 * Reads an output to its end although it is rotated meanwhile: `stdout` becomes `stdout.1`, that
 * `stdout.2`. What is read is known by the file rather than by its name, and is read to its end
 * before the next younger one is begun. It begins with the oldest that there is.
 */
export class RotatedReader {
  readonly #name: string;
  readonly #read: ReadPart;
  #fileId: string | undefined;
  #offset = 0;

  constructor(name: string, read: ReadPart) {
    this.#name = name;
    this.#read = read;
  }

  /** What comes next; nothing when there is nothing more now. */
  async next(): Promise<Uint8Array | undefined> {
    for (;;) {
      const found = await this.#find();
      if (found === undefined) return undefined;
      const { age, part } = found;
      if (part.data.length > 0) {
        this.#offset += part.data.length;
        return part.data;
      }
      if (age === 0 || !(await this.#goOn(age))) return undefined;
    }
  }

  /**
   * Where the file is by now that is being read; the oldest one when it is there no more. A
   * rotation that is under way leaves out one name at a time.
   */
  async #find(): Promise<{ age: number; part: SandboxPart } | undefined> {
    let oldest: { age: number; part: SandboxPart } | undefined;
    let missing = 0;
    for (let age = 0; age < FILES_MAX && missing < 2; age++) {
      const part = await this.#read(this.#nameOf(age), this.#offset);
      missing = part === undefined ? missing + 1 : 0;
      if (part === undefined) continue;
      if (part.fileId === this.#fileId) return { age, part };
      oldest = { age, part };
    }
    if (oldest === undefined) return undefined;
    if (this.#offset === 0) {
      // Begun with what was read just now: by another look, its name may be that of a younger one.
      this.#begin(oldest.part.fileId);
      return oldest;
    }
    this.#offset = 0;
    return this.#find();
  }

  /** Goes on to the next younger file; answers whether there is one. */
  async #goOn(age: number): Promise<boolean> {
    const younger = await this.#read(this.#nameOf(age - 1), 0);
    // Names may have moved between the two looks.
    const same = await this.#read(this.#nameOf(age), this.#offset);
    if (same?.fileId !== this.#fileId) return true;
    if (younger === undefined || younger.fileId === this.#fileId) return false;
    this.#begin(younger.fileId);
    return true;
  }

  #begin(fileId: string): void {
    this.#fileId = fileId;
    this.#offset = 0;
  }

  #nameOf(age: number): string {
    return age === 0 ? this.#name : `${this.#name}.${age}`;
  }
}
