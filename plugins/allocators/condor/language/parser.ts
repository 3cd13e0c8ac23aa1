import { nearest } from "../../../../contract/nearest.ts";
import { ARGUMENTS_MAX, type BuiltIn, builtInOf, builtIns } from "./built-ins.ts";
import {
  type BinaryOperator,
  ERROR,
  type Expression,
  type Literal,
  SyntaxProblem,
  UNDEFINED,
} from "./syntax.ts";
import { type Token, tokensOf } from "./tokens.ts";

/** Longest text of an expression, in UTF-16 units. */
export const EXPRESSION_LENGTH_MAX = 2_048;
/** Deepest nesting of parentheses, operators and calls, which bounds the parser's recursion. */
const NESTING_MAX = 64;

/** Operators from the weakest to the strongest; those of one row bind alike, to the left. */
const LEVELS: readonly (readonly string[])[] = [
  ["||"],
  ["&&"],
  ["==", "!=", "=?=", "=!=", "is", "isnt"],
  ["<", "<=", ">", ">="],
  ["+", "-"],
  ["*", "/", "%"],
];

const SYNONYMS: Readonly<Record<string, BinaryOperator>> = { is: "=?=", isnt: "=!=" };

const LITERALS: Readonly<Record<string, Literal>> = {
  true: { type: "boolean", value: true },
  false: { type: "boolean", value: false },
  undefined: UNDEFINED,
  error: ERROR,
};

const SCOPES: Readonly<Record<string, "my" | "target">> = { my: "my", target: "target" };

/**
 * Parses an expression.
 * @throws SyntaxProblem with the column at which it goes wrong
 */
export function parse(text: string): Expression {
  if (text.length > EXPRESSION_LENGTH_MAX) {
    const message = `it has ${text.length} characters, over ${EXPRESSION_LENGTH_MAX}`;
    throw new SyntaxProblem(EXPRESSION_LENGTH_MAX + 1, message);
  }
  return new Parser(tokensOf(text)).whole();
}

/** Recursive descent over tokens. */
class Parser {
  readonly #tokens: readonly Token[];
  #at = 0;
  #nesting = 0;

  constructor(tokens: readonly Token[]) {
    this.#tokens = tokens;
  }

  whole(): Expression {
    if (this.#isAtEnd()) throw new SyntaxProblem(1, "it is empty");
    const expression = this.#expression();
    if (!this.#isAtEnd()) throw this.#unexpected("an operator or the end");
    return expression;
  }

  get #token(): Token {
    return this.#tokens[this.#at] as Token;
  }

  #isAtEnd(): boolean {
    return this.#token.kind === "end";
  }

  #isNext(operator: string): boolean {
    return this.#token.kind === "operator" && this.#token.text === operator;
  }

  #take(operator: string): boolean {
    if (!this.#isNext(operator)) return false;
    this.#at += 1;
    return true;
  }

  #expect(operator: string, after: string): void {
    if (!this.#take(operator)) throw this.#unexpected(`"${operator}" ${after}`);
  }

  #unexpected(wanted: string): SyntaxProblem {
    const { column, kind, text } = this.#token;
    const found = kind === "end" ? "the end" : `"${text.slice(0, 40)}"`;
    return new SyntaxProblem(column, `expected ${wanted}, found ${found}`);
  }

  /** Everything that nests passes here. */
  #expression(): Expression {
    this.#nesting += 1;
    if (this.#nesting > NESTING_MAX) {
      throw new SyntaxProblem(this.#token.column, `it nests deeper than ${NESTING_MAX}`);
    }
    const test = this.#binary(0);
    const expression = this.#take("?") ? this.#choice(test) : test;
    this.#nesting -= 1;
    return expression;
  }

  #choice(test: Expression): Expression {
    if (this.#take(":")) return { kind: "default", value: test, otherwise: this.#expression() };
    const then = this.#expression();
    this.#expect(":", 'after "?"');
    return { kind: "conditional", test, then, otherwise: this.#expression() };
  }

  #binary(level: number): Expression {
    const operators = LEVELS[level];
    if (operators === undefined) return this.#unary();
    let left = this.#binary(level + 1);
    for (;;) {
      const operator = this.#operatorOf(operators);
      if (operator === undefined) return left;
      left = { kind: "binary", operator, left, right: this.#binary(level + 1) };
    }
  }

  #operatorOf(operators: readonly string[]): BinaryOperator | undefined {
    const { kind, text, quoted } = this.#token;
    if (kind !== "operator" && (kind !== "name" || quoted)) return undefined;
    const word = text.toLowerCase();
    if (!operators.includes(word)) return undefined;
    this.#at += 1;
    return SYNONYMS[word] ?? (word as BinaryOperator);
  }

  #unary(): Expression {
    const { kind, text, column } = this.#token;
    if (kind !== "operator" || (text !== "!" && text !== "-" && text !== "+")) {
      return this.#primary();
    }
    this.#at += 1;
    this.#nesting += 1;
    if (this.#nesting > NESTING_MAX) {
      throw new SyntaxProblem(column, `it nests deeper than ${NESTING_MAX}`);
    }
    const operand = this.#unary();
    this.#nesting -= 1;
    return { kind: "unary", operator: text, operand };
  }

  #primary(): Expression {
    const token = this.#token;
    if (token.literal !== undefined) {
      this.#at += 1;
      return { kind: "literal", value: token.literal };
    }
    if (this.#take("(")) {
      const expression = this.#expression();
      this.#expect(")", `for the "(" at column ${token.column}`);
      return expression;
    }
    if (this.#isNext("{")) {
      const hint = "lists are arguments of member, identicalMember, min and max";
      throw new SyntaxProblem(token.column, "a list cannot stand here", hint);
    }
    if (token.kind !== "name") throw this.#unexpected("a value");
    this.#at += 1;
    return this.#named(token);
  }

  #named(token: Token): Expression {
    const name = token.text.toLowerCase();
    if (!token.quoted) {
      const literal = LITERALS[name];
      if (literal !== undefined) return { kind: "literal", value: literal };
      if (this.#isNext("(")) return this.#call(token, name);
      const scope = SCOPES[name];
      if (scope !== undefined && this.#take(".")) return this.#scoped(scope);
    }
    if (this.#isNext(".")) {
      const hint = `a name that has a dot stands in single quotes, as '${token.text}.x'`;
      throw new SyntaxProblem(token.column, "the scopes are MY and TARGET", hint);
    }
    return { kind: "attribute", scope: "either", name };
  }

  #scoped(scope: "my" | "target"): Expression {
    if (this.#token.kind !== "name") throw this.#unexpected("the name of an attribute");
    const name = this.#token.text.toLowerCase();
    this.#at += 1;
    return { kind: "attribute", scope, name };
  }

  #call({ text, column }: Token, name: string): Expression {
    const isChoice = name === "ifthenelse";
    const of = isChoice ? CHOICE : builtInOf(name);
    if (of === undefined) {
      const known = [...builtIns.map((one) => one.name), CHOICE.name];
      const close = nearest(text, known);
      const hint = close === undefined ? `there are ${known.join(", ")}` : `is it ${close}?`;
      throw new SyntaxProblem(column, `there is no function ${text.slice(0, 40)}`, hint);
    }
    this.#expect("(", `after ${of.name}`);
    const args = this.#arguments(of);
    if (args.length < of.least || args.length > of.most) {
      const wanted = of.least === of.most ? of.least : `${of.least} to ${of.most}`;
      throw new SyntaxProblem(column, `${of.name} has ${wanted} arguments, not ${args.length}`);
    }
    if (isChoice) {
      const [test, then, otherwise] = args as [Expression, Expression, Expression];
      return { kind: "conditional", test, then, otherwise };
    }
    return { kind: "call", of, args: args.flat() };
  }

  /** Arguments up to the closing parenthesis; a list in braces counts as one. */
  #arguments(of: BuiltIn): (Expression | Expression[])[] {
    const args: (Expression | Expression[])[] = [];
    if (this.#take(")")) return args;
    const variadic = of.most === ARGUMENTS_MAX && of.name !== "strcat";
    do {
      const isList = args.length === of.list;
      if (isList || (variadic && args.length === 0 && this.#isNext("{"))) args.push(this.#list(of));
      else args.push(this.#expression());
    } while (this.#take(","));
    this.#expect(")", `after the arguments of ${of.name}`);
    return args;
  }

  #list(of: BuiltIn): Expression[] {
    const { column } = this.#token;
    this.#expect("{", `for the list of ${of.name}`);
    const members: Expression[] = [];
    if (this.#take("}")) return members;
    do members.push(this.#expression());
    while (this.#take(","));
    this.#expect("}", `for the "{" at column ${column}`);
    if (members.length <= ARGUMENTS_MAX) return members;
    throw new SyntaxProblem(column, `a list has at most ${ARGUMENTS_MAX} members`);
  }
}

const CHOICE: BuiltIn = { name: "ifThenElse", number: -1, least: 3, most: 3 };
