import { expect, test } from "vitest";
import { companion } from "../../plugins/allocators/condor/companion.ts";
import { agentFacts, factsOf, type Labels } from "./support/condor.ts";

const free = new Map([
  ["cpus", 2_000],
  ["mem", 512_000],
]);
const total = new Map([
  ["cpus", 8_000],
  ["mem", 512_000],
]);

/** What keeps a framework from an agent of rack r1 with 2 of 8 cpus free. */
function said(labels: Labels, attributes: Record<string, string | number> = {}, config = {}) {
  const agent = agentFacts("host-1", { rack: "r1", speed: 2_500, ...attributes });
  return companion(config).explain?.({ client: factsOf("f", "etl", labels), agent, free, total });
}
const requires = (text: string) => ({ "condor.requirements": text });

test.each([
  ['TARGET.cpus >= 1 && TARGET.rack == "r7"', 'TARGET.rack == "r7", which is false'],
  ["total_cpus > 4 && cpus > 4 && mem > 1", "cpus > 4, which is false"],
  ['zone == "a"', 'zone == "a", which is undefined'],
  ["rack > 3", "rack > 3, which is error"],
  ["rack", "rack, which is error"],
  ['rack == "r7" || speed > 3', 'rack == "r7" || speed > 3, which is false'],
  ['member("x", {"a", "b"}) && true', 'member("x", {"a", "b"}), which is false'],
  ['stringListMember(TARGET.hostname, "host-2, host-3")', "which is false"],
  ['MY.role != "etl" && cpus > 1', 'MY.role != "etl", which is false'],
])("the framework's requirement that is not met is told: %s", (text, told) => {
  expect(said(requires(text))).toContain(
    `the framework requires ${told.startsWith("which") ? "" : told}`,
  );
  expect(said(requires(text))).toContain(told);
});

test("so is the agent's, of its own or of the config", () => {
  const agent = { "condor.requirements": 'TARGET.role == "web" && cpus > 1' };
  const told = 'the agent requires TARGET.role == "web", which is false';
  expect(said(requires("cpus > 1"), agent)).toBe(told);
  expect(said({}, {}, { agentRequirements: 'TARGET.role == "web"' })).toBe(told);
  expect(said({}, agent, { agentRequirements: "false" })).toBe(told);
  expect(said({}, { "condor.requirements": 4 })).toBe("the agent's requirements are no text");
  expect(said({}, { "condor.requirements": "cpus >" })).toBe(
    "what the agent requires cannot be read",
  );
});

test("nothing is told where all is met, or where only the policy knows", () => {
  expect(said({})).toBeUndefined();
  expect(said(requires('cpus >= 2 && rack == "R1"'), requires('role == "etl"'))).toBeUndefined();
  expect(said(requires('size(toUpper(rack)) > 7 && strcat("a", rack) == "b"'))).toBeUndefined();
});
