import type { BinaryOperator, Expression, Literal } from "./syntax.ts";
import { ERROR, UNDEFINED } from "./syntax.ts";

/** What a name stands for in the ads at hand. */
export type Lookup = (reference: Extract<Expression, { kind: "attribute" }>) => Literal;

/** What it evaluates to; `undefined` where that takes functions that only the policy knows. */
export type Meaning = Literal | undefined;

const boolean = (value: boolean): Literal => ({ type: "boolean", value });

/**
 * Evaluates an expression for an explanation. What decides is the policy's own evaluator; this one
 * knows all operators, and the functions that requirements are mostly made of.
 */
export function meaningOf(expression: Expression, lookup: Lookup): Meaning {
  const of = (part: Expression): Meaning => meaningOf(part, lookup);
  switch (expression.kind) {
    case "literal":
      return expression.value;
    case "attribute":
      return lookup(expression);
    case "unary":
      return unary(expression.operator, of(expression.operand));
    case "binary": {
      const { operator, left, right } = expression;
      if (operator === "&&" || operator === "||") {
        return joined(of(left), operator === "||", () => of(right));
      }
      const [a, b] = [of(left), of(right)];
      return a && b && binary(operator, a, b);
    }
    case "conditional": {
      const test = of(expression.test);
      const truth = test && truthOf(test);
      if (truth?.type !== "boolean") return truth;
      return of(truth.value ? expression.then : expression.otherwise);
    }
    case "default": {
      const value = of(expression.value);
      return value?.type === "undefined" ? of(expression.otherwise) : value;
    }
    case "call": {
      const args = expression.args.map(of);
      return args.every((one) => one !== undefined) ? called(expression.of.name, args) : undefined;
    }
  }
}

/** A value as a condition: true, false, undefined or error. */
export function truthOf(value: Literal): Literal {
  if (value.type === "string") return ERROR;
  return value.type === "integer" || value.type === "real" ? boolean(value.value !== 0) : value;
}

/** `&&`, or `||` when `deciding` is true. */
function joined(left: Meaning, deciding: boolean, right: () => Meaning): Meaning {
  const a = left && truthOf(left);
  if (a === undefined || a.type === "error") return a;
  if (a.type === "boolean" && a.value === deciding) return a;
  const other = right();
  const b = other && truthOf(other);
  if (b === undefined || a.type === "boolean") return b;
  return b.type === "error" || (b.type === "boolean" && b.value === deciding) ? b : UNDEFINED;
}

function unary(operator: "!" | "-" | "+", value: Meaning): Meaning {
  if (value === undefined) return undefined;
  if (operator === "!") {
    const truth = truthOf(value);
    return truth.type === "boolean" ? boolean(!truth.value) : truth;
  }
  if (value.type === "undefined" || value.type === "error") return value;
  if (value.type !== "integer" && value.type !== "real") return ERROR;
  return operator === "-" ? { type: value.type, value: -value.value } : value;
}

function binary(operator: BinaryOperator, a: Literal, b: Literal): Literal {
  if (operator === "=?=" || operator === "=!=") {
    return boolean(identical(a, b) === (operator === "=?="));
  }
  if (a.type === "error" || b.type === "error") return ERROR;
  if (a.type === "undefined" || b.type === "undefined") return UNDEFINED;
  if (a.type === "string" && b.type === "string") {
    const order = Buffer.compare(Buffer.from(folded(a.value)), Buffer.from(folded(b.value)));
    return compared(operator, order);
  }
  if (a.type === "string" || b.type === "string") return ERROR;
  const [x, y] = [Number(a.value), Number(b.value)];
  if (!"+-*/%".includes(operator)) return compared(operator, x < y ? -1 : x > y ? 1 : 0);
  if (a.type === "real" || b.type === "real") return real(operator, x, y);
  if ((operator === "/" || operator === "%") && y === 0) return ERROR;
  const [m, n] = [BigInt(x), BigInt(y)];
  const wholes = { "+": () => m + n, "-": () => m - n, "*": () => m * n, "/": () => m / n };
  const whole = operator === "%" ? m % n : wholes[operator as keyof typeof wholes]();
  const value = Number(whole);
  return Number.isSafeInteger(value) ? { type: "integer", value } : ERROR;
}

function real(operator: BinaryOperator, x: number, y: number): Literal {
  const value = { "+": x + y, "-": x - y, "*": x * y, "/": x / y }[operator as "+" | "-" | "*"];
  return Number.isFinite(value) ? { type: "real", value: value as number } : ERROR;
}

function compared(operator: BinaryOperator, order: number): Literal {
  switch (operator) {
    case "<":
      return boolean(order < 0);
    case "<=":
      return boolean(order <= 0);
    case ">":
      return boolean(order > 0);
    case ">=":
      return boolean(order >= 0);
    case "==":
      return boolean(order === 0);
    case "!=":
      return boolean(order !== 0);
    default:
      return ERROR;
  }
}

function identical(a: Literal, b: Literal): boolean {
  if (a.type !== b.type) return false;
  return !("value" in a) || ("value" in b && a.value === b.value);
}

function called(name: string, args: readonly Literal[]): Meaning {
  const [item = UNDEFINED, ...rest] = args;
  switch (name) {
    case "identicalMember":
      return boolean(rest.some((one) => identical(item, one)));
    case "member": {
      if (item.type === "error" || item.type === "undefined") return item;
      return boolean(rest.some((one) => isTrue(binary("==", item, one))));
    }
    case "stringListMember":
    case "stringListIMember": {
      if (args.some(({ type }) => type === "error")) return ERROR;
      if (args.some(({ type }) => type === "undefined")) return UNDEFINED;
      const texts = args.map((one) => (one.type === "string" ? one.value : undefined));
      const [wanted, list, parting = ", "] = texts;
      if (texts.includes(undefined) || wanted === undefined || list === undefined) return ERROR;
      const change = name === "stringListIMember" ? folded : (text: string): string => text;
      return boolean(wanted !== "" && pieces(list, parting).map(change).includes(change(wanted)));
    }
    case "isUndefined":
    case "isError":
    case "isString":
    case "isInteger":
    case "isReal":
    case "isBoolean":
      return boolean(item.type === name.slice(2).toLowerCase());
    default:
      return undefined;
  }
}

function pieces(list: string, parting: string): string[] {
  const marks = new Set(parting);
  let parts = [""];
  for (const character of list) {
    if (marks.has(character)) parts = [...parts, ""];
    else parts[parts.length - 1] += character;
  }
  return parts;
}

function isTrue(value: Literal): boolean {
  return value.type === "boolean" && value.value;
}

/** Only the letters of ASCII have a case. */
function folded(text: string): string {
  return text.replace(/[A-Z]/g, (letter) => letter.toLowerCase());
}
