import type { BuiltIn } from "../language/built-ins.ts";

/** Longest string in compiled code, in bytes of UTF-8; what is longer evaluates to error. */
export const STRING_BYTES_MAX = 1_024;
/** All that functions make in one evaluation; assembly/condor/strings.ts has the same. */
const NEW_STRING_BYTES_MAX = 16_384;
/** Bytes of strings that are read in the time of an instruction. */
const BYTES_PER_STEP = 4;

/** What reading so many bytes of strings costs, in instructions. */
export function stepsFor(bytes: number): number {
  return Math.ceil(bytes / BYTES_PER_STEP);
}

/** What a call of a function reads, and how long a string it makes, in bytes and at most. */
export interface Reading {
  readonly bytes: number;
  readonly length: number;
}

/** What a function reads of arguments that are at most so long. */
export function readBy({ name }: BuiltIn, lengths: readonly number[]): Reading {
  const [first = 0, second = 0, third = 0] = lengths;
  switch (name) {
    case "member":
    case "identicalMember": {
      const each = lengths.slice(1).map((length) => Math.min(first, length));
      return { bytes: sum(each), length: 0 };
    }
    case "strcat": {
      const length = Math.min(sum(lengths), NEW_STRING_BYTES_MAX);
      return { bytes: length, length };
    }
    case "toUpper":
    case "toLower":
      return { bytes: first, length: Math.min(first, NEW_STRING_BYTES_MAX) };
    case "substr":
      return { bytes: 0, length: first };
    case "strcmp":
    case "stricmp":
      return { bytes: Math.min(first, second), length: 0 };
    // The list is cut, and its pieces compared.
    case "stringListMember":
    case "stringListIMember":
      return { bytes: 2 * second + third, length: 0 };
    default:
      return { bytes: 0, length: 0 };
  }
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, one) => total + one, 0);
}
