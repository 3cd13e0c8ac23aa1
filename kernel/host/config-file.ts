import { type Document, isMap, isSeq, LineCounter, type Node, type Pair, type YAMLMap } from "yaml";
import { errors, type TepuiError } from "../../contract/errors.ts";
import { readYaml } from "./yaml-text.ts";

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
  const { document, problems } = readYaml(plain, lines);
  const at = (offset: number): Position => {
    const { line, col } = lines.linePos(offset);
    return { line: Math.max(1, line), column: Math.max(1, col) };
  };
  const told = problems.map(({ offset, kind, text }) => {
    const where = `${file}:${at(offset).line}:${at(offset).column}`;
    return kind === "syntax"
      ? errors.CONFIG_SYNTAX(where, text)
      : errors.CONFIG_DUPLICATE_KEY(where, text);
  });
  const isReadable = problems.every(({ kind }) => kind === "repeated-field");
  const fields = new FieldIndex();
  return {
    value: isReadable ? (document.toJS() ?? {}) : undefined,
    problems: onePerPlace(told),
    locate: (pointer, part) => at(offsetOf(document, fields, pointer, part)),
  };
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

/** Finds fields by their names; each list of fields is gone through once, and only when asked. */
class FieldIndex {
  readonly #found = new WeakMap<YAMLMap, ReadonlyMap<string, Pair>>();

  find(map: YAMLMap, name: string): Pair | undefined {
    let fields = this.#found.get(map);
    if (fields === undefined) {
      const named = map.items.map((pair): [string, Pair] => {
        return [String((pair.key as { value?: unknown } | null)?.value), pair];
      });
      fields = new Map(named); // Of a name that is given twice the last, which is the one checked.
      this.#found.set(map, fields);
    }
    return fields.get(name);
  }
}

/** The offset of what a pointer names, or of the innermost thing around it. */
function offsetOf(
  document: Document.Parsed,
  fields: FieldIndex,
  pointer: string,
  part: "value" | "key",
): number {
  const steps = pointer.split("/").slice(1).map(unescapeStep);
  let node: Node | null = document.contents;
  let offset = node?.range?.[0] ?? 0;
  for (const [at, step] of steps.entries()) {
    const isLast = at === steps.length - 1;
    if (isMap(node)) {
      const pair = fields.find(node, step);
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
