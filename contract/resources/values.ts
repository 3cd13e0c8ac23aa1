import { type Parsed, parsed, unparsed } from "../parsed.ts";
import type { Milli, Range, Ranges } from "../schema/resource.ts";
import { SCALAR_MILLI_MAX } from "../schema/resource.ts";
import { normalizeRanges } from "./ranges.ts";
import { toMilli } from "./scalars.ts";

const DECIMAL = /^[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?$/;

/** A piece of a text with the position of its first character in the whole text. */
export interface Piece {
  readonly text: string;
  readonly at: number;
}

/** Cuts white space off both ends and moves the position along. */
export function trimPiece(text: string, at: number): Piece {
  return { text: text.trim(), at: at + text.length - text.trimStart().length };
}

/** Splits at a character and trims; empty pieces are kept, with their positions. */
export function splitPieces(piece: Piece, separator: string): readonly Piece[] {
  const pieces: Piece[] = [];
  let at = piece.at;
  for (const part of piece.text.split(separator)) {
    pieces.push(trimPiece(part, at));
    at += part.length + separator.length;
  }
  return pieces;
}

/** True when the text is written like a number; `inf`, `nan` and hexadecimal are not. */
export function isDecimal(text: string): boolean {
  return DECIMAL.test(text);
}

/** Thousandths of a decimal (E20); refuses what is beyond the largest scalar. */
export function parseMilli({ text, at }: Piece): Parsed<Milli> {
  if (!isDecimal(text)) return unparsed(at, `"${text}" is not a number`);
  const milli = toMilli(Number(text));
  if (Math.abs(milli) > SCALAR_MILLI_MAX) return unparsed(at, `${text} is too large`);
  return parsed(milli === 0 ? 0 : milli);
}

/** Thousandths as a decimal without trailing zeros, exact for every integer. */
export function printMilli(milli: Milli): string {
  const size = Math.abs(milli);
  const fraction = size % 1000;
  const decimals = fraction === 0 ? "" : `.${String(fraction).padStart(3, "0").replace(/0+$/, "")}`;
  return `${milli < 0 ? "-" : ""}${Math.floor(size / 1000)}${decimals}`;
}

/** What stands between two brackets, or `undefined` when it is not closed. */
export function inner({ text, at }: Piece, close: string): Piece | undefined {
  if (!text.endsWith(close)) return undefined;
  return { text: text.slice(1, -1), at: at + 1 };
}

/** `[a-b,c-d]` as normalised ranges; `[]` is none. */
export function parseRanges(piece: Piece): Parsed<Ranges> {
  const content = inner(piece, "]");
  if (content === undefined) return unparsed(piece.at + piece.text.length, 'a "]" is missing');
  if (content.text.trim() === "") return parsed([]);
  const ranges: Range[] = [];
  for (const { text, at } of splitPieces(content, ",")) {
    const match = /^(\d+)\s*-\s*(\d+)$/.exec(text);
    if (match === null) return unparsed(at, `"${text}" is not a range such as 31000-32000`);
    const begin = Number(match[1]);
    const end = Number(match[2]);
    if (!Number.isSafeInteger(begin) || !Number.isSafeInteger(end)) {
      return unparsed(at, `"${text}" has a number that is too large`);
    }
    if (begin > end) return unparsed(at, `"${text}" ends before it begins`);
    ranges.push({ begin, end });
  }
  return parsed(normalizeRanges(ranges));
}

/** Ranges as `[a-b, c-d]`. */
export function printRanges(ranges: Ranges): string {
  return `[${ranges.map(({ begin, end }) => `${begin}-${end}`).join(", ")}]`;
}
