import type {
  AgentFacts,
  FrameworkFacts,
  StatementProblem,
} from "../../../contract/ports/policy-companion.ts";
import { parse } from "./language/parser.ts";
import { type Expression, type Literal, SyntaxProblem } from "./language/syntax.ts";
import { literalOf, type Statement } from "./program/rules.ts";

/** What labels and attributes that this policy reads begin with. */
const PREFIX = "condor.";
/** Names of the two statements, as labels of frameworks and as text attributes of agents. */
export const REQUIREMENTS = "condor.requirements";
/** See `REQUIREMENTS`. */
export const RANK = "condor.rank";

/** The attribute that a framework has another value of in each of its roles. */
export const ROLE = "role";

/** What a framework is and states: its classified advertisement, the same in all of its roles. */
export interface FrameworkAd {
  readonly statement: Statement;
  /** By name in small letters; what it says of `ROLE` does not count. */
  readonly attributes: ReadonlyMap<string, Literal>;
  readonly problem: StatementProblem | undefined;
}

/**
 * The ad of a framework. Who it is comes first, so that no label can claim to be another user;
 * then what labels called `condor.<name>` spell out, then all other labels as strings.
 */
export function adOf(framework: FrameworkFacts): FrameworkAd {
  const attributes = new Map<string, Literal>();
  const is = (key: string, value: Literal): void => {
    if (!attributes.has(key)) attributes.set(key, value);
  };
  const { name, user, principal, labels = [] } = framework;
  for (const [key, value] of Object.entries({ name, user, principal })) {
    if (value !== undefined) is(key, { type: "string", value });
  }
  const stated = statedIn(labels);
  for (const [key, { literal }] of stated) if (literal !== undefined) is(key, literal);
  for (const { key, value = "" } of labels) {
    const lower = key.toLowerCase();
    if (!lower.startsWith(PREFIX)) is(lower, { type: "string", value });
  }
  const requirements = stated.get("requirements");
  return {
    statement: {
      requirements: requirements?.problem === undefined ? requirements?.expression : "bad",
      rank: stated.get("rank")?.expression,
    },
    attributes,
    problem: [...stated.values()].find(({ problem }) => problem !== undefined)?.problem,
  };
}

/** Labels that were read, for as long as a framework has them: its roles share them. */
const known = new WeakMap<object, Map<string, Stated>>();

/** What one label called `condor.<name>` says. */
interface Stated {
  readonly expression?: Expression;
  /** Of labels that are neither requirements nor rank. */
  readonly literal?: Literal;
  readonly problem?: StatementProblem;
}

function statedIn(labels: NonNullable<FrameworkFacts["labels"]>): Map<string, Stated> {
  const before = known.get(labels);
  if (before !== undefined) return before;
  const stated = new Map<string, Stated>();
  known.set(labels, stated);
  for (const { key, value = "" } of labels) {
    const lower = key.toLowerCase();
    if (!lower.startsWith(PREFIX)) continue;
    const name = lower.slice(PREFIX.length);
    const where = `labels/${key}`;
    const first = stated.get(name);
    const problem = { where, column: 1, message: "it is stated twice" };
    stated.set(name, first === undefined ? statedBy(lower, where, value) : { ...first, problem });
  }
  return stated;
}

function statedBy(key: string, where: string, text: string): Stated {
  const read = readStatement(where, text);
  if ("column" in read) return { problem: read };
  if (isStatement(key)) return read;
  const literal = literalOf(read.expression);
  if (literal !== undefined) return { literal };
  const message = "it is no number, no string in double quotes, neither true nor false";
  return { problem: { where, column: 1, message } };
}

/** A text as an expression, or what is wrong with it. */
export function readStatement(
  where: string,
  text: string,
): { readonly expression: Expression } | StatementProblem {
  try {
    return { expression: parse(text) };
  } catch (thrown) {
    if (!(thrown instanceof SyntaxProblem)) throw thrown;
    const { column, message, hint } = thrown;
    return { where, column, message, ...(hint === undefined ? {} : { hint }) };
  }
}

/** The first mistake in what an agent states. */
export function agentProblem({ attributes = [] }: AgentFacts): StatementProblem | undefined {
  for (const { name, text } of attributes) {
    if (!isStatement(name)) continue;
    const where = `attributes/${name}`;
    if (text === undefined) return { where, column: 1, message: "it is not a text" };
    const read = readStatement(where, text);
    if ("column" in read) return read;
  }
  return undefined;
}

function isStatement(name: string): boolean {
  const lower = name.toLowerCase();
  return lower === REQUIREMENTS || lower === RANK;
}

/** What an agent states in one text, as requirements and as rank: it may be used as either. */
export function statementOfText(text: string): Statement {
  const read = readStatement("", text);
  if ("column" in read) return { requirements: "bad", rank: undefined };
  return { requirements: read.expression, rank: read.expression };
}
