import type { BuiltIn } from "./built-ins.ts";

/** A value that an expression can spell out. */
export type Literal =
  | { readonly type: "undefined" }
  | { readonly type: "error" }
  | { readonly type: "boolean"; readonly value: boolean }
  /** A whole number, at most 2^53 - 1 in magnitude. */
  | { readonly type: "integer"; readonly value: number }
  | { readonly type: "real"; readonly value: number }
  | { readonly type: "string"; readonly value: string };

/** The literal of each type that has no value of its own. */
export const UNDEFINED: Literal = { type: "undefined" };
/** What a mistake evaluates to. */
export const ERROR: Literal = { type: "error" };

/** Operators with two operands. */
export type BinaryOperator =
  | "+"
  | "-"
  | "*"
  | "/"
  | "%"
  | "<"
  | "<="
  | ">"
  | ">="
  | "=="
  | "!="
  | "=?="
  | "=!="
  | "&&"
  | "||";

/** An expression as it was parsed. */
export type Expression =
  | { readonly kind: "literal"; readonly value: Literal }
  /** `either` was written without MY or TARGET: it looks in its own ad, then in the other. */
  | {
      readonly kind: "attribute";
      readonly scope: "my" | "target" | "either";
      /** In small letters: case does not count. */
      readonly name: string;
    }
  | { readonly kind: "unary"; readonly operator: "!" | "-" | "+"; readonly operand: Expression }
  | {
      readonly kind: "binary";
      readonly operator: BinaryOperator;
      readonly left: Expression;
      readonly right: Expression;
    }
  /** `test ? then : otherwise`. */
  | {
      readonly kind: "conditional";
      readonly test: Expression;
      readonly then: Expression;
      readonly otherwise: Expression;
    }
  /** `value ?: otherwise`: the value unless it is undefined. */
  | { readonly kind: "default"; readonly value: Expression; readonly otherwise: Expression }
  | { readonly kind: "call"; readonly of: BuiltIn; readonly args: readonly Expression[] };

/** What is wrong with a text, and where. */
export class SyntaxProblem extends Error {
  /** Character at which the problem begins, from 1. */
  readonly column: number;
  readonly hint: string | undefined;

  constructor(column: number, message: string, hint?: string) {
    super(message);
    this.column = column;
    this.hint = hint;
  }
}
