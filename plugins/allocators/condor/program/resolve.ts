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
}

/** What a name means in an agent's ad: an amount, or else an attribute. */
function ofAgent(name: string, { kinds, agentNames }: Vocabulary): Resolved {
  const kind = kinds.indexOf(name);
  if (kind >= 0) return { kind: "free", index: kind };
  const total = name.startsWith(TOTAL) ? kinds.indexOf(name.slice(TOTAL.length)) : -1;
  if (total >= 0) return { kind: "total", index: total };
  return { kind: "agent", index: agentNames.indexOf(name) };
}

/** Names in what a framework states: its own attributes are known already. */
export function inFramework(
  attributes: ReadonlyMap<string, Literal>,
  vocabulary: Vocabulary,
): Resolve {
  return ({ scope, name }) => {
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
