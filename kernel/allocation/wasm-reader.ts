/** Where a module begins after its first word and its version. */
const FIRST_SECTION = 8;

// Bytes of the binary format: the types of values that there are.
const I32 = 0x7f;
const VECTOR = 0x7b;
const FUNCTION_REFERENCE = 0x70;
const EXTERNAL_REFERENCE = 0x6f;

/** A plain reference: to a function, or to something of the host. */
export function isReference(type: number): boolean {
  return type === FUNCTION_REFERENCE || type === EXTERNAL_REFERENCE;
}

/** A number or a plain reference: those types are one byte. */
export function isPlainType(type: number): boolean {
  return (type >= VECTOR && type <= I32) || isReference(type);
}

/** A section of a module, after its length; `undefined` when it has none. */
export function sectionOf(bytes: Uint8Array, wanted: number): WasmReader | undefined {
  const reader = new WasmReader(bytes, FIRST_SECTION);
  while (!reader.isOver) {
    const section = reader.byte();
    const length = reader.number();
    if (section === wanted) return reader;
    reader.at += length;
  }
  return undefined;
}

/**
 * Reads bytes and LEB128 numbers of a module. Behind its last byte there are zeros: what claims to
 * be longer than it is does no harm to who looks at `isOver`.
 */
export class WasmReader {
  at: number;
  readonly #bytes: Uint8Array;

  constructor(bytes: Uint8Array, at: number) {
    this.#bytes = bytes;
    this.at = at;
  }

  /** Whether nothing is left. */
  get isOver(): boolean {
    return this.at >= this.#bytes.length;
  }

  byte(): number {
    return this.#bytes[this.at++] ?? 0;
  }

  /** An unsigned number; of a signed one, where it ends. */
  number(): number {
    let value = 0;
    for (let scale = 1; ; scale *= 128) {
      const byte = this.byte();
      value += (byte & 127) * scale;
      if (byte < 128) return value;
    }
  }

  /** Limits of a memory or table; of another kind than 0 and 1, they mean something else. */
  limits(): { readonly kind: number; readonly initial: number; readonly maximum?: number } {
    const kind = this.byte();
    const initial = this.number();
    return kind === 1 ? { kind, initial, maximum: this.number() } : { kind, initial };
  }

  /** Length of a list of value types; `undefined` when one is no number or plain reference. */
  valueTypes(): number | undefined {
    const count = this.number();
    for (let left = count; left > 0 && !this.isOver; left--) {
      if (!isPlainType(this.byte())) return undefined;
    }
    return count;
  }
}
