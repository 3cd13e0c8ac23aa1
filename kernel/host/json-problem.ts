/** Where a text stops being JSON, and why. */
export interface JsonProblem {
  /** Both count from 1. */
  readonly line: number;
  readonly column: number;
  /** `expected "," or "}", found "x"` */
  readonly message: string;
}

/** Deeper than any file that people write; the scanner calls itself for each level. */
const DEPTH_MAX = 256;

// biome-ignore lint/suspicious/noControlCharactersInRegex: JSON has none of them in its strings
const STRING = /"[^"\\\u0000-\u001f]*(?:\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})[^"\\\u0000-\u001f]*)*"/y;
const NUMBER = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
const WORD = /true|false|null/y;
const SPACE = /[ \t\n\r]*/y;

class Stop extends Error {
  readonly offset: number;

  constructor(offset: number, wanted: string) {
    super(wanted);
    this.offset = offset;
  }
}

/**
 * Finds the first mistake in a text that is no JSON; `undefined` when it is JSON. The parser of
 * JavaScript names no place for most mistakes.
 */
export function jsonProblem(text: string): JsonProblem | undefined {
  try {
    const end = skip(text, scanValue(text, skip(text, 0), 0));
    if (end < text.length) throw new Stop(end, "the end of the file");
    return undefined;
  } catch (thrown) {
    if (!(thrown instanceof Stop)) throw thrown;
    const { offset, message: wanted } = thrown;
    const before = text.slice(0, offset).split("\n");
    const found = offset < text.length ? JSON.stringify(text.charAt(offset)) : "the end";
    return {
      line: before.length,
      column: (before.at(-1)?.length ?? 0) + 1,
      message: `expected ${wanted}, found ${found}`,
    };
  }
}

function skip(text: string, at: number): number {
  return match(SPACE, text, at) ?? at;
}

/** Where a match that begins at `at` ends. */
function match(pattern: RegExp, text: string, at: number): number | undefined {
  pattern.lastIndex = at;
  return pattern.test(text) ? pattern.lastIndex : undefined;
}

/** Scans the value at `at`; answers where it ends. */
function scanValue(text: string, at: number, depth: number): number {
  if (depth > DEPTH_MAX) throw new Stop(at, `less than ${DEPTH_MAX} levels of nesting`);
  const first = text.charAt(at);
  if (first === "{") return scanList(text, at + 1, "}", depth, scanField);
  if (first === "[") return scanList(text, at + 1, "]", depth, scanValue);
  if (first === '"') return scanString(text, at);
  const end = match(NUMBER, text, at) ?? match(WORD, text, at);
  if (end === undefined) throw new Stop(at, "a value");
  return end;
}

function scanList(
  text: string,
  from: number,
  close: string,
  depth: number,
  scanItem: (text: string, at: number, depth: number) => number,
): number {
  let at = skip(text, from);
  if (text.charAt(at) === close) return at + 1;
  for (;;) {
    at = skip(text, scanItem(text, at, depth + 1));
    if (text.charAt(at) === close) return at + 1;
    if (text.charAt(at) !== ",") throw new Stop(at, `"," or ${JSON.stringify(close)}`);
    at = skip(text, at + 1);
  }
}

function scanField(text: string, from: number, depth: number): number {
  if (text.charAt(from) !== '"') throw new Stop(from, "a name in double quotes");
  const at = skip(text, scanString(text, from));
  if (text.charAt(at) !== ":") throw new Stop(at, '":"');
  return scanValue(text, skip(text, at + 1), depth);
}

function scanString(text: string, at: number): number {
  const end = match(STRING, text, at);
  if (end === undefined) throw new Stop(at, "text that ends in double quotes on its line");
  return end;
}
