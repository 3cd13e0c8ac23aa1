import type { Expression, Literal } from "../language/syntax.ts";
import { type Code, CodeTooLarge, codeOf, type Resolve, type Resolved } from "./code.ts";

/** What an ad states, as it was parsed. `bad` has a mistake: nothing ever meets it. */
export interface Statement {
  readonly requirements: Expression | "bad" | undefined;
  readonly rank: Expression | undefined;
}

/**
 * A compiled statement. Requirements are cut at their outermost `&&`: the part that depends on
 * attributes alone is fixed, and looked at once for all agents that are alike; the part that
 * depends on amounts is moving. Both must be true.
 */
export interface Rule {
  readonly fixed: Code | undefined;
  readonly moving: Code | undefined;
  readonly rank: Code | undefined;
  readonly rankMoves: boolean;
  /** The same for rules that say the same; as long as all the code. */
  readonly key: string;
}

const latin1 = new TextDecoder("latin1");

/** The rule that nobody meets. */
export const NEVER: Rule = strictRuleOf(
  { requirements: { kind: "literal", value: { type: "error" } }, rank: undefined },
  () => ({ kind: "literal", value: { type: "error" } }),
);

/** Compiles a statement; one that is bad or too large becomes a rule that nobody meets. */
export function ruleOf(statement: Statement, resolve: Resolve): Rule {
  try {
    return strictRuleOf(statement, resolve);
  } catch (thrown) {
    if (thrown instanceof CodeTooLarge) return NEVER;
    throw thrown;
  }
}

/**
 * The same.
 * @throws CodeTooLarge
 */
export function strictRuleOf({ requirements, rank }: Statement, resolve: Resolve): Rule {
  if (requirements === "bad") return NEVER;
  const parts = requirements === undefined ? [] : conjunctsOf(requirements);
  const codes = {
    fixed: joined(
      parts.filter((part) => !moves(part, resolve)),
      resolve,
    ),
    moving: joined(
      parts.filter((part) => moves(part, resolve)),
      resolve,
    ),
    rank: rank && codeOf(rank, resolve),
  };
  const all = [codes.fixed, codes.moving, codes.rank];
  const key = all.map((code) => `${code?.bytes.length}:${latin1.decode(code?.bytes)}`).join("");
  return { ...codes, rankMoves: rank !== undefined && moves(rank, resolve), key };
}

/** Does any part of a rule depend on amounts? */
export function ruleMoves(rule: Rule): boolean {
  return rule.moving !== undefined || rule.rankMoves;
}

/** The operands of the outermost `&&`: all of it is true only if each of them is. */
function conjunctsOf(expression: Expression): Expression[] {
  if (expression.kind !== "binary" || expression.operator !== "&&") return [expression];
  return [...conjunctsOf(expression.left), ...conjunctsOf(expression.right)];
}

function joined(parts: readonly Expression[], resolve: Resolve): Code | undefined {
  if (parts.length === 0) return undefined;
  const all = parts.reduce((left, right) => ({ kind: "binary", operator: "&&", left, right }));
  return codeOf(all, resolve);
}

/** Does its value depend on amounts? */
function moves(expression: Expression, resolve: Resolve): boolean {
  switch (expression.kind) {
    case "literal":
      return false;
    case "attribute":
      return isMoving(resolve(expression));
    case "unary":
      return moves(expression.operand, resolve);
    case "binary":
      return moves(expression.left, resolve) || moves(expression.right, resolve);
    case "conditional":
      return [expression.test, expression.then, expression.otherwise].some((part) =>
        moves(part, resolve),
      );
    case "default":
      return moves(expression.value, resolve) || moves(expression.otherwise, resolve);
    case "call":
      return expression.args.some((argument) => moves(argument, resolve));
  }
}

function isMoving(resolved: Resolved): boolean {
  if (resolved.kind === "either") return isMoving(resolved.first) || isMoving(resolved.second);
  return resolved.kind === "free" || resolved.kind === "total";
}

/** The literal of a statement that is one, a sign before a number included. */
export function literalOf(expression: Expression): Literal | undefined {
  if (expression.kind === "literal") return expression.value;
  if (expression.kind !== "unary" || expression.operand.kind !== "literal") return undefined;
  const { value } = expression.operand;
  if (value.type !== "integer" && value.type !== "real") return undefined;
  if (expression.operator === "-") return { type: value.type, value: -value.value };
  return expression.operator === "+" ? value : undefined;
}
