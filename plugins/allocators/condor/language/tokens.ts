import { type Literal, SyntaxProblem } from "./syntax.ts";

/** A piece of an expression's text. */
export interface Token {
  readonly kind: "literal" | "name" | "operator" | "end";
  /** The operator, or the name as it was written. */
  readonly text: string;
  readonly literal?: Literal;
  /** Written in single quotes: a name, whatever it spells. */
  readonly quoted?: boolean;
  /** Where it begins, from 1. */
  readonly column: number;
}

// The longest come first, because the first that fits is taken.
const OPERATORS = [
  ...["=?=", "=!=", "==", "!=", "<=", ">=", "&&", "||"],
  ...["<", ">", "!", "?", ":", "+", "-", "*", "/", "%", "(", ")", "{", "}", ",", "."],
];

const HINTS: Readonly<Record<string, string>> = {
  "=": 'comparison is "==", identity "=?="',
  "&": 'the logical operator is "&&"',
  "|": 'the logical operator is "||"',
  "[": "there are no nested ads and no subscripts",
  ";": "there is one expression, without a separator",
};

const ESCAPES: Readonly<Record<string, string>> = {
  '"': '"',
  "'": "'",
  "\\": "\\",
  n: "\n",
  t: "\t",
  r: "\r",
};

const SPACE = /\s*/y;
const NUMBER = /(\d+\.\d*|\.\d+|\d+)([eE][+-]?\d+)?/y;
const NAME = /[A-Za-z_][A-Za-z0-9_]*/y;

/**
 * Cuts an expression into tokens; the last one is the end.
 * @throws SyntaxProblem
 */
export function tokensOf(text: string): Token[] {
  const tokens: Token[] = [];
  for (let at = 0; ; ) {
    at += matchAt(SPACE, text, at).length;
    const column = at + 1;
    if (at === text.length) {
      tokens.push({ kind: "end", text: "the end", column });
      return tokens;
    }
    const [token, length] = tokenAt(text, at, column);
    tokens.push(token);
    at += length;
  }
}

function tokenAt(text: string, at: number, column: number): [Token, number] {
  const number = matchAt(NUMBER, text, at);
  if (number !== "") return [numberToken(number, column), number.length];
  const name = matchAt(NAME, text, at);
  if (name !== "") return [{ kind: "name", text: name, column }, name.length];
  const first = text[at] as string;
  if (first === '"' || first === "'") return quotedToken(text, at, first);
  const operator = OPERATORS.find((one) => text.startsWith(one, at));
  if (operator !== undefined)
    return [{ kind: "operator", text: operator, column }, operator.length];
  const found = String.fromCodePoint(text.codePointAt(at) as number);
  throw new SyntaxProblem(column, `"${found}" means nothing here`, HINTS[found]);
}

function numberToken(text: string, column: number): Token {
  const value = Number(text);
  const whole = /^\d+$/.test(text);
  if (!Number.isFinite(value) || (whole && !Number.isSafeInteger(value))) {
    throw new SyntaxProblem(column, `the number ${text.slice(0, 40)} is too large`);
  }
  return { kind: "literal", text, literal: { type: whole ? "integer" : "real", value }, column };
}

/** A string in double quotes, or an attribute's name in single quotes. */
function quotedToken(text: string, from: number, quote: string): [Token, number] {
  const column = from + 1;
  let value = "";
  for (let at = from + 1; at < text.length; at++) {
    const character = text[at] as string;
    if (character === quote) {
      const length = at + 1 - from;
      if (quote === '"') {
        return [
          { kind: "literal", text: value, literal: { type: "string", value }, column },
          length,
        ];
      }
      if (value === "") throw new SyntaxProblem(column, "the attribute's name is empty");
      return [{ kind: "name", text: value, quoted: true, column }, length];
    }
    if (character !== "\\") {
      value += character;
      continue;
    }
    const escaped = ESCAPES[text[at + 1] ?? ""];
    if (escaped === undefined) {
      const hint = `a backslash stands before ${Object.keys(ESCAPES).join(" ")}`;
      throw new SyntaxProblem(at + 1, `"\\${text[at + 1] ?? ""}" is no escape`, hint);
    }
    value += escaped;
    at += 1;
  }
  throw new SyntaxProblem(column, `the ${quote} that begins here is not closed`);
}

function matchAt(pattern: RegExp, text: string, at: number): string {
  pattern.lastIndex = at;
  return pattern.exec(text)?.[0] ?? "";
}
