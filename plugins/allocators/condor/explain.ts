import type { PairFacts } from "../../../contract/ports/policy-companion.ts";
import { printAttributeValue } from "../../../contract/resources/attributes.ts";
import { adOf, REQUIREMENTS, ROLE, readStatement } from "./ads.ts";
import { type Lookup, meaningOf, truthOf } from "./language/evaluate.ts";
import { type Literal, UNDEFINED } from "./language/syntax.ts";
import { tokensOf } from "./language/tokens.ts";

/** Attributes by name in small letters. */
type Ad = (name: string) => Literal | undefined;

/**
 * The requirement that keeps a framework and an agent apart, by the amounts that it may have now;
 * `undefined` when all are met, or when that cannot be told without the policy.
 */
export function explainPair(pair: PairFacts, agentDefault?: string): string | undefined {
  const { framework, role } = pair.client;
  const ad = adOf(framework);
  const client: Ad = (name) => {
    return name === ROLE ? { type: "string", value: role } : ad.attributes.get(name);
  };
  const agent = agentAd(pair);
  const own = framework.labels?.find(({ key }) => key.toLowerCase() === REQUIREMENTS)?.value;
  const theirs = agent(REQUIREMENTS);
  if (theirs !== undefined && theirs.type !== "string")
    return "the agent's requirements are no text";
  return (
    unmet(own, "the framework", lookupIn(client, agent)) ??
    unmet(theirs?.value ?? agentDefault, "the agent", lookupIn(agent, client))
  );
}

/** A name alone is looked up in one's own ad, then in the other. */
function lookupIn(my: Ad, target: Ad): Lookup {
  return ({ scope, name }) => {
    if (scope === "target") return target(name) ?? UNDEFINED;
    return my(name) ?? (scope === "my" ? UNDEFINED : (target(name) ?? UNDEFINED));
  };
}

function agentAd({ agent, free, total }: PairFacts): Ad {
  const attributes = new Map<string, Literal>();
  for (const attribute of agent.attributes ?? []) {
    const { name, scalar } = attribute;
    const value: Literal =
      scalar === undefined
        ? { type: "string", value: printAttributeValue(attribute) }
        : { type: "real", value: scalar / 1_000 };
    if (!attributes.has(name.toLowerCase())) attributes.set(name.toLowerCase(), value);
  }
  const more = { hostname: agent.hostname, region: agent.domain?.region, zone: agent.domain?.zone };
  for (const [name, value] of Object.entries(more)) {
    if (value !== undefined && !attributes.has(name))
      attributes.set(name, { type: "string", value });
  }
  const amount = (name: string): number | undefined => {
    return name.startsWith("total_") ? total.get(name.slice(6)) : free.get(name);
  };
  return (name) => {
    const milli = amount(name);
    return milli === undefined ? attributes.get(name) : { type: "real", value: milli / 1_000 };
  };
}

/** The first of the requirements that is not true. */
function unmet(text: string | undefined, who: string, lookup: Lookup): string | undefined {
  if (text === undefined) return undefined;
  if ("column" in readStatement("", text)) return `what ${who} requires cannot be read`;
  for (const part of conjunctsOf(text)) {
    const read = readStatement("", part);
    const meaning = "column" in read ? undefined : meaningOf(read.expression, lookup);
    if (meaning === undefined) continue;
    const truth = truthOf(meaning);
    const said = truth.type === "boolean" ? String(truth.value) : truth.type;
    if (said !== "true") return `${who} requires ${shortened(part)}, which is ${said}`;
  }
  return undefined;
}

/** The operands of the outermost `&&`, as they are written. */
function conjunctsOf(text: string): string[] {
  const parts: string[] = [];
  let [depth, from] = [0, 0];
  for (const { kind, text: operator, column } of tokensOf(text)) {
    if (kind !== "operator") continue;
    if (operator === "(" || operator === "{") depth += 1;
    if (operator === ")" || operator === "}") depth -= 1;
    if (depth > 0) continue;
    // These bind more weakly: what they join is one requirement.
    if (operator === "||" || operator === "?") return [text.trim()];
    if (operator !== "&&") continue;
    parts.push(text.slice(from, column - 1).trim());
    from = column + 1;
  }
  return [...parts, text.slice(from).trim()];
}

function shortened(text: string): string {
  return text.length <= 200 ? text : `${text.slice(0, 199)}…`;
}
