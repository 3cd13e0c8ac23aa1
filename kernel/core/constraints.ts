import { RE2JS, RE2JSException } from "re2js";
import type { RoleName } from "../../contract/ids.ts";
import { limits } from "../../contract/limits.ts";
import type { AgentInfo } from "../../contract/schema/agent.ts";
import type { AttributeConstraint, OfferConstraints } from "../../contract/schema/framework.ts";
import type { Agent, Client, ClusterState, Framework } from "./state.ts";

/** What constraints look at in an agent. */
export type Constrained = Pick<AgentInfo, "hostname" | "attributes" | "domain">;

/** Whether an agent satisfies the constraints of one role. */
export type AgentTest = (agent: Constrained) => boolean;

/** Tests by role, or what is wrong with the constraints and where. */
export type CompiledConstraints =
  | { readonly tests: ReadonlyMap<RoleName, AgentTest>; readonly problem?: never }
  | { readonly problem: string };

/** A value to compare: `undefined` where there is none, `other` where it is not text. */
type Found = { readonly text: string } | "other" | undefined;

const NO_TESTS: ReadonlyMap<RoleName, AgentTest> = new Map();

/**
 * Turns offer constraints into tests (C14): for each role an OR of groups, a group being an AND of
 * constraints. Regular expressions are RE2's, whose matching time is linear in the text, so that no
 * framework can hold the master up; their size is bounded as Mesos bounds it.
 */
export function compileConstraints(
  constraints: OfferConstraints | undefined,
  roles: readonly RoleName[],
): CompiledConstraints {
  if (constraints === undefined) return { tests: NO_TESTS };
  const tests = new Map<RoleName, AgentTest>();
  for (const [role, { groups }] of Object.entries(constraints)) {
    const where = `offerConstraints["${role}"]`;
    if (!roles.includes(role as RoleName)) {
      return { problem: `${where}: the framework does not have this role` };
    }
    if (groups.length === 0)
      return { problem: `${where}.groups: there is none; no agent would do` };
    const alternatives: AgentTest[][] = [];
    for (const [at, { attributeConstraints }] of groups.entries()) {
      const place = `${where}.groups[${at}].attributeConstraints`;
      if (attributeConstraints.length === 0) return { problem: `${place}: there is none` };
      const all: AgentTest[] = [];
      for (const [index, constraint] of attributeConstraints.entries()) {
        const test = testOf(constraint);
        if (typeof test === "string") return { problem: `${place}[${index}].${test}` };
        all.push(test);
      }
      alternatives.push(all);
    }
    tests.set(role as RoleName, (agent) =>
      alternatives.some((all) => all.every((test) => test(agent))),
    );
  }
  return { tests };
}

function testOf({ selector, predicate }: AttributeConstraint): AgentTest | string {
  const find = finderOf(selector);
  if (find === undefined) return "selector: it needs one of attributeName and pseudoattribute";
  const stated = Object.values(predicate).filter((each) => each !== undefined).length;
  if (stated !== 1) return `predicate: it needs exactly one condition, and has ${stated}`;
  const { exists, notExists, textEquals, textNotEquals, textMatches, textNotMatches } = predicate;
  if (exists !== undefined) return (agent) => find(agent) !== undefined;
  if (notExists !== undefined) return (agent) => find(agent) === undefined;
  if (textEquals !== undefined) return onText(find, (text) => text === textEquals.value, false);
  if (textNotEquals !== undefined) {
    return onText(find, (text) => text !== textNotEquals.value, true);
  }
  const name = textMatches === undefined ? "textNotMatches" : "textMatches";
  const pattern = patternOf((textMatches ?? textNotMatches)?.regex ?? "");
  if (typeof pattern === "string") return `predicate.${name}.regex: ${pattern}`;
  return textMatches === undefined
    ? onText(find, (text) => !pattern.testExact(text), true)
    : onText(find, (text) => pattern.testExact(text), false);
}

/** Values that are not text satisfy every condition on texts (C14). */
function onText(
  find: (agent: Constrained) => Found,
  holds: (text: string) => boolean,
  whenAbsent: boolean,
): AgentTest {
  return (agent) => {
    const found = find(agent);
    if (found === undefined) return whenAbsent;
    return found === "other" || holds(found.text);
  };
}

function finderOf({
  attributeName,
  pseudoattribute,
}: AttributeConstraint["selector"]): ((agent: Constrained) => Found) | undefined {
  if ((attributeName === undefined) === (pseudoattribute === undefined)) return undefined;
  const asText = (text: string | undefined): Found => (text === undefined ? undefined : { text });
  switch (pseudoattribute) {
    case "HOSTNAME":
      return ({ hostname }) => asText(hostname);
    case "REGION":
      return ({ domain }) => asText(domain?.region);
    case "ZONE":
      return ({ domain }) => asText(domain?.zone);
    default:
      // Of attributes with the same name the first one counts.
      return ({ attributes }) => {
        const attribute = attributes?.find(({ name }) => name === attributeName);
        if (attribute === undefined) return undefined;
        return attribute.text === undefined ? "other" : { text: attribute.text };
      };
  }
}

/** A compiled expression, or what is wrong with it. */
function patternOf(regex: string): RE2JS | string {
  const { constraintRegexCharsMax: chars, constraintRegexProgramMax: most } = limits;
  if (regex.length > chars) return `it has ${regex.length} characters, over ${chars}`;
  try {
    const pattern = RE2JS.compile(regex);
    const size = pattern.programSize();
    return size > most ? `its program has ${size} instructions, over ${most}` : pattern;
  } catch (thrown) {
    if (thrown instanceof RE2JSException) return thrown.message;
    throw thrown;
  }
}

/** Takes over a framework's constraints, which were found to be good, for all its clients. */
export function constrainFramework(
  state: ClusterState,
  framework: Framework,
  constraints: OfferConstraints | undefined,
  tests: ReadonlyMap<RoleName, AgentTest>,
): void {
  const before = framework.admits;
  framework.constraints = constraints;
  framework.admits = tests;
  for (const client of framework.clients.values()) {
    const role = client.role.name;
    if (!tests.has(role) && !before.has(role)) continue;
    for (const agent of state.agents.values()) exclude(state, client, agent);
  }
}

/** Works out which clients an agent is no choice for: it is new, or describes itself anew. */
export function constrainAgent(state: ClusterState, agent: Agent): void {
  for (const framework of state.frameworks.values()) {
    if (framework.admits.size === 0) continue;
    for (const client of framework.clients.values()) exclude(state, client, agent);
  }
}

function exclude(state: ClusterState, client: Client, agent: Agent): void {
  if (client.row < 0) return;
  const test = client.framework.admits.get(client.role.name);
  const excluded = test !== undefined && !test(agent.info);
  if (!state.tables.filters.exclude(client.row, agent.row, excluded) || excluded) return;
  // A refusal may block the pair all the same.
  state.filters.markAgent(agent.row);
  state.tables.touchAgent(agent.row);
}
