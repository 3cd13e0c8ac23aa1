import type { Expression, Literal } from "../language/syntax.ts";
import type { Resolve } from "./code.ts";
import { STRING_BYTES_MAX } from "./costs.ts";

/** What comes of a value that is no string. */
export const Others = {
  /** As of an operator: undefined stays undefined, all else is an error. */
  ERROR: 0,
  /** Undefined and errors stay what they are, all else is not in the set. */
  FALSE: 1,
  /** Nothing but strings is in the set. */
  NEVER: 2,
} as const;

/** A question that only asks whether a value is one of strings that are known already. */
export interface StringSet {
  readonly of: Expression;
  readonly members: readonly string[];
  /** Does the case of letters not matter? */
  readonly folded: boolean;
  readonly others: (typeof Others)[keyof typeof Others];
}

/** Fewer strings than this are compared one by one. */
const MEMBERS_MIN = 4;

/**
 * The question as a set, where it is one: `stringListMember` with a list that is known, `member`
 * and `identicalMember` of strings, and `x == "a" || x == "b" || …` with one attribute. A lookup
 * costs the same however many strings there are.
 */
export function setOf(expression: Expression, resolve: Resolve): StringSet | undefined {
  const set =
    expression.kind === "call"
      ? setOfCall(expression, resolve)
      : expression.kind === "binary" && expression.operator === "||"
        ? setOfChoices(expression, resolve)
        : undefined;
  return set !== undefined && set.members.length >= MEMBERS_MIN ? set : undefined;
}

type Call = Extract<Expression, { kind: "call" }>;

function setOfCall({ of, args }: Call, resolve: Resolve): StringSet | undefined {
  const [item, ...rest] = args;
  if (item === undefined) return undefined;
  switch (of.name) {
    case "stringListMember":
    case "stringListIMember": {
      const [list, parting = ", "] = rest.map((one) => stringOf(one, resolve));
      if (list === undefined || rest.length > 2) return undefined;
      if (rest.length === 2 && stringOf(rest[1] as Expression, resolve) === undefined) return;
      // Parted by bytes in the evaluator; those beyond ASCII could be parts of characters.
      if (!isAscii(parting)) return undefined;
      const members = piecesOf(list, parting);
      return { of: item, members, folded: of.name === "stringListIMember", others: Others.ERROR };
    }
    case "member":
    case "identicalMember": {
      const members = rest.map((one) => stringOf(one, resolve));
      if (!members.every((one) => one !== undefined)) return undefined;
      const folded = of.name === "member";
      return { of: item, members, folded, others: folded ? Others.FALSE : Others.NEVER };
    }
    default:
      return undefined;
  }
}

type Binary = Extract<Expression, { kind: "binary" }>;
type Attribute = Extract<Expression, { kind: "attribute" }>;

/** `x == "a" || x == "b"`: the chain leans to the left, as it is parsed. */
function setOfChoices(chain: Binary, resolve: Resolve): StringSet | undefined {
  const members: string[] = [];
  let first: { readonly of: Attribute; readonly operator: string } | undefined;
  for (let rest: Expression | undefined = chain; rest !== undefined; ) {
    const isChain: boolean = rest.kind === "binary" && rest.operator === "||";
    const choice: Expression = isChain ? (rest as Binary).right : rest;
    const asked = comparisonOf(choice, resolve);
    if (asked === undefined) return undefined;
    first ??= asked;
    const { of, operator } = asked;
    const isSame = of.name === first.of.name && of.scope === first.of.scope;
    if (!isSame || operator !== first.operator) return undefined;
    members.push(asked.member);
    rest = isChain ? (rest as Binary).left : undefined;
  }
  if (first === undefined) return undefined;
  const folded = first.operator === "==";
  return { of: first.of, members, folded, others: folded ? Others.ERROR : Others.NEVER };
}

/** An attribute that is compared with a string. */
function comparisonOf(expression: Expression, resolve: Resolve) {
  if (expression.kind !== "binary") return undefined;
  const { operator, left, right } = expression;
  if (operator !== "==" && operator !== "=?=") return undefined;
  const [of, other] = left.kind === "attribute" ? [left, right] : [right, left];
  const member = other.kind === "literal" ? stringOf(other, resolve) : undefined;
  return of.kind === "attribute" && member !== undefined ? { of, operator, member } : undefined;
}

/** The string that the expression is, in whatever ads. */
function stringOf(expression: Expression, resolve: Resolve): string | undefined {
  const value = literalOf(expression, resolve);
  // What is too long for the evaluator is an error there.
  return value?.type === "string" && isShort(value.value) ? value.value : undefined;
}

function literalOf(expression: Expression, resolve: Resolve): Literal | undefined {
  if (expression.kind === "literal") return expression.value;
  if (expression.kind !== "attribute") return undefined;
  const resolved = resolve(expression);
  return resolved.kind === "literal" ? resolved.value : undefined;
}

/** Empty pieces are none. */
function piecesOf(list: string, parting: string): string[] {
  const pieces: string[] = [];
  let piece = "";
  for (const character of list) {
    if (!parting.includes(character)) {
      piece += character;
      continue;
    }
    if (piece !== "") pieces.push(piece);
    piece = "";
  }
  if (piece !== "") pieces.push(piece);
  return pieces;
}

function isAscii(text: string): boolean {
  for (const character of text) if (character > "\x7f") return false;
  return true;
}

const utf8 = new TextEncoder();

function isShort(text: string): boolean {
  return text.length <= STRING_BYTES_MAX && utf8.encode(text).length <= STRING_BYTES_MAX;
}

/** A set as the evaluator reads it, and what a lookup reads at most. */
export interface SetTable {
  readonly bytes: readonly number[];
  /** Bytes of the longest member: what is longer is in no set. */
  readonly longest: number;
}

/**
 * Lays a set out as a hash table, words of two bytes, little endian: the longest member's length,
 * the number of slots less 1, the length of all that follows; a slot each: 0, or how far from the
 * first slot its member is; members: length, then bytes, in small letters where case does not
 * matter. `undefined` when it is too large for such words.
 */
export function tableOf({ members, folded }: StringSet): SetTable | undefined {
  const different = new Map<string, Uint8Array>();
  for (const member of members) {
    const bytes = utf8.encode(member).map((byte) => (folded ? lower(byte) : byte));
    different.set(bytes.join(), bytes);
  }
  let slots = 4;
  while (slots < different.size * 2) slots *= 2;
  const at = new Array<number>(slots).fill(0);
  const content: number[] = [];
  let longest = 0;
  for (const bytes of different.values()) {
    let slot = hashOf(bytes) & (slots - 1);
    while (at[slot] !== 0) slot = (slot + 1) & (slots - 1);
    at[slot] = slots * 2 + content.length;
    content.push(...word(bytes.length), ...bytes);
    longest = Math.max(longest, bytes.length);
  }
  const length = slots * 2 + content.length;
  if (length > 0xffff) return undefined;
  const head = [longest, slots - 1, length, ...at].flatMap(word);
  return { bytes: [...head, ...content], longest };
}

/** FNV-1a, as assembly/condor/sets.ts has it. */
function hashOf(bytes: Uint8Array): number {
  let hash = 0x811c9dc5;
  for (const byte of bytes) hash = Math.imul(hash ^ byte, 0x01000193);
  return hash >>> 0;
}

function lower(byte: number): number {
  return byte >= 65 && byte <= 90 ? byte + 32 : byte;
}

function word(value: number): [number, number] {
  return [value & 255, value >> 8];
}
