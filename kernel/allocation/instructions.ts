import type { WasmReader } from "./wasm-reader.ts";

/** What follows an instruction: so many LEB128 numbers, then so many bytes. */
type Immediates = readonly [numbers: number, bytes: number];

const NONE: Immediates = [0, 0];
const NUMBER: Immediates = [1, 0];
const TWO_NUMBERS: Immediates = [2, 0];

/** Those that differ from their neighbours in `plainOf`, by opcode. */
const special: ReadonlyMap<number, Immediates> = new Map<number, Immediates>([
  [0x02, NUMBER], // block
  [0x03, NUMBER], // loop
  [0x04, NUMBER], // if
  [0x0c, NUMBER], // br
  [0x0d, NUMBER], // br_if
  [0x10, NUMBER], // call
  [0x11, TWO_NUMBERS], // call_indirect
  [0x3f, NUMBER], // memory.size
  [0x40, NUMBER], // memory.grow
  [0x41, NUMBER], // i32.const
  [0x42, NUMBER], // i64.const
  [0x43, [0, 4]], // f32.const
  [0x44, [0, 8]], // f64.const
  [0xd0, NUMBER], // ref.null
  [0xd1, NONE], // ref.is_null
  [0xd2, NUMBER], // ref.func
]);

const BR_TABLE = 0x0e;
const SELECT_TYPED = 0x1c;
const PREFIX_BULK = 0xfc;
const PREFIX_VECTOR = 0xfd;

/** Without control: none, unreachable to else, end, return, drop and select. */
const bare: ReadonlySet<number> = new Set([0x00, 0x01, 0x05, 0x0b, 0x0f, 0x1a, 0x1b]);

function plainOf(opcode: number): Immediates | undefined {
  const known = special.get(opcode);
  if (known !== undefined) return known;
  if (bare.has(opcode)) return NONE;
  if (opcode >= 0x20 && opcode <= 0x26) return NUMBER; // local, global and table access
  if (opcode >= 0x28 && opcode <= 0x3e) return TWO_NUMBERS; // loads and stores
  return opcode >= 0x45 && opcode <= 0xc4 ? NONE : undefined; // arithmetic
}

/** Behind 0xfc: eight conversions, then what moves memory and tables. */
function bulkOf(opcode: number): Immediates | undefined {
  if (opcode <= 7) return NONE;
  if (opcode > 17) return undefined;
  return [8, 10, 12, 14].includes(opcode) ? TWO_NUMBERS : NUMBER;
}

/** Dropping segments and asking for a size moves nothing. */
const isMoving = (opcode: number): boolean => opcode >= 8 && ![9, 13, 16].includes(opcode);

/** Behind 0xfd. */
function vectorOf(opcode: number): Immediates | undefined {
  if (opcode <= 11 || opcode === 92 || opcode === 93) return TWO_NUMBERS; // loads and stores
  if (opcode <= 13) return [0, 16]; // constant, shuffle
  if (opcode >= 21 && opcode <= 34) return [0, 1]; // lanes
  if (opcode >= 84 && opcode <= 91) return [2, 1]; // lanes from and to memory
  return opcode <= 0x113 ? NONE : undefined;
}

/** What of a function's instructions costs the host more than their bytes. */
export interface Counts {
  /** Those that move as much memory, or as many entries of a table, as they are told to. */
  readonly moves: number;
  readonly loops: number;
  /** Blocks of all kinds, loops among them. */
  readonly blocks: number;
}

const LOOP = 0x03;
const isBlock = (opcode: number): boolean => opcode >= 0x02 && opcode <= 0x04;

/**
 * Counts instructions of a function. The reader stands behind the function's locals, and goes to
 * its end. Answers `undefined` when there is one that WebAssembly 2.0 does not have.
 */
export function countsIn(reader: WasmReader, end: number): Counts | undefined {
  let [moves, loops, blocks] = [0, 0, 0];
  while (reader.at < end) {
    const opcode = reader.byte();
    if (isBlock(opcode)) blocks += 1;
    if (opcode === LOOP) loops += 1;
    let immediates: Immediates | undefined;
    if (opcode === PREFIX_BULK) {
      const operation = reader.number();
      immediates = bulkOf(operation);
      if (isMoving(operation)) moves += 1;
    } else if (opcode === PREFIX_VECTOR) {
      immediates = vectorOf(reader.number());
    } else if (opcode === BR_TABLE) {
      immediates = [reader.number() + 1, 0];
    } else if (opcode === SELECT_TYPED) {
      immediates = [0, reader.number()];
    } else {
      immediates = plainOf(opcode);
    }
    if (immediates === undefined) return undefined;
    const [numbers, bytes] = immediates;
    for (let left = numbers; left > 0; left--) reader.number();
    reader.at += bytes;
  }
  return { moves, loops, blocks };
}
