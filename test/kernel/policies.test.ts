import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { loadRequest } from "../../cli/policy/load.ts";
import { limits } from "../../contract/limits.ts";
import { AgentFlag } from "../../kernel/core/tables/shape.ts";
import { testingPolicy } from "../e2e/support/testing-policy.ts";
import { MemoryRegistry, type PolicyMaster, policyMaster } from "./support/policies.ts";

// Compiled before the first test, which has a time limit.
for (const name of ["narrow", "turncoat"]) testingPolicy(name);

/** Names of the policies by their state. */
function states({ policies }: PolicyMaster): Record<string, string> {
  return Object.fromEntries(policies.list().policies.map(({ name, state }) => [name, state]));
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

const story = ({ rounds }: PolicyMaster): string[] =>
  rounds.history.events.map(({ what, name }) => `${what} ${name}`);

test("a promotion is made once it is durable, and not before (G4)", async () => {
  const registry = new MemoryRegistry();
  const master = await policyMaster(registry);
  await master.policies.load({ plugin: "fair" });
  registry.hold();
  const promoting = master.policies.promote({ name: "fair" });
  for (let n = 0; n < 5; n++) await turn();
  expect([master.rounds.live().name, registry.values.size]).toEqual(["drf", 0]);
  registry.release();
  const swap = await promoting;
  expect(swap).toMatchObject({ policy: { name: "fair" }, previous: { name: "drf" } });
  expect(master.rounds.live()).toEqual(swap.policy);
  expect(states(master)).toEqual({ drf: "previous", fair: "live" });
  expect(registry.values.get("policy/live")).toMatchObject({ name: "fair" });
  expect(master.published.at(-1)).toMatchObject({
    kind: "policy-changed",
    policy: swap.policy,
    previous: swap.previous,
  });
});

test("promotions that are asked for at once are made one after the other", async () => {
  const master = await policyMaster(new MemoryRegistry());
  const { policies } = master;
  for (const plugin of ["fair", "fifo"]) await policies.load({ plugin });
  const [one, two, three] = await Promise.allSettled([
    policies.promote({ name: "fair" }),
    policies.promote({ name: "fair" }),
    policies.promote({ name: "fifo" }),
  ]);
  expect(one.status).toBe("fulfilled");
  expect(two).toMatchObject({ status: "rejected", reason: { code: "POLICY_LIVE" } });
  expect(three).toMatchObject({ value: { previous: { name: "fair" } } });
  expect(states(master)).toMatchObject({ fifo: "live", fair: "previous", drf: "loaded" });
});

test("a policy that refuses to start when it is promoted changes nothing, and says why", async () => {
  const registry = new MemoryRegistry();
  const master = await policyMaster(registry);
  const { policies, rounds, state } = master;
  await policies.load(loadRequest(testingPolicy("narrow"), {}));
  await policies.load({ plugin: "fair" });
  await policies.promote({ name: "fair" });
  const before = [registry.entries(), states(master), rounds.live()];
  for (let n = 0; n < 300; n++) state.tables.addAgent(AgentFlag.ACTIVE);
  await expect(policies.promote({ name: "narrow" })).rejects.toMatchObject({
    code: "POLICY_REFUSED",
    message: expect.stringContaining("no room in its memory for 512 agents"),
  });
  expect([registry.entries(), states(master), rounds.live()]).toEqual(before);
  expect(story(master).at(-1)).toBe("refused narrow");
});

test("nothing else is loaded under the name of a policy of Tepui's own, loaded or not", async () => {
  const { policies } = await policyMaster(new MemoryRegistry());
  const folder = testingPolicy("turncoat");
  for (const as of ["fifo", "drf", "built-in"]) {
    for (const given of [
      loadRequest(folder, { as }),
      { plugin: folder, as },
      { plugin: "fair", as },
    ]) {
      await expect(policies.load(given)).rejects.toMatchObject({ code: "PLUGIN_NAME_TAKEN" });
    }
  }
  const mine = loadRequest(folder, { as: "mine" });
  await policies.load(mine);
  await expect(policies.load(mine)).rejects.toMatchObject({ code: "POLICY_LOADED" });
  await policies.load({ plugin: "fifo" });
  expect(
    policies
      .list()
      .policies.map(({ name }) => name)
      .slice(0, 3),
  ).toEqual(["drf", "mine", "fifo"]);
});

test("one that refuses between the trial and the swap leaves the registry as it was", async () => {
  const registry = new MemoryRegistry();
  const master = await policyMaster(registry);
  const { policies, rounds, state } = master;
  await policies.load(loadRequest(testingPolicy("narrow"), {}));
  registry.hold();
  const promoting = policies.promote({ name: "narrow" });
  await turn();
  for (let n = 0; n < 300; n++) state.tables.addAgent(AgentFlag.ACTIVE);
  await turn();
  registry.release();
  await expect(promoting).rejects.toMatchObject({ code: "POLICY_REFUSED" });
  expect(rounds.live().name).toBe("drf");
  expect(registry.values.get("policy/live")).toMatchObject({ name: "drf" });
  expect((await policyMaster(registry)).rounds.live().name).toBe("drf");
});

test("the next master goes on with the promoted policy, its config, and the one before it", async () => {
  const registry = new MemoryRegistry();
  const first = await policyMaster(registry, { config: { excludedKinds: 8 } });
  const folder = testingPolicy("turncoat");
  await first.policies.load(loadRequest(folder, { as: "mine", config: { backFill: 0 } }));
  await first.policies.promote({ name: "mine" });
  await first.policies.configure({ config: { priorities: 1, backFill: null } });
  // What was sent is in the registry: the folder is of no use any more.
  writeFileSync(join(folder, "policy.wasm"), "");
  const second = await policyMaster(registry, { config: { excludedKinds: 8 } });
  expect(second.rounds.live()).toEqual(first.rounds.live());
  expect(states(second)).toEqual({ mine: "live", drf: "previous" });
  const [mine] = second.policies.list().policies.filter(({ name }) => name === "mine");
  expect(mine).toMatchObject({ source: "sent", config: { priorities: 1, backFill: 1 } });
  expect(second.rounds.history.events[0]).toMatchObject({
    what: "started",
    detail: "an operator made it live before",
  });
  expect((await second.policies.rollback()).policy.name).toBe("drf");
  const third = await policyMaster(registry, { config: { excludedKinds: 8 } });
  expect(states(third)).toEqual({ mine: "previous", drf: "live" });
});

test("a config file that was edited since has the last word, also once it is edited back", async () => {
  const registry = new MemoryRegistry();
  const first = await policyMaster(registry);
  await first.policies.load({ plugin: "fair" });
  await first.policies.promote({ name: "fair" });
  expect((await policyMaster(registry, { name: "drf" })).rounds.live().name).toBe("fair");
  const edited = await policyMaster(registry, { name: "fifo" });
  expect(edited.rounds.live().name).toBe("fifo");
  expect(edited.warnings.join()).toContain("it wins");
  expect((await policyMaster(registry)).rounds.live().name).toBe("drf");
});

test("the edited parameters of the file's own policy last, too", async () => {
  const registry = new MemoryRegistry();
  const first = await policyMaster(registry, { name: "fifo" });
  await first.policies.configure({ config: { backFill: 0 } });
  const second = await policyMaster(registry, { name: "fifo" });
  expect(second.policies.list().policies[0]).toMatchObject({ config: { backFill: 0 } });
  expect(story(second)).toEqual(["started fifo"]);
});

test("a promoted path whose file is another one now is refused, and the config's policy runs", async () => {
  const registry = new MemoryRegistry();
  const first = await policyMaster(registry);
  const folder = testingPolicy("turncoat");
  await first.policies.load({ plugin: folder });
  await first.policies.promote({ name: "turncoat" });
  const other = readFileSync(join(testingPolicy("narrow"), "policy.wasm"));
  writeFileSync(join(folder, "policy.wasm"), other);
  const second = await policyMaster(registry);
  expect(second.rounds.live().name).toBe("drf");
  expect(second.rounds.history.events[0]).toMatchObject({
    what: "refused",
    name: "turncoat",
    code: "PLUGIN_DIGEST_MISMATCH",
  });
  // Nothing was decided for good: with the right file it is live again.
  writeFileSync(
    join(folder, "policy.wasm"),
    readFileSync(join(testingPolicy("turncoat"), "policy.wasm")),
  );
  expect((await policyMaster(registry)).rounds.live().name).toBe("turncoat");
});

test("a record that is none is as good as no record", async () => {
  const registry = new MemoryRegistry();
  registry.values.set("policy/live", { name: 7 });
  expect((await policyMaster(registry)).rounds.live().name).toBe("drf");
});

test("a config is checked by the policy's own schema, and a bad one changes nothing", async () => {
  const master = await policyMaster(new MemoryRegistry(), { name: "fifo" });
  const before = master.policies.list();
  await expect(master.policies.configure({ config: { backFill: 2 } })).rejects.toMatchObject({
    code: "PLUGIN_CONFIG_INVALID",
    details: ["/backFill: must be a whole number between 0 and 1, got 2"],
  });
  expect(master.policies.list()).toEqual(before);
});

test("what is in use is not unloaded, and says what uses it", async () => {
  const { policies, rounds } = await policyMaster(new MemoryRegistry());
  for (const plugin of ["fair", "fifo", "random"]) await policies.load({ plugin });
  await policies.promote({ name: "fair" });
  await policies.promote({ name: "fifo" });
  policies.shadow({ name: "random" });
  const refused: [string, string, string][] = [
    ["fifo", "POLICY_LIVE", "live"],
    ["fair", "POLICY_IN_USE", "rollback"],
    ["drf", "POLICY_IN_USE", "config file"],
    ["random", "POLICY_IN_USE", "shadow"],
  ];
  for (const [name, code, message] of refused) {
    await expect(policies.unload({ name })).rejects.toMatchObject({
      code,
      message: expect.stringContaining(message),
    });
  }
  policies.stopShadow({});
  await policies.unload({ name: "random" });
  expect(policies.list().available).toContain("random");
  expect(rounds.history.events.at(-1)).toMatchObject({ what: "unloaded", name: "random" });
  expect((await policies.load({ plugin: "random" })).policy.state).toBe("loaded");
});

test("what is being promoted is not unloaded meanwhile", async () => {
  const registry = new MemoryRegistry();
  const { policies } = await policyMaster(registry);
  await policies.load({ plugin: "fair" });
  registry.hold();
  const promoted = policies.promote({ name: "fair" });
  const unloaded = policies.unload({ name: "fair" });
  registry.release();
  expect((await promoted).policy.name).toBe("fair");
  await expect(unloaded).rejects.toMatchObject({ code: "POLICY_LIVE" });
  expect((await policies.promote({ name: "drf" })).previous.name).toBe("fair");
});

test("what is missing or ambiguous is named", async () => {
  const { policies } = await policyMaster(new MemoryRegistry());
  await expect(policies.rollback()).rejects.toMatchObject({ code: "POLICY_NONE_BEFORE" });
  await expect(policies.promote({ name: "fair" })).rejects.toMatchObject({
    code: "POLICY_UNKNOWN",
    hint: "it is not loaded; `tepui policy load fair` does that",
  });
  await expect(policies.promote({ name: "drg" })).rejects.toMatchObject({
    code: "POLICY_UNKNOWN",
    hint: expect.stringContaining('"drf"'),
  });
  expect(() => policies.shadow({ name: "drf" })).toThrow("the live policy");
  expect(() => policies.diff({})).toThrow("no shadow run");
  for (const plugin of ["fair", "fifo"]) {
    await policies.load({ plugin });
    policies.shadow({ name: plugin });
  }
  expect(() => policies.diff({})).toThrow("several: fair, fifo");
  expect(policies.diff({ name: "fair" }).diff.rounds).toBe(0);
  const { length } = policies.history().events;
  await expect(policies.load({ plugin: "fair" })).rejects.toMatchObject({ code: "POLICY_LOADED" });
  expect(policies.history().events).toHaveLength(length);
  await expect(policies.load({ plugin: "nothing" })).rejects.toMatchObject({
    code: "PLUGIN_NOT_FOUND",
  });
});

test("there are only so many policies and shadow runs at once", async () => {
  const { policies } = await policyMaster(new MemoryRegistry());
  for (let n = 0; n < limits.policiesMax - 1; n++) {
    await policies.load({ plugin: "fifo", as: `fifo-${n}` });
  }
  const error = { code: "POLICY_TOO_MANY" };
  await expect(policies.load({ plugin: "fair" })).rejects.toMatchObject(error);
  for (let n = 0; n < limits.shadowsMax; n++) policies.shadow({ name: `fifo-${n}` });
  expect(() => policies.shadow({ name: `fifo-${limits.shadowsMax}` })).toThrow("shadow runs");
  // One that runs already begins anew.
  expect(() => policies.shadow({ name: "fifo-0" })).not.toThrow();
});

test("nothing but WebAssembly is taken from operators, and not too much of it", async () => {
  const { policies } = await policyMaster(new MemoryRegistry());
  expect(() => loadRequest("pol/mine", {})).toThrow('"pol/mine" is no name of a plugin');
  const { sent } = loadRequest(testingPolicy("turncoat"), {});
  if (sent === undefined) throw new Error("a path is sent");
  const companion = { ...sent, manifest: { ...sent.manifest, companion: "./companion.js" } };
  const large = { ...sent, module: new Uint8Array(limits.policySentBytesMax) };
  const script = { ...sent, manifest: { ...sent.manifest, kind: "hook", entry: "./index.js" } };
  const changed = { ...sent, module: sent.module.slice(0, -1) };
  for (const [bad, code] of [
    [companion, "POLICY_NOT_SENDABLE"],
    [large, "POLICY_NOT_SENDABLE"],
    [script, "PLUGIN_MANIFEST_INVALID"],
    [changed, "PLUGIN_DIGEST_MISMATCH"],
  ] as const) {
    await expect(policies.load({ sent: bad })).rejects.toMatchObject({ code });
  }
  expect((await policies.load({ sent })).policy).toMatchObject({
    name: "turncoat",
    source: "sent",
  });
});
