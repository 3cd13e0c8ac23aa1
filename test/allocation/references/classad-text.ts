import type { Tree, Value } from "./classad.ts";

/** How strongly an operator binds; `? :` and `?:` bind least. */
const STRENGTH: Readonly<Record<string, number>> = {
  ...{ "? :": 0, "?:": 0, "||": 1, "&&": 2 },
  ...{ "==": 3, "!=": 3, "=?=": 3, "=!=": 3, "<": 4, "<=": 4, ">": 4, ">=": 4 },
  ...{ "+": 5, "-": 5, "*": 6, "/": 6, "%": 6 },
};

/** Writes a tree with as few parentheses as there can be. */
export function printed(tree: Tree): string {
  switch (tree.kind) {
    case "value":
      return printedValue(tree.value);
    case "name":
      return `${tree.scope}${/^\w+$/.test(tree.name) ? tree.name : `'${tree.name}'`}`;
    case "function":
      return `${tree.name}(${tree.args.map(printed).join(", ")})`;
    case "listing": {
      const list = `{${tree.members.map(printed).join(", ")}}`;
      return `${tree.name}(${tree.first === undefined ? "" : `${printed(tree.first)}, `}${list})`;
    }
    case "operator":
      return printedOperator(tree.operator, tree.operands);
  }
}

function strengthOf(tree: Tree): number {
  if (tree.kind !== "operator") return 9;
  return tree.operands.length === 1 ? 7 : (STRENGTH[tree.operator] as number);
}

function printedOperator(operator: string, operands: readonly Tree[]): string {
  const within = (tree: Tree, least: number) =>
    strengthOf(tree) < least ? `(${printed(tree)})` : printed(tree);
  const [a, b, c] = operands as [Tree, Tree, Tree];
  if (operands.length === 1) return `${operator}${within(a, 7)}`;
  if (operator === "? :") return `${within(a, 1)} ? ${printed(b)} : ${printed(c)}`;
  if (operator === "?:") return `${within(a, 1)} ?: ${printed(b)}`;
  const strength = STRENGTH[operator] as number;
  return `${within(a, strength)} ${operator} ${within(b, strength + 1)}`;
}

/** Writes a value as a literal; numbers below zero stand in parentheses. */
export function printedValue(value: Value): string {
  switch (value.is) {
    case "undefined":
    case "error":
      return value.is;
    case "boolean":
      return String(value.value);
    case "string": {
      const text = Buffer.from(value.value, "latin1").toString("utf8");
      return `"${text.replace(/["\\]/g, "\\$&").replace(/\n/g, "\\n")}"`;
    }
    case "integer":
      return value.value < 0n ? `(${value.value})` : String(value.value);
    case "real": {
      const text = String(Math.abs(value.value));
      const full = /[.e]/.test(text) ? text : `${text}.0`;
      return value.value < 0 ? `(-${full})` : full;
    }
  }
}
