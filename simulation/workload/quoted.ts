import { type Parsed, parsed, unparsed } from "../../contract/parsed.ts";

/** A word of a line: `TEXT`, or a setting `KEY=VALUE`. */
export interface Word {
  /** `undefined` where there is no setting. */
  readonly key: string | undefined;
  /** The value of the setting, or else the word. */
  readonly text: string;
  /** Where the word begins, and its value, from 1. */
  readonly column: number;
  readonly valueColumn: number;
}

const QUOTED = /"(?:[^"\\]|\\.)*"/y;
const PLAIN_KEY = /[^\s#=]/y;
const PLAIN_VALUE = /[^\s#]*/y;

/**
 * The words of a line, without its comment. A word, a value and the name behind a dot of a key may
 * stand in double quotes, with the escapes of JSON: so any text has a place in a line.
 */
export function wordsOf(line: string): Parsed<Word[]> {
  const words: Word[] = [];
  for (let at = 0; ; ) {
    while (at < line.length && /\s/.test(line[at] as string)) at += 1;
    if (at >= line.length || line[at] === "#") return parsed(words);
    const key = keyAt(line, at);
    if (!key.ok) return key;
    const { text, end } = key.value;
    const about = { column: at + 1 };
    if (line[end] !== "=") {
      words.push({ ...about, key: undefined, text, valueColumn: at + 1 });
      at = end;
      continue;
    }
    const value = valueAt(line, end + 1);
    if (!value.ok) return value;
    words.push({ ...about, key: text, text: value.value.text, valueColumn: end + 2 });
    at = value.value.end;
  }
}

/** A piece of a line, and where it ends. */
interface Piece {
  readonly text: string;
  readonly end: number;
}

function keyAt(line: string, begin: number): Parsed<Piece> {
  let text = "";
  let end = begin;
  while (end < line.length) {
    const mayQuote = end === begin || line[end - 1] === ".";
    if (mayQuote && line[end] === '"') {
      const quoted = quotedAt(line, end, /[\s#=]/);
      return quoted.ok ? parsed({ text: text + quoted.value.text, end: quoted.value.end }) : quoted;
    }
    const plain = matchAt(PLAIN_KEY, line, end);
    if (plain === undefined) break;
    text += plain;
    end += 1;
  }
  return parsed({ text, end });
}

function valueAt(line: string, begin: number): Parsed<Piece> {
  if (line[begin] === '"') return quotedAt(line, begin, /[\s#]/);
  const text = matchAt(PLAIN_VALUE, line, begin) ?? "";
  return parsed({ text, end: begin + text.length });
}

/** A quoted text, behind which the line ends or one of these comes. */
function quotedAt(line: string, begin: number, next: RegExp): Parsed<Piece> {
  const quoted = matchAt(QUOTED, line, begin);
  if (quoted === undefined) return unparsed(begin, "the quoted text does not end");
  const end = begin + quoted.length;
  if (end < line.length && !next.test(line[end] as string)) {
    return unparsed(end, "there is more behind the quoted text");
  }
  try {
    return parsed({ text: JSON.parse(quoted) as string, end });
  } catch {
    return unparsed(begin, `${quoted} is no text as JSON quotes it`);
  }
}

function matchAt(pattern: RegExp, line: string, at: number): string | undefined {
  pattern.lastIndex = at;
  return pattern.exec(line)?.[0];
}

/** A text as a word of its own, or as the part of a key behind its dot. */
export function printWord(text: string): string {
  return /^[^\s#="]+$/.test(text) ? text : JSON.stringify(text);
}

/** A text as the value of a setting. */
export function printValue(text: string): string {
  return /^[^\s#"][^\s#]*$/.test(text) ? text : JSON.stringify(text);
}
