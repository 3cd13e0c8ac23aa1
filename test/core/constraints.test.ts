import { describe, expect, it } from "vitest";
import type { FrameworkId, RoleName } from "../../contract/ids.ts";
import { limits } from "../../contract/limits.ts";
import type {
  AttributeConstraint,
  FrameworkInfo,
  OfferConstraints,
} from "../../contract/schema/framework.ts";
import { type Constrained, compileConstraints } from "../../kernel/core/constraints.ts";
import type { TestCluster } from "../support/cluster.ts";
import { scenario } from "../support/scenario.ts";

const WEB = "web" as RoleName;

/** Constraints of the role "web": an OR of the given groups. */
function groupsOf(...groups: readonly AttributeConstraint[][]): OfferConstraints {
  return { web: { groups: groups.map((attributeConstraints) => ({ attributeConstraints })) } };
}

const rack = (predicate: AttributeConstraint["predicate"]): AttributeConstraint => ({
  selector: { attributeName: "rack" },
  predicate,
});

function admits(constraints: OfferConstraints, agent: Partial<Constrained>): boolean {
  const compiled = compileConstraints(constraints, [WEB]);
  if (compiled.problem !== undefined) throw new Error(compiled.problem);
  const test = compiled.tests.get(WEB);
  if (test === undefined) throw new Error("no test for the role");
  return test({ hostname: "h1", ...agent });
}

const onRack = (text: string): Partial<Constrained> => ({ attributes: [{ name: "rack", text }] });
const numbered: Partial<Constrained> = { attributes: [{ name: "rack", scalar: 1_000 }] };

describe("what a constraint says about an agent (C14)", () => {
  // For each predicate: on rack a, on rack b, with a number for a rack, and without a rack.
  it.each<[AttributeConstraint["predicate"], boolean, boolean, boolean, boolean]>([
    [{ exists: {} }, true, true, true, false],
    [{ notExists: {} }, false, false, false, true],
    [{ textEquals: { value: "a" } }, true, false, true, false],
    [{ textNotEquals: { value: "a" } }, false, true, true, true],
    [{ textMatches: { regex: "[ac]" } }, true, false, true, false],
    [{ textNotMatches: { regex: "[ac]" } }, false, true, true, true],
  ])("%o", (predicate, onA, onB, withNumber, without) => {
    const constraints = groupsOf([rack(predicate)]);
    expect(admits(constraints, onRack("a"))).toBe(onA);
    expect(admits(constraints, onRack("b"))).toBe(onB);
    expect(admits(constraints, numbered)).toBe(withNumber);
    expect(admits(constraints, {})).toBe(without);
  });

  it("matches the whole text, not a part of it", () => {
    expect(admits(groupsOf([rack({ textMatches: { regex: "a" } })]), onRack("ab"))).toBe(false);
  });

  it("is an OR of groups, each an AND", () => {
    const host = (value: string): AttributeConstraint => ({
      selector: { pseudoattribute: "HOSTNAME" },
      predicate: { textEquals: { value } },
    });
    const either = groupsOf([rack({ textEquals: { value: "a" } }), host("h1")], [host("h2")]);
    expect(admits(either, onRack("a"))).toBe(true);
    expect(admits(either, { ...onRack("a"), hostname: "h3" })).toBe(false);
    expect(admits(either, { hostname: "h2" })).toBe(true);
  });

  it("sees region and zone, and the first of two attributes with one name", () => {
    const in_ = (pseudoattribute: "REGION" | "ZONE", value: string) =>
      groupsOf([{ selector: { pseudoattribute }, predicate: { textEquals: { value } } }]);
    const domain = { region: "eu", zone: "z1" };
    expect(admits(in_("REGION", "eu"), { domain })).toBe(true);
    expect(admits(in_("ZONE", "z2"), { domain })).toBe(false);
    expect(admits(in_("ZONE", "z1"), {})).toBe(false);
    const two = ["a", "b"].map((text) => ({ name: "rack", text }));
    expect(admits(groupsOf([rack({ textEquals: { value: "b" } })]), { attributes: two })).toBe(
      false,
    );
  });

  it("takes no more than linear time for a pattern that ruins others", () => {
    const bad = groupsOf([rack({ textMatches: { regex: "(a+)+b" } })]);
    expect(admits(bad, onRack("a".repeat(50_000)))).toBe(false);
  });
});

describe("constraints that make no sense (C14)", () => {
  const problemOf = (constraints: OfferConstraints) =>
    compileConstraints(constraints, [WEB]).problem;
  const place = 'offerConstraints["web"].groups[0].attributeConstraints';

  it.each<[string, OfferConstraints, string]>([
    [
      "a role that the framework is not in",
      { db: { groups: [{ attributeConstraints: [rack({ exists: {} })] }] } },
      'offerConstraints["db"]: the framework does not have this role',
    ],
    ["no groups", groupsOf(), 'offerConstraints["web"].groups: there is none; no agent would do'],
    ["an empty group", groupsOf([]), `${place}: there is none`],
    [
      "no selector",
      groupsOf([{ selector: {}, predicate: { exists: {} } }]),
      `${place}[0].selector: it needs one of attributeName and pseudoattribute`,
    ],
    [
      "two conditions in one",
      groupsOf([rack({ exists: {}, notExists: {} })]),
      `${place}[0].predicate: it needs exactly one condition, and has 2`,
    ],
    [
      "an expression that does not parse",
      groupsOf([rack({ textMatches: { regex: "[a" } })]),
      `${place}[0].predicate.textMatches.regex: error parsing regexp: missing closing ]: \`[a\``,
    ],
    [
      "an expression that is too large",
      groupsOf([rack({ textNotMatches: { regex: "a{200}" } })]),
      `${place}[0].predicate.textNotMatches.regex: its program has 202 instructions, over 100`,
    ],
    [
      "an expression that is too long",
      groupsOf([rack({ textMatches: { regex: "a".repeat(limits.constraintRegexCharsMax + 1) } })]),
      `${place}[0].predicate.textMatches.regex: it has 4097 characters, over 4096`,
    ],
  ])("%s", (_name, constraints, problem) => {
    expect(problemOf(constraints)).toBe(problem);
  });
});

/** A framework in the role "web" that wants agents on rack a, or what is given. */
function subscribeWeb(c: TestCluster, constraints?: OfferConstraints): void {
  const framework: FrameworkInfo = {
    name: "web",
    user: "nobody",
    roles: [WEB],
    capabilities: ["MULTI_ROLE"],
  };
  const peer = c.nextPeer++;
  c.names.frameworks.set("web", { id: "", peer, info: framework as Record<string, unknown> });
  const offerConstraints = constraints ?? groupsOf([rack({ textEquals: { value: "a" } })]);
  c.input({
    type: "framework-call",
    peer,
    call: { type: "subscribe", framework, offerConstraints },
  });
}

function update(c: TestCluster, constraints: OfferConstraints | undefined): void {
  const id = c.names.frameworks.get("web")?.id as FrameworkId;
  const framework = c.state.frameworks.get(id)?.info as FrameworkInfo;
  c.call("web", {
    type: "update-framework",
    requestId: 1,
    framework,
    ...(constraints && { offerConstraints: constraints }),
  });
}

const racks = "agent a1 cpus:1;mem:64 rack=a\nagent b1 cpus:1;mem:64 rack=b\n";

scenario("C14 only agents that satisfy the constraints are offered", racks, (c) => {
  subscribeWeb(c);
  c.expect("web < subscribed\nweb < offers a1(cpus:1;mem:64)");
  c.do("agent a2 cpus:2;mem:64 rack=a");
  c.expect("a2 < registered\nweb < offers a2(cpus:2;mem:64)");
  c.do("agent b2 cpus:2;mem:64 rack=b");
  c.expect("b2 < registered");
});

scenario("C14 B7 other constraints hold from the next batch on", racks, (c) => {
  subscribeWeb(c);
  c.expect("web < subscribed\nweb < offers a1(cpus:1;mem:64)");
  update(c, groupsOf([rack({ textEquals: { value: "b" } })]));
  c.expect("web < updated ok");
  c.do("wait 1s");
  c.expect("web < offers b1(cpus:1;mem:64)");
  c.do("web declines a1 refuse=0");
  c.do("wait 2s");
  c.expect("");
});

scenario("C14 C8 a refusal outlives the constraint that hid it", racks, (c) => {
  subscribeWeb(c);
  c.expect("web < subscribed\nweb < offers a1(cpus:1;mem:64)");
  c.do("web declines a1 refuse=10000");
  update(c, groupsOf([rack({ textEquals: { value: "c" } })]));
  c.expect("web < updated ok");
  update(c, groupsOf([rack({ textEquals: { value: "a" } })]));
  c.expect("web < updated ok");
  c.do("wait 9s");
  c.expect("");
  c.do("wait 2s");
  c.expect("web < offers a1(cpus:1;mem:64)");
});

scenario("C14 B7 bad constraints change nothing", racks, (c) => {
  subscribeWeb(c);
  c.expect("web < subscribed\nweb < offers a1(cpus:1;mem:64)");
  update(c, groupsOf([]));
  c.expect("web < updated FRAMEWORK_INVALID");
  c.do("web declines a1 refuse=0");
  c.do("wait 1s");
  c.expect("web < offers a1(cpus:1;mem:64)");
});

scenario("C14 bad constraints end the subscription", racks, (c) => {
  subscribeWeb(c, { web: { groups: [] } });
  c.expect("web < error FRAMEWORK_INVALID\nweb closed FRAMEWORK_INVALID");
});
