import { ROLE } from "../ads.ts";
import type { Literal } from "../language/syntax.ts";
import { UNDEFINED } from "../language/syntax.ts";
import type { Resolve, Resolved } from "./code.ts";
import type { Names } from "./names.ts";

/** Before the name of a resource: all of it that the agent has. */
const TOTAL = "total_";

/** What names of agents and clients mean in a program. */
export interface Vocabulary {
  /** Names of resource kinds in small letters, in the order of vectors. */
  readonly kinds: readonly string[];
  readonly agentNames: Names;
  readonly clientNames: Names;
  /** How long the texts of an agents' attribute are at most, in bytes. */
  longest(name: string): number;
}

/** What a name means in an agent's ad: an amount, or else an attribute. */
function ofAgent(name: string, vocabulary: Vocabulary): Resolved {
  const { kinds, agentNames } = vocabulary;
  const kind = kinds.indexOf(name);
  if (kind >= 0) return { kind: "free", index: kind };
  const total = name.startsWith(TOTAL) ? kinds.indexOf(name.slice(TOTAL.length)) : -1;
  if (total >= 0) return { kind: "total", index: total };
  return { kind: "agent", index: agentNames.indexOf(name), longest: vocabulary.longest(name) };
}

/**
 * Names in what a framework states: its own attributes are known already, but for its role, which
 * is asked for when the expression is evaluated, so that all of its roles share the code.
 */
export function inFramework(
  attributes: ReadonlyMap<string, Literal>,
  vocabulary: Vocabulary,
): Resolve {
  return ({ scope, name }) => {
    if (name === ROLE && scope !== "target") {
      return { kind: "client", index: vocabulary.clientNames.indexOf(ROLE) };
    }
    const own = attributes.get(name);
    if (scope === "my") return { kind: "literal", value: own ?? UNDEFINED };
    if (scope === "either" && own !== undefined) return { kind: "literal", value: own };
    return ofAgent(name, vocabulary);
  };
}

/** Names in what an agent states. */
export function inAgent(vocabulary: Vocabulary): Resolve {
  const ofClient = (name: string): Resolved => {
    return { kind: "client", index: vocabulary.clientNames.indexOf(name) };
  };
  return ({ scope, name }) => {
    if (scope === "target") return ofClient(name);
    const own = ofAgent(name, vocabulary);
    if (scope === "my" || own.kind !== "agent") return own;
    return { kind: "either", first: own, second: ofClient(name) };
  };
}
