import type { TableSizes } from "../core/tables/shape.ts";
import { PolicyFault } from "./faults.ts";
import { Slot } from "./slots.ts";

/** Bytes of private state that any policy may have, and more of them for each agent and client. */
export const STATE_BYTES = { base: 64 << 10, perRow: 512 } as const;

/** Views on the columns that the guest placed, which must lie in its memory and apart. */
export class Layout {
  readonly #name: string;
  readonly #buffer: ArrayBuffer;
  readonly #header: Uint32Array;
  readonly #ranges: { slot: number; from: number; to: number }[] = [];

  constructor(name: string, buffer: ArrayBuffer, header: Uint32Array) {
    this.#name = name;
    this.#buffer = buffer;
    this.#header = header;
    this.#ranges.push({ slot: -1, from: header.byteOffset, to: header.byteOffset + 1024 });
  }

  u8(slot: number, length: number): Uint8Array | undefined {
    const at = this.#claim(slot, length, 1);
    return at === 0 ? undefined : new Uint8Array(this.#buffer, at, length);
  }

  u32(slot: number, length: number): Uint32Array | undefined {
    const at = this.#claim(slot, length * 4, 4);
    return at === 0 ? undefined : new Uint32Array(this.#buffer, at, length);
  }

  f64(slot: number, length: number): Float64Array | undefined {
    const at = this.#claim(slot, length * 8, 8);
    return at === 0 ? undefined : new Float64Array(this.#buffer, at, length);
  }

  /** The private state, which the host copies after each round: it is bounded by what it is of. */
  state({ agents, clients }: Pick<TableSizes, "agents" | "clients">): Uint8Array {
    const bytes = this.#header[Slot.StateBytes] as number;
    const most = STATE_BYTES.base + STATE_BYTES.perRow * (agents + clients);
    if (bytes > most) {
      const detail = `${this.#name}: ${bytes} bytes of private state, at most ${most} are kept`;
      throw new PolicyFault("POLICY_LAYOUT", detail);
    }
    const at = bytes === 0 ? 0 : this.#claim(Slot.StateAddress, bytes, 1);
    return new Uint8Array(this.#buffer, at, at === 0 ? 0 : bytes);
  }

  /** No two columns may overlap: what the host writes into one would spoil the other. */
  check(): void {
    this.#ranges.sort((a, b) => a.from - b.from);
    for (let at = 1; at < this.#ranges.length; at++) {
      const [before, after] = [this.#ranges[at - 1], this.#ranges[at]];
      if (before === undefined || after === undefined || before.to <= after.from) continue;
      if (before.slot === after.slot) continue;
      const detail = `${this.#name}: slot ${after.slot} overlaps slot ${before.slot}`;
      throw new PolicyFault("POLICY_LAYOUT", detail);
    }
  }

  #claim(slot: number, bytes: number, align: number): number {
    const at = this.#header[slot] as number;
    if (at === 0) return 0;
    if (at % align !== 0 || at + bytes > this.#buffer.byteLength) {
      const detail = `${this.#name}: slot ${slot} at ${at} needs ${bytes} bytes`;
      throw new PolicyFault("POLICY_LAYOUT", detail);
    }
    this.#ranges.push({ slot, from: at, to: at + bytes });
    return at;
  }
}
