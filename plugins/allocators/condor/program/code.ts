import type { BinaryOperator, Expression, Literal } from "../language/syntax.ts";
import { readBy, STRING_BYTES_MAX, stepsFor } from "./costs.ts";
import { type StringSet, setOf, tableOf } from "./sets.ts";

/** Instructions of the evaluator; assembly/condor/machine.ts has the same numbers. */
const Op = {
  END: 0,
  UNDEFINED: 1,
  ERROR: 2,
  TRUE: 3,
  FALSE: 4,
  /** A double. */
  INTEGER: 5,
  REAL: 6,
  /** A length of two bytes, then UTF-8. */
  STRING: 7,
  /** Two bytes: index of a name. */
  AGENT: 8,
  CLIENT: 9,
  /** One byte: a kind. */
  FREE: 10,
  TOTAL: 11,
  NOT: 12,
  NEGATE: 13,
  PLUS: 14,
  /** 15 to 27: binary operators that need both operands. */
  BINARY: 15,
  /** Two bytes each: how far to jump when the left operand decides. */
  AND: 28,
  AND_JOIN: 29,
  OR: 30,
  OR_JOIN: 31,
  /** Two distances: to what follows where it is false, and to the end where it is no condition. */
  CHOOSE: 32,
  JUMP: 33,
  DEFAULT: 34,
  /** Number of the function, number of arguments. */
  CALL: 35,
  /** One byte: 1 where case does not matter, and twice what comes of others; then a table. */
  IN_SET: 36,
} as const;

const BINARY_ORDER: readonly BinaryOperator[] = [
  ...(["+", "-", "*", "/", "%"] as const),
  ...(["<", "<=", ">", ">=", "==", "!=", "=?=", "=!="] as const),
];

/** Most values on the evaluator's stack. */
export const STACK_MAX = 128;
/** Largest compiled expression: jumps have two bytes, with room to spare. */
export const CODE_BYTES_MAX = 32_768;

/** What an attribute is in the ads at hand, once names are resolved. */
export type Resolved =
  | { readonly kind: "literal"; readonly value: Literal }
  /** Value of an agent's attribute, or of a client's; `index` numbers the name. */
  | { readonly kind: "agent"; readonly index: number; readonly longest: number }
  | { readonly kind: "client"; readonly index: number }
  /** Amount on the agent, in whole units: what the client may have of it, or all there is. */
  | { readonly kind: "free" | "total"; readonly index: number }
  /** The first unless it is undefined. */
  | { readonly kind: "either"; readonly first: Resolved; readonly second: Resolved };

/** Says what a reference to an attribute means. */
export type Resolve = (reference: Extract<Expression, { kind: "attribute" }>) => Resolved;

/**
 * Compiled code, and what it costs at most: its instructions, none of which is run twice since
 * jumps go forward, and for each as many again as it takes to read its strings.
 */
export interface Code {
  readonly bytes: Uint8Array;
  readonly steps: number;
}

/** The code is too large, or needs too deep a stack. */
export class CodeTooLarge extends Error {}

const utf8 = new TextEncoder();

/**
 * Compiles an expression to code for the evaluator's stack machine. The code names no addresses:
 * it can be put anywhere.
 * @throws CodeTooLarge
 */
export function codeOf(expression: Expression, resolve: Resolve): Code {
  try {
    return new Generator(resolve, true).whole(expression);
  } catch (thrown) {
    if (!(thrown instanceof CodeTooLarge)) throw thrown;
    // Tables are larger than what they stand for.
    return new Generator(resolve, false).whole(expression);
  }
}

const OP_OF = { agent: Op.AGENT, client: Op.CLIENT, free: Op.FREE, total: Op.TOTAL } as const;

class Generator {
  readonly #resolve: Resolve;
  readonly #withSets: boolean;
  readonly #bytes: number[] = [];
  #steps = 0;
  #depth = 0;

  constructor(resolve: Resolve, withSets: boolean) {
    this.#resolve = resolve;
    this.#withSets = withSets;
  }

  whole(expression: Expression): Code {
    this.#expression(expression);
    this.#op(Op.END);
    if (this.#bytes.length > CODE_BYTES_MAX) throw new CodeTooLarge();
    return { bytes: Uint8Array.from(this.#bytes), steps: this.#steps };
  }

  #op(op: number, ...operands: number[]): void {
    this.#bytes.push(op, ...operands);
    this.#steps += 1;
  }

  /** Notes that a value is put on the stack. */
  #pushed(): void {
    this.#depth += 1;
    if (this.#depth > STACK_MAX) throw new CodeTooLarge();
  }

  /** Notes what an instruction reads beside itself, in bytes of strings. */
  #reads(bytes: number): void {
    this.#steps += stepsFor(bytes);
  }

  /** Answers how long the value is at most, in bytes, if it is a string. */
  #expression(expression: Expression): number {
    const set = this.#withSets ? setOf(expression, this.#resolve) : undefined;
    if (set !== undefined && this.#set(set)) return 0;
    switch (expression.kind) {
      case "literal":
        return this.#literal(expression.value);
      case "attribute":
        return this.#resolved(this.#resolve(expression));
      case "unary":
        this.#expression(expression.operand);
        this.#op({ "!": Op.NOT, "-": Op.NEGATE, "+": Op.PLUS }[expression.operator]);
        return 0;
      case "binary":
        this.#binary(expression.operator, expression.left, expression.right);
        return 0;
      case "conditional":
        return this.#conditional(expression.test, expression.then, expression.otherwise);
      case "default": {
        const length = this.#expression(expression.value);
        return this.#default(length, () => this.#expression(expression.otherwise));
      }
      case "call": {
        const lengths = expression.args.map((argument) => this.#expression(argument));
        this.#op(Op.CALL, expression.of.number, expression.args.length);
        this.#depth -= expression.args.length;
        this.#pushed();
        const { bytes, length } = readBy(expression.of, lengths);
        this.#reads(bytes);
        return length;
      }
    }
  }

  /** False when there is no table for it. */
  #set(set: StringSet): boolean {
    const table = tableOf(set);
    if (table === undefined) return false;
    const length = this.#expression(set.of);
    this.#op(Op.IN_SET, Number(set.folded) | (set.others * 2), ...table.bytes);
    this.#reads(2 * Math.min(length, table.longest));
    return true;
  }

  #literal(value: Literal): number {
    this.#pushed();
    switch (value.type) {
      case "undefined":
        this.#op(Op.UNDEFINED);
        return 0;
      case "error":
        this.#op(Op.ERROR);
        return 0;
      case "boolean":
        this.#op(value.value ? Op.TRUE : Op.FALSE);
        return 0;
      case "string":
        return this.#string(utf8.encode(value.value));
      default:
        this.#op(value.type === "integer" ? Op.INTEGER : Op.REAL);
        this.#bytes.push(...new Uint8Array(new Float64Array([value.value]).buffer));
        return 0;
    }
  }

  #string(bytes: Uint8Array): number {
    if (bytes.length > STRING_BYTES_MAX) {
      this.#op(Op.ERROR);
      return 0;
    }
    this.#op(Op.STRING, bytes.length & 255, bytes.length >> 8, ...bytes);
    return bytes.length;
  }

  #resolved(resolved: Resolved): number {
    if (resolved.kind === "literal") return this.#literal(resolved.value);
    if (resolved.kind === "either") {
      const length = this.#resolved(resolved.first);
      return this.#default(length, () => this.#resolved(resolved.second));
    }
    const { kind, index } = resolved;
    this.#pushed();
    if (kind === "free" || kind === "total") {
      this.#op(OP_OF[kind], index);
      return 0;
    }
    this.#op(OP_OF[kind], index & 255, index >> 8);
    return Math.min(resolved.kind === "agent" ? resolved.longest : Infinity, STRING_BYTES_MAX);
  }

  #binary(operator: BinaryOperator, left: Expression, right: Expression): void {
    const length = this.#expression(left);
    if (operator === "&&" || operator === "||") {
      const decided = this.#jump(operator === "&&" ? Op.AND : Op.OR);
      this.#expression(right);
      this.#op(operator === "&&" ? Op.AND_JOIN : Op.OR_JOIN);
      this.#depth -= 1;
      this.#land(decided);
      return;
    }
    const other = this.#expression(right);
    this.#op(Op.BINARY + BINARY_ORDER.indexOf(operator));
    this.#depth -= 1;
    this.#reads(Math.min(length, other));
  }

  #conditional(test: Expression, then: Expression, otherwise: Expression): number {
    this.#expression(test);
    this.#op(Op.CHOOSE, 0, 0, 0, 0);
    const [isFalse, isNone] = [this.#bytes.length - 4, this.#bytes.length - 2];
    this.#depth -= 1;
    const length = this.#expression(then);
    this.#depth -= 1;
    const end = this.#jump(Op.JUMP);
    this.#land(isFalse);
    const other = this.#expression(otherwise);
    this.#land(end);
    this.#land(isNone);
    return Math.max(length, other);
  }

  #default(length: number, otherwise: () => number): number {
    const end = this.#jump(Op.DEFAULT);
    this.#depth -= 1;
    const other = otherwise();
    this.#land(end);
    return Math.max(length, other);
  }

  /** Writes a jump whose distance is not known yet; answers where the distance stands. */
  #jump(op: number): number {
    this.#op(op, 0, 0);
    return this.#bytes.length - 2;
  }

  /** Has a jump end here. Distances count from the two bytes that hold them. */
  #land(at: number): void {
    const distance = this.#bytes.length - at;
    this.#bytes[at] = distance & 255;
    this.#bytes[at + 1] = distance >> 8;
  }
}
