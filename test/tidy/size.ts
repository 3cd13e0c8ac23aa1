import { scan } from "./scan.ts";
import { type Finding, isTest, isTypeScript, lineAt, type SourceFile } from "./source.ts";

/** Longest line, in columns. */
export const COLUMNS_MAX = 100;
/** Files beyond this have to be listed in ratchet.json, and may only shrink. */
export const FILE_LINES_SOFT = 300;
/** No file is longer than this. */
export const FILE_LINES_MAX = 500;
/** Functions beyond this have to be listed in ratchet.json, and may only shrink. */
export const FUNCTION_LINES_SOFT = 60;

/** Lengths that were accepted once, by path, or by path and function name. */
export interface Ratchet {
  readonly files: Readonly<Record<string, number>>;
  readonly functions: Readonly<Record<string, number>>;
}

/** A function and how many lines it has, both braces' lines included. */
export interface FunctionLength {
  readonly name: string;
  readonly line: number;
  readonly lines: number;
}

const isCode = ({ path }: SourceFile): boolean =>
  /\.(ts|mjs)$/.test(path) && !path.startsWith("test/golden/");

/** Lines that are too wide. A line that holds an address cannot be broken and is let through. */
export function lineFindings(files: readonly SourceFile[]): Finding[] {
  return files.filter(isCode).flatMap(({ path, text }) =>
    text.split("\n").flatMap((line, at) => {
      const columns = [...line].length;
      if (columns <= COLUMNS_MAX || /https?:\/\//.test(line) || isUnbreakable(path, line)) {
        return [];
      }
      return [{ path, line: at + 1, message: `has ${columns} columns, over ${COLUMNS_MAX}` }];
    }),
  );
}

/**
 * An import of one name cannot be broken, and a test's title is a sentence on one line, so that it
 * can be searched for as it is printed.
 */
function isUnbreakable(path: string, line: string): boolean {
  if (/^import [^,]* from "[^"]*";$/.test(line)) return true;
  if (!path.startsWith("test/")) return false;
  return /^\s*((test|scenario|rule|describe|\]\))\(|\]\)\()?["`][^"`]*["`],/.test(line);
}

/** Files that are too long, or longer than the ratchet allows. */
export function fileFindings(files: readonly SourceFile[], ratchet: Ratchet): Finding[] {
  return files.filter(isCode).flatMap((file) => {
    const lines = linesOf(file.text);
    const allowed = Math.max(FILE_LINES_SOFT, ratchet.files[file.path] ?? 0);
    if (lines <= Math.min(allowed, FILE_LINES_MAX)) return [];
    const limit = lines > FILE_LINES_MAX ? FILE_LINES_MAX : allowed;
    const message = `has ${lines} lines, over ${limit}: split it by subject`;
    return [{ path: file.path, line: 0, message }];
  });
}

/** Functions that are too long, or longer than the ratchet allows. Tests are free. */
export function functionFindings(files: readonly SourceFile[], ratchet: Ratchet): Finding[] {
  return files.filter(isMeasured).flatMap(({ path, text }) =>
    functionsOf(text).flatMap(({ name, line, lines }) => {
      const allowed = ratchet.functions[`${path} ${name}`] ?? FUNCTION_LINES_SOFT;
      if (lines <= allowed) return [];
      const message = `${name} has ${lines} lines, over ${allowed}: take a step of it out`;
      return [{ path, line, message }];
    }),
  );
}

/** The ratchet that fits `files` as they are; no entry for what is within the soft limits. */
export function tightened(files: readonly SourceFile[]): Ratchet {
  const long = files.filter(isCode).map((file) => [file.path, linesOf(file.text)] as const);
  const functions = files
    .filter(isMeasured)
    .flatMap(({ path, text }) =>
      functionsOf(text).map(({ name, lines }) => [`${path} ${name}`, lines] as const),
    );
  return {
    files: Object.fromEntries(long.filter(([, lines]) => lines > FILE_LINES_SOFT)),
    functions: Object.fromEntries(functions.filter(([, lines]) => lines > FUNCTION_LINES_SOFT)),
  };
}

function isMeasured(file: SourceFile): boolean {
  return isTypeScript(file) && !isTest(file.path);
}

function linesOf(text: string): number {
  return text.replace(/\n$/, "").split("\n").length;
}

/** Everything before a function's opening brace that tells it from a block. */
const functionHead =
  /(?:\bfunction\b\s*\*?\s*([\w$]*)|([\w$#]+)\s*(?:<[^<>]*>)?)\s*\([^;]*\)\s*(?::\s*[^;={}()]+)?$/;
const arrowHead = /(?:(?:const|let)\s+([\w$]+)[^;]*|)=>\s*$/;
const blockWords = new Set(["if", "for", "while", "switch", "catch", "with"]);

/** Functions with a body in braces: declarations, methods and arrows. A scan, not a parse. */
export function functionsOf(text: string): FunctionLength[] {
  const { code } = scan(text);
  const found: FunctionLength[] = [];
  const open: { name: string | undefined; at: number }[] = [];
  for (let at = 0; at < code.length; at++) {
    if (code[at] === "{") open.push({ name: functionName(code, at), at });
    if (code[at] !== "}") continue;
    const start = open.pop();
    if (start?.name === undefined) continue;
    const line = lineAt(code, start.at);
    found.push({ name: start.name, line, lines: lineAt(code, at) - line + 1 });
  }
  return found;
}

function functionName(code: string, brace: number): string | undefined {
  const statement = code.slice(Math.max(0, brace - 600), brace);
  const head = statement.slice(lastBoundary(statement)).trimEnd();
  const arrow = arrowHead.exec(head);
  if (arrow) return arrow[1] ?? "an arrow function";
  const plain = functionHead.exec(head);
  if (plain === null) return undefined;
  const name = plain[1] || plain[2];
  return name === undefined || blockWords.has(name) ? undefined : name;
}

/** Where the statement that ends at a brace starts: after the last break outside parentheses. */
function lastBoundary(text: string): number {
  let depth = 0;
  for (let at = text.length - 1; at >= 0; at--) {
    const char = text[at];
    if (char === ")") depth++;
    if (char === "(") depth--;
    if (depth < 0) return at + 1;
    if (depth === 0 && (char === ";" || char === "{" || char === "}")) return at + 1;
  }
  return 0;
}
