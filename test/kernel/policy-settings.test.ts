import { expect, test } from "vitest";
import type { FrameworkId, RoleName } from "../../contract/ids.ts";
import type { Effect } from "../../kernel/core/effect.ts";
import { step } from "../../kernel/core/step.ts";
import { queriesOf } from "../../kernel/io/queries.ts";
import { MemoryRegistry, type PolicyMaster, policyMaster } from "./support/policies.ts";

/** The config of a loaded policy. */
function configOf({ policies }: PolicyMaster, name: string): object | undefined {
  return policies.list().policies.find((policy) => policy.name === name)?.config;
}

test("settings of the config file's policy last, though it is neither live nor the one before", async () => {
  const registry = new MemoryRegistry();
  const first = await policyMaster(registry);
  for (const name of ["fair", "fifo"]) {
    await first.policies.load({ plugin: name });
    await first.policies.promote({ name });
  }
  await first.policies.configure({ name: "drf", config: { excludedKinds: 8 } });
  const second = await policyMaster(registry);
  expect(second.rounds.live().name).toBe("fifo");
  expect(configOf(second, "drf")).toEqual({ excludedKinds: 8 });
  await second.policies.promote({ name: "drf" });
  expect(configOf(await policyMaster(registry), "drf")).toEqual({ excludedKinds: 8 });
  await second.policies.configure({ name: "drf", config: { excludedKinds: null } });
  expect(configOf(await policyMaster(registry), "drf")).toEqual({ excludedKinds: 0 });
});

test("settings of the config file's policy last while it alone was changed", async () => {
  const registry = new MemoryRegistry();
  const first = await policyMaster(registry);
  await first.policies.configure({ config: { excludedKinds: 8 } });
  await first.policies.load({ plugin: "fair" });
  await first.policies.promote({ name: "fair" });
  await first.policies.load({ plugin: "fifo" });
  await first.policies.promote({ name: "fifo" });
  expect(configOf(await policyMaster(registry), "drf")).toEqual({ excludedKinds: 8 });
  // A file that says something else is the last word.
  const edited = await policyMaster(registry, { config: { excludedKinds: 1 } });
  expect(configOf(edited, "drf")).toEqual({ excludedKinds: 1 });
  expect(configOf(await policyMaster(registry), "drf")).toEqual({ excludedKinds: 0 });
});

test("a promotion names the frameworks that state what the policy cannot read", async () => {
  const master = await policyMaster(new MemoryRegistry());
  const { state, policies } = master;
  step(state, { type: "recovered", entries: [] }, 0, []);
  const subscribe = (name: string, value: string) => {
    const out: Effect[] = [];
    const labels = [{ key: "condor.requirements", value }];
    const roles = ["a", "b"] as RoleName[];
    const framework = { name, user: "u", roles, labels, id: name as FrameworkId };
    const call = { type: "subscribe", framework } as const;
    step(state, { type: "framework-call", peer: state.frameworks.size + 1, call }, 0, out);
  };
  subscribe("good", "TARGET.cpus > 1");
  subscribe("bad", "TARGET.cpus >");
  await policies.load({ plugin: "condor" });
  const swap = await policies.promote({ name: "condor" });
  expect(swap.unreadable).toEqual({
    count: 1,
    frameworks: [
      {
        frameworkId: "bad",
        name: "bad",
        code: "STATEMENT_INVALID",
        problem: expect.stringContaining("labels/condor.requirements, column 14"),
      },
    ],
  });
  expect((await policies.rollback()).unreadable).toEqual({ count: 0, frameworks: [] });
});

test("an explanation goes with what the live policy's companion says of a pair", async () => {
  const { state, policies, rounds } = await policyMaster(new MemoryRegistry(), { name: "condor" });
  const labels = [{ key: "condor.requirements", value: 'TARGET.cpus > 1 && TARGET.rack == "r7"' }];
  const framework = { name: "f", user: "u", roles: ["a"] as RoleName[], labels };
  step(state, { type: "recovered", entries: [] }, 0, []);
  const call = { type: "subscribe", framework } as const;
  step(state, { type: "framework-call", peer: 1, call }, 0, []);
  const resources = [{ name: "cpus", scalar: 4_000 }];
  const attributes = [{ name: "rack", text: "r1" }];
  const agent = { hostname: "host", ip: "10.0.0.1", port: 0, resources, attributes };
  const message = { type: "register" as const, agent, version: "1", capabilities: [] };
  const out: Effect[] = [];
  step(state, { type: "agent-message", peer: 2, message }, 0, out);
  for (const effect of out) {
    if (effect.type !== "write-registry") continue;
    step(state, { type: "registry-written", token: effect.token }, 0, []);
  }
  // A round looked at it, and offered it to nobody.
  state.tables.dropCandidates(state.tables.candidates.length);
  const queries = queriesOf(state, policies, { nowMs: () => 0, supervisor: rounds.supervisor });
  const explained = await queries["explain-framework"]({ framework: "f" });
  expect(explained.roles[0]?.agents[0]).toMatchObject({
    code: "passed-over",
    examples: [
      {
        text: expect.stringContaining('the framework requires TARGET.rack == "r7", which is false'),
      },
    ],
  });
});
