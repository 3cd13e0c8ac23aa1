import { lineAt, type Scan, type SourceFile } from "./source.ts";

/** One `import`, `export … from`, `import()` or `new URL("…", import.meta.url)`. */
export interface Reference {
  readonly target: string;
  readonly line: number;
  readonly dynamic: boolean;
}

/** After these a slash starts a regular expression, not a division. */
const beforeRegex = /(^|[=(,:;!&|?{}[+\-*%<>~^]|\b(return|typeof|case|in|of|do|else|void|throw))$/;

interface Cursor {
  readonly text: string;
  at: number;
  code: string;
  comments: string;
}

/**
 * Splits a file into code and comments. It is a scanner and no parser: enough for rules about
 * what a file mentions, and fast enough to read the repository in every test run.
 */
export function scan(text: string): Scan {
  const cursor: Cursor = { text, at: 0, code: "", comments: "" };
  readCode(cursor, false);
  return { code: cursor.code, comments: cursor.comments };
}

const blank = (text: string): string => text.replace(/[^\n]/g, " ");

function emit(cursor: Cursor, end: number, kind: "code" | "comment" | "literal"): void {
  const part = cursor.text.slice(cursor.at, end);
  cursor.code += kind === "code" ? part : blank(part);
  cursor.comments += kind === "comment" ? part : blank(part);
  cursor.at = end;
}

/** Reads code up to the end, or, inside `${…}`, up to the brace that closes it. */
function readCode(cursor: Cursor, inTemplate: boolean): void {
  const { text } = cursor;
  let depth = 0;
  while (cursor.at < text.length) {
    const char = text[cursor.at];
    const pair = text.slice(cursor.at, cursor.at + 2);
    if (pair === "//") emit(cursor, endOf(text, "\n", cursor.at), "comment");
    else if (pair === "/*") emit(cursor, endOf(text, "*/", cursor.at + 2) + 2, "comment");
    else if (char === '"' || char === "'") readQuoted(cursor, char);
    else if (char === "`") readTemplate(cursor);
    else if (char === "/" && startsRegex(cursor)) readRegex(cursor);
    else if (inTemplate && char === "}" && depth === 0) return;
    else {
      if (char === "{") depth++;
      if (char === "}") depth--;
      emit(cursor, cursor.at + 1, "code");
    }
  }
}

function endOf(text: string, ending: string, from: number): number {
  const at = text.indexOf(ending, from);
  return at < 0 ? text.length : at;
}

function readQuoted(cursor: Cursor, quote: string): void {
  let end = cursor.at + 1;
  while (end < cursor.text.length && cursor.text[end] !== quote && cursor.text[end] !== "\n") {
    end += cursor.text[end] === "\\" ? 2 : 1;
  }
  emit(cursor, cursor.at + 1, "code");
  emit(cursor, end, "literal");
  emit(cursor, Math.min(end + 1, cursor.text.length), "code");
}

function readTemplate(cursor: Cursor): void {
  emit(cursor, cursor.at + 1, "code");
  while (cursor.at < cursor.text.length) {
    const char = cursor.text[cursor.at];
    if (char === "`") {
      emit(cursor, cursor.at + 1, "code");
      return;
    }
    if (char === "$" && cursor.text[cursor.at + 1] === "{") {
      emit(cursor, cursor.at + 2, "code");
      readCode(cursor, true);
      emit(cursor, Math.min(cursor.at + 1, cursor.text.length), "code");
    } else {
      emit(cursor, Math.min(cursor.at + (char === "\\" ? 2 : 1), cursor.text.length), "literal");
    }
  }
}

function startsRegex(cursor: Cursor): boolean {
  return beforeRegex.test(cursor.code.slice(-40).trimEnd());
}

function readRegex(cursor: Cursor): void {
  let end = cursor.at + 1;
  let inClass = false;
  while (end < cursor.text.length && cursor.text[end] !== "\n") {
    const char = cursor.text[end];
    if (char === "/" && !inClass) break;
    if (char === "[") inClass = true;
    if (char === "]") inClass = false;
    end += char === "\\" ? 2 : 1;
  }
  emit(cursor, cursor.at + 1, "code");
  emit(cursor, end, "literal");
  emit(cursor, Math.min(end + 1, cursor.text.length), "code");
}

/** Where a literal follows that names another module; the code view has its inside blanked. */
const referenceStart =
  /\b(?:import|export)\s*(?:type\s+)?(?:[\w*$\s{},]*?\bfrom\s*)?["']|\b(import|URL)\s*\(\s*["']/g;

/** Everything the file refers to by a literal path or package name, in order. */
export function referencesOf(file: SourceFile): Reference[] {
  const { code } = scan(file.text);
  const found: Reference[] = [];
  for (const match of code.matchAll(referenceStart)) {
    const from = match.index + match[0].length;
    const quote = match[0].slice(-1);
    const target = file.text.slice(from, file.text.indexOf(quote, from));
    // Other URLs are addresses and folders, not modules.
    if (match[1] === "URL" && !/^\..*\.[tj]s$/.test(target)) continue;
    found.push({ target, line: lineAt(code, match.index), dynamic: match[1] !== undefined });
  }
  return found;
}
