/**
 * A second, simple evaluator of the condor policy's language: it walks trees, holds whole numbers
 * as bigint and strings as strings of bytes, and shares nothing with the one that is tested.
 */

/** A value. Strings have one character for each byte. */
export type Value =
  | { readonly is: "undefined" | "error" }
  | { readonly is: "boolean"; readonly value: boolean }
  | { readonly is: "integer"; readonly value: bigint }
  | { readonly is: "real"; readonly value: number }
  | { readonly is: "string"; readonly value: string };

/** An expression as a tree. */
export type Tree =
  | { readonly kind: "value"; readonly value: Value }
  | { readonly kind: "name"; readonly scope: "MY." | "TARGET." | ""; readonly name: string }
  | { readonly kind: "operator"; readonly operator: string; readonly operands: readonly Tree[] }
  | { readonly kind: "function"; readonly name: string; readonly args: readonly Tree[] }
  /** Functions with a list: what comes before it, and its members. */
  | {
      readonly kind: "listing";
      readonly name: string;
      readonly first: Tree | undefined;
      readonly members: readonly Tree[];
    };

/** The two ads of an evaluation, by names in small letters. */
export interface Ads {
  readonly my: Readonly<Record<string, Value>>;
  readonly target: Readonly<Record<string, Value>>;
}

const UNDEFINED: Value = { is: "undefined" };
const ERROR: Value = { is: "error" };
const boolean = (value: boolean): Value => ({ is: "boolean", value });
const LARGEST = 9007199254740991n;

const integer = (value: bigint): Value =>
  value > LARGEST || value < -LARGEST ? ERROR : { is: "integer", value };
const real = (value: number): Value => (Number.isFinite(value) ? { is: "real", value } : ERROR);

/** What an expression evaluates to. */
export function meaningOf(tree: Tree, ads: Ads): Value {
  switch (tree.kind) {
    case "value":
      return tree.value;
    case "name": {
      const name = tree.name.toLowerCase();
      if (tree.scope === "MY.") return ads.my[name] ?? UNDEFINED;
      if (tree.scope === "TARGET.") return ads.target[name] ?? UNDEFINED;
      return ads.my[name] ?? ads.target[name] ?? UNDEFINED;
    }
    case "operator":
      return operatorOf(
        tree.operator,
        tree.operands.map((operand) => meaningOf(operand, ads)),
      );
    case "function":
      return functionOf(
        tree.name,
        tree.args.map((argument) => meaningOf(argument, ads)),
      );
    case "listing": {
      const first = tree.first && meaningOf(tree.first, ads);
      return listingOf(
        tree.name,
        first,
        tree.members.map((member) => meaningOf(member, ads)),
      );
    }
  }
}

/** True, false, or what stands for neither. */
function conditionOf(value: Value): boolean | Value {
  if (value.is === "boolean") return value.value;
  if (value.is === "integer") return value.value !== 0n;
  if (value.is === "real") return value.value !== 0;
  return value.is === "undefined" ? UNDEFINED : ERROR;
}

function operatorOf(operator: string, operands: readonly Value[]): Value {
  const [a, b, c] = operands as [Value, Value, Value];
  if (operands.length === 1) return unary(operator, a);
  switch (operator) {
    case "? :": {
      const test = conditionOf(a);
      if (typeof test !== "boolean") return test;
      return test ? b : c;
    }
    case "?:":
      return a.is === "undefined" ? b : a;
    case "&&":
      return both(a, b, false);
    case "||":
      return both(a, b, true);
    case "=?=":
      return boolean(same(a, b));
    case "=!=":
      return boolean(!same(a, b));
  }
  if (a.is === "error" || b.is === "error") return ERROR;
  if (a.is === "undefined" || b.is === "undefined") return UNDEFINED;
  return "+-*/%".includes(operator) ? arithmetic(operator, a, b) : comparison(operator, a, b);
}

function unary(operator: string, a: Value): Value {
  if (operator === "!") {
    const condition = conditionOf(a);
    return typeof condition === "boolean" ? boolean(!condition) : condition;
  }
  if (a.is === "undefined" || a.is === "error") return a;
  if (a.is === "integer") return operator === "-" ? integer(-a.value) : a;
  if (a.is === "real") return operator === "-" ? real(-a.value) : a;
  return ERROR;
}

/** `&&` and `||`: the table of HTCondor, where an error on the left cannot be made good. */
function both(left: Value, right: Value, deciding: boolean): Value {
  const [l, r] = [conditionOf(left), conditionOf(right)];
  if (l === deciding) return boolean(deciding);
  if (typeof l !== "boolean" && l.is === "error") return ERROR;
  if (typeof l === "boolean") return typeof r === "boolean" ? boolean(r) : r;
  if (r === deciding) return boolean(deciding);
  return typeof r === "boolean" ? UNDEFINED : r;
}

function same(a: Value, b: Value): boolean {
  if (a.is !== b.is) return false;
  return "value" in a && "value" in b ? a.value === b.value : true;
}

/** As a number or a bigint; booleans are 0 and 1. */
function numberOf(value: Value): number | bigint | undefined {
  if (value.is === "boolean") return value.value ? 1n : 0n;
  return value.is === "integer" || value.is === "real" ? value.value : undefined;
}

function arithmetic(operator: string, a: Value, b: Value): Value {
  const [x, y] = [numberOf(a), numberOf(b)];
  if (x === undefined || y === undefined) return ERROR;
  if (typeof x === "bigint" && typeof y === "bigint") {
    if (operator === "+") return integer(x + y);
    if (operator === "-") return integer(x - y);
    if (operator === "*") return integer(x * y);
    if (y === 0n) return ERROR;
    return integer(operator === "/" ? x / y : x % y);
  }
  const [u, v] = [Number(x), Number(y)];
  if (operator === "+") return real(u + v);
  if (operator === "-") return real(u - v);
  if (operator === "*") return real(u * v);
  return operator === "/" ? real(u / v) : ERROR;
}

const lower = (text: string) => text.replace(/[A-Z]/g, (letter) => letter.toLowerCase());
const upper = (text: string) => text.replace(/[a-z]/g, (letter) => letter.toUpperCase());
const orderOf = <T>(a: T, b: T) => (a < b ? -1 : a > b ? 1 : 0);

function comparison(operator: string, a: Value, b: Value): Value {
  let order: number;
  if (a.is === "string" && b.is === "string") order = orderOf(lower(a.value), lower(b.value));
  else {
    const [x, y] = [numberOf(a), numberOf(b)];
    if (x === undefined || y === undefined) return ERROR;
    order = orderOf(Number(x), Number(y));
  }
  const holds: Record<string, boolean> = {
    "<": order < 0,
    "<=": order <= 0,
    ">": order > 0,
    ">=": order >= 0,
    "==": order === 0,
    "!=": order !== 0,
  };
  return boolean(holds[operator] as boolean);
}

function listingOf(name: string, first: Value | undefined, members: readonly Value[]): Value {
  if (name === "min" || name === "max") return extremeOf(name, members);
  if (first === undefined) throw new Error(`${name} without a first argument`);
  if (name === "identicalMember") return boolean(members.some((member) => same(first, member)));
  if (first.is === "undefined" || first.is === "error") return first;
  return boolean(
    members.some((member) => {
      const equal = operatorOf("==", [first, member]);
      return equal.is === "boolean" && equal.value;
    }),
  );
}

function extremeOf(name: "min" | "max", values: readonly Value[]): Value {
  const defined = values.filter(({ is }) => is !== "undefined");
  if (defined.length === 0) return UNDEFINED;
  if (defined.some(({ is }) => is !== "integer" && is !== "real")) return ERROR;
  const numbers = defined.map((value) => Number(numberOf(value)));
  const best = name === "min" ? Math.min(...numbers) : Math.max(...numbers);
  return defined.some(({ is }) => is === "real") ? real(best) : integer(BigInt(best));
}

function functionOf(name: string, args: readonly Value[]): Value {
  const [a, b, c] = args as [Value, Value, Value];
  if (name.startsWith("is")) return boolean(a.is === name.slice(2).toLowerCase());
  if (name === "min" || name === "max") return extremeOf(name, args);
  if (name === "ifThenElse") return operatorOf("? :", args);
  if (args.some(({ is }) => is === "error")) return ERROR;
  if (args.some(({ is }) => is === "undefined")) return UNDEFINED;
  if (["int", "real", "floor", "ceiling", "round"].includes(name)) return roundedOf(name, a);
  if (name === "substr") return substringOf(a, b, c);
  const texts = args.map((argument) => (argument.is === "string" ? argument.value : undefined));
  if (texts.includes(undefined)) return ERROR;
  return onStrings(name, texts as string[]);
}

function roundedOf(name: string, a: Value): Value {
  const number = numberOf(a);
  if (number === undefined) return ERROR;
  const x = Number(number);
  if (name === "real") return real(x);
  const rounded = { int: Math.trunc, floor: Math.floor, ceiling: Math.ceil, round: halfEven };
  const whole = rounded[name as keyof typeof rounded](x);
  return Math.abs(whole) > Number(LARGEST) ? ERROR : integer(BigInt(whole));
}

function halfEven(x: number): number {
  const down = Math.floor(x);
  if (x - down !== 0.5) return Math.round(x);
  return down % 2 === 0 ? down : down + 1;
}

function substringOf(a: Value, b: Value, c: Value | undefined): Value {
  if (a.is !== "string" || b.is !== "integer") return ERROR;
  if (c !== undefined && c.is !== "integer") return ERROR;
  const text = b.value < 0n ? a.value.slice(Number(b.value)) : a.value.slice(Number(b.value));
  if (c === undefined) return { is: "string", value: text };
  return { is: "string", value: text.slice(0, Number(c.value)) };
}

function onStrings(name: string, texts: readonly string[]): Value {
  const [a, b, parting = ", "] = texts as [string, string, string | undefined];
  switch (name) {
    case "strcat":
      return { is: "string", value: texts.join("") };
    case "strcmp":
      return integer(BigInt(orderOf(a, b)));
    case "stricmp":
      return integer(BigInt(orderOf(lower(a), lower(b))));
    case "toUpper":
      return { is: "string", value: upper(a) };
    case "toLower":
      return { is: "string", value: lower(a) };
    case "size":
      return integer(BigInt(a.length));
  }
  const items = [...b]
    .map((byte) => (parting.includes(byte) ? "\0" : byte))
    .join("")
    .split("\0")
    .filter((item) => item !== "");
  const folded = name === "stringListIMember";
  return boolean(items.some((item) => (folded ? lower(item) === lower(a) : item === a)));
}
