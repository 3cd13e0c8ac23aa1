import {
  type Document,
  isMap,
  isSeq,
  Lexer,
  LineCounter,
  type Node,
  Parser,
  parseDocument,
  visit,
} from "yaml";
import { errors, type TepuiError } from "../../contract/errors.ts";

/** The two ways to write a config file. */
export type ConfigSyntax = "json" | "yaml";

/** A place in a text; both count from 1. */
export interface Position {
  readonly line: number;
  readonly column: number;
}

/** A config file as data that remembers where everything stood. */
export interface ParsedConfig {
  /**
   * What the text says; an empty file says `{}`. Undefined when there are problems other than
   * fields that are given twice: those do not hide what else is wrong.
   */
  readonly value: unknown;
  /** What keeps the text from being read, each with its place. */
  readonly problems: readonly TepuiError[];
  /**
   * Where the thing stands that a JSON pointer names: the value, or the field's name for `key`. For
   * something that is not in the text it is the place of the innermost thing around it that is.
   */
  locate(pointer: string, part: "value" | "key"): Position;
}

/** `.json` and `.jsonc` are JSON, `.yaml` and `.yml` YAML; others by how the text begins. */
export function syntaxOf(file: string, text: string): ConfigSyntax {
  if (/\.jsonc?$/i.test(file)) return "json";
  if (/\.ya?ml$/i.test(file)) return "yaml";
  return /^\s*(\{|\/\/|\/\*)/.test(text) ? "json" : "yaml";
}

/** Levels of lists and of fields within fields that a config file may have. */
const DEPTH_MAX = 64;
const TOO_DEEP = "it is nested more deeply than any setting, or a bracket is not closed";

/**
 * Reads a config file. JSON may have comments of both kinds and trailing commas. Both syntaxes go
 * through one YAML parser, because YAML 1.2 contains JSON and the parser knows the range of every
 * value: for JSON the comments, which YAML does not know, are blanked out first, so that every
 * position stays what it was.
 */
export function parseConfig(file: string, text: string): ParsedConfig {
  const lines = new LineCounter();
  const marked = syntaxOf(file, text) === "json" ? blankComments(text) : text;
  const plain = marked.replace(/^\uFEFF/, " ");
  const deep = tooDeepAt(plain);
  const document = parseDocument(plain.slice(0, deep), {
    lineCounter: lines,
    prettyErrors: false,
    version: "1.2",
    merge: false,
  });
  const at = (offset: number): Position => {
    const { line, col } = lines.linePos(offset);
    return { line: Math.max(1, line), column: Math.max(1, col) };
  };
  const where = (offset: number): string => `${file}:${at(offset).line}:${at(offset).column}`;
  const problems = [...document.errors, ...document.warnings].map((error) => {
    if (error.code !== "DUPLICATE_KEY")
      return errors.CONFIG_SYNTAX(where(error.pos[0]), error.message);
    return errors.CONFIG_DUPLICATE_KEY(where(error.pos[0]), keyAt(plain, error.pos[0]));
  });
  problems.push(...aliasProblems(document, where));
  const told = deep === undefined ? problems : [errors.CONFIG_SYNTAX(where(deep), TOO_DEEP)];
  const isReadable = told.every(({ code }) => code === "CONFIG_DUPLICATE_KEY");
  return {
    value: isReadable ? (document.toJS() ?? {}) : undefined,
    problems: onePerPlace(told),
    locate: (pointer, part) => at(offsetOf(document, pointer, part)),
  };
}

/**
 * Where a text goes deeper than `DEPTH_MAX`, if it does. What makes a document of it calls itself
 * for every level and would run out of stack, which not even an error survives everywhere; what
 * takes the text apart keeps a stack of its own, so it is asked first.
 */
function tooDeepAt(text: string): number | undefined {
  const parser = new Parser();
  for (const part of new Lexer().lex(text)) {
    for (const _ of parser.next(part));
    // The document itself is the first of the stack, and a word under way may be the last.
    if (parser.stack.length > DEPTH_MAX + 2) return parser.offset;
  }
  return undefined;
}

/** The first problem of each kind at each place: every level that is left open ends at the same. */
function onePerPlace(problems: readonly TepuiError[]): TepuiError[] {
  const places = new Map<string, TepuiError>();
  for (const problem of problems) {
    const place = `${problem.code} ${problem.where}`;
    if (!places.has(place)) places.set(place, problem);
  }
  return [...places.values()];
}

/** The name of the field that begins at an offset, without quotes. */
function keyAt(text: string, offset: number): string {
  const [, double, single, bare] =
    /^(?:"((?:[^"\\]|\\.)*)"|'([^']*)'|([^:\n]+))/.exec(text.slice(offset)) ?? [];
  return (double ?? single ?? bare ?? "").trim() || "this field";
}

/**
 * Aliases would make one place of the text stand for many values, and a short text for a huge one.
 */
function aliasProblems(document: Document.Parsed, where: (offset: number) => string): TepuiError[] {
  const problems: TepuiError[] = [];
  visit(document, {
    Alias(_, node) {
      const reason = `"*${node.source}": YAML aliases are not allowed here`;
      problems.push(errors.CONFIG_SYNTAX(where(node.range?.[0] ?? 0), reason));
    },
  });
  return problems;
}

/** The offset of what a pointer names, or of the innermost thing around it. */
function offsetOf(document: Document.Parsed, pointer: string, part: "value" | "key"): number {
  const steps = pointer.split("/").slice(1).map(unescapeStep);
  let node: Node | null = document.contents;
  let offset = node?.range?.[0] ?? 0;
  for (const [at, step] of steps.entries()) {
    const isLast = at === steps.length - 1;
    if (isMap(node)) {
      const pair = node.items.find(
        ({ key }) => String((key as { value?: unknown })?.value) === step,
      );
      if (pair === undefined) break;
      const name = pair.key as Node;
      node = (pair.value ?? null) as Node | null;
      const range = isLast && part === "key" ? name.range : (node?.range ?? name.range);
      offset = range?.[0] ?? offset;
    } else if (isSeq(node)) {
      node = (node.items[Number(step)] ?? null) as Node | null;
      offset = node?.range?.[0] ?? offset;
    } else break;
  }
  return offset;
}

function unescapeStep(step: string): string {
  return step.replace(/~1/g, "/").replace(/~0/g, "~");
}

/**
 * A string (kept), or a comment of either kind (blanked); a comment that does not end runs to the
 * end.
 */
const STRING_OR_COMMENT = /"(?:[^"\\\n]|\\.)*"|\/\/[^\n]*|\/\*[\s\S]*?(?:\*\/|$)/g;

/** The text with comments, and tabs outside strings, turned into as many spaces. */
function blankComments(text: string): string {
  let result = "";
  let from = 0;
  for (const match of text.matchAll(STRING_OR_COMMENT)) {
    const [found] = match;
    result += text.slice(from, match.index).replace(/\t/g, " ");
    result += found.startsWith('"') ? found : found.replace(/[^\n\r]/g, " ");
    from = match.index + found.length;
  }
  return result + text.slice(from).replace(/\t/g, " ");
}
