import { readSandboxFile, type SandboxPlace } from "../sdk/index.ts";
import type { Output } from "./output.ts";

const POLL_MS = 250;
/** Read at once, so that a large log does not have to fit into memory. */
const CHUNK_BYTES = 1 << 20;

/** Copies a growing file of a sandbox to the output, from where it was left to its present end. */
export class LogFollower {
  readonly #place: SandboxPlace;
  readonly #file: string;
  readonly #out: Output;
  readonly #to: "stdout" | "stderr";
  #offset = 0;

  constructor(
    place: SandboxPlace,
    file: string,
    out: Output,
    to: "stdout" | "stderr" = "stdout",
    offset = 0,
  ) {
    this.#place = place;
    this.#file = file;
    this.#out = out;
    this.#to = to;
    this.#offset = offset;
  }

  /**
   * Copies what is new; answers how many bytes.
   * @throws SANDBOX_UNREADABLE
   */
  async copy(): Promise<number> {
    let copied = 0;
    for (;;) {
      const range = { offset: this.#offset, length: CHUNK_BYTES };
      const bytes = await readSandboxFile(this.#place, this.#file, range);
      if (bytes.length > 0) this.#out.raw(bytes, this.#to);
      this.#offset += bytes.length;
      copied += bytes.length;
      if (bytes.length < CHUNK_BYTES) return copied;
    }
  }

  /** Copies until `isOver`, and then what is left. Passing troubles of the agent are waited out. */
  async follow(isOver: () => boolean): Promise<void> {
    for (;;) {
      const last = isOver();
      try {
        await this.copy();
      } catch (thrown) {
        if (last) throw thrown;
      }
      if (last) return;
      await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    }
  }
}
