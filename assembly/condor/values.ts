// Values of expressions, in cells of 16 bytes:
//   0 tag | 4 length of a string, in bytes | 8 a double, or the address of a string
// Booleans are 0 and 1, whole numbers are doubles too. There is no NaN and no infinity: what would
// be one is an error.

export const enum Tag { UNDEFINED = 0, ERROR = 1, BOOLEAN = 2, INTEGER = 3, REAL = 4, STRING = 5 }

/** What a value is as a condition. */
export const enum Truth { FALSE = 0, TRUE = 1, UNDEFINED = 2, ERROR = 3 }

// @ts-ignore: decorator
@inline export const CELL: usize = 16;

/** Whole numbers go up to this, on both sides of zero. */
// @ts-ignore: decorator
@inline const LARGEST: f64 = 9007199254740991;

// @ts-ignore: decorator
@inline export function tagOf(cell: usize): Tag { return load<u32>(cell); }

// @ts-ignore: decorator
@inline export function numberOf(cell: usize): f64 { return load<f64>(cell, 8); }

// @ts-ignore: decorator
@inline export function lengthOf(cell: usize): u32 { return load<u32>(cell, 4); }

// @ts-ignore: decorator
@inline export function textOf(cell: usize): usize { return load<u32>(cell, 8); }

// @ts-ignore: decorator
@inline export function setTag(cell: usize, tag: Tag): void { store<u32>(cell, tag); }

export function setBoolean(cell: usize, value: bool): void {
  setTag(cell, Tag.BOOLEAN);
  store<f64>(cell, value ? 1 : 0, 8);
}

/** An error when the number is too large. */
export function setInteger(cell: usize, value: f64): void {
  setTag(cell, abs<f64>(value) <= LARGEST ? Tag.INTEGER : Tag.ERROR);
  store<f64>(cell, value, 8);
}

/** An error when the number is none. */
export function setReal(cell: usize, value: f64): void {
  setTag(cell, isFinite<f64>(value) ? Tag.REAL : Tag.ERROR);
  store<f64>(cell, value, 8);
}

export function setString(cell: usize, at: usize, length: u32): void {
  setTag(cell, Tag.STRING);
  store<u32>(cell, length, 4);
  store<u32>(cell, <u32>at, 8);
}

// @ts-ignore: decorator
@inline export function copyCell(to: usize, from: usize): void {
  v128.store(to, v128.load(from));
}

/** Numbers other than 0 are true; a string is no condition. */
export function truthOf(cell: usize): Truth {
  switch (tagOf(cell)) {
    case Tag.UNDEFINED: return Truth.UNDEFINED;
    case Tag.BOOLEAN:
    case Tag.INTEGER:
    case Tag.REAL: return numberOf(cell) != 0 ? Truth.TRUE : Truth.FALSE;
  }
  return Truth.ERROR;
}

/** The value of a condition. */
export function setTruth(cell: usize, truth: Truth): void {
  if (truth == Truth.UNDEFINED) setTag(cell, Tag.UNDEFINED);
  else if (truth == Truth.ERROR) setTag(cell, Tag.ERROR);
  else setBoolean(cell, truth == Truth.TRUE);
}

// @ts-ignore: decorator
@inline export function isNumber(tag: Tag): bool { return tag == Tag.INTEGER || tag == Tag.REAL; }

// @ts-ignore: decorator
@inline export function isNumeric(tag: Tag): bool { return isNumber(tag) || tag == Tag.BOOLEAN; }
