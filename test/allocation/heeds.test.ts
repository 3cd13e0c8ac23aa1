import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import type { PluginManifest } from "../../contract/ports/plugin.ts";
import { admitPolicy } from "../../kernel/allocation/admission.ts";
import { heedsAmong, heedsOf } from "../../kernel/allocation/heeds.ts";
import { PolicySupervisor } from "../../kernel/allocation/supervisor.ts";
import { builtInHeeds, type PolicyRef, unknownHeeds } from "../../kernel/core/explain.ts";
import { shippedNames } from "../journal/support/policies.ts";
import { Cluster, instancesOf, vector } from "./support/cluster.ts";
import { shipped } from "./support/compile.ts";

const policies = shippedNames.map((name) => {
  const path = new URL(`../../plugins/allocators/${name}/plugin.json`, import.meta.url);
  const manifest = JSON.parse(readFileSync(path, "utf8")) as PluginManifest;
  return { name, manifest, instances: instancesOf(name) };
});

/** What a policy is seen to do for a role that lacks something to its guarantee (E8). */
function seen(instances: ReturnType<typeof instancesOf>): string {
  const rounds = (cluster: Cluster) =>
    Array.from({ length: 8 }, () => {
      cluster.tables.touchAll();
      return cluster.allocate();
    }).flat();
  const alone = new Cluster({ policies: instances });
  alone.client("other", "b");
  alone.tables.setRoleQuota(alone.role("absent"), vector(3), undefined);
  for (const name of ["a0", "a1", "a2", "a3"]) alone.agent(name, 1, 1);
  const cpus = rounds(alone).reduce((sum, given) => sum + given.cpus, 0);
  if (cpus === 1) return "held-back";
  expect(cpus).toBe(4);
  // The role that lacks something came later, and has the greater share; but less of what it is
  // due.
  const both = new Cluster({ policies: instances });
  both.agent("used", 30, 30);
  both.tables.setAgentFree(0, vector(0, 0));
  both.tables.addUsed(both.client("other", "b"), vector(6, 6), 1);
  both.tables.addUsed(both.client("needy", "a"), vector(8, 8), 1);
  both.tables.setRoleQuota(both.role("a"), vector(20, 20), undefined);
  for (let n = 0; n < 12; n++) both.agent(`a${n}`, 0.05, 0.05);
  return rounds(both).every(({ client }) => client === "needy") ? "served-first" : "ignored";
}

test.each(policies)("$name does with guarantees what its manifest says", (policy) => {
  expect(seen(policy.instances)).toBe(policy.manifest.heeds?.guarantees);
});

test("what explanations know of policies is of those that run, with their own settings", () => {
  const [drf, fifo] = ["drf", "fifo"].map((name) => {
    const { manifest } = policies.find((each) => each.name === name) as (typeof policies)[number];
    const { bytes, digest } = shipped(name);
    return { manifest, policy: admitPolicy(`my-${name}`, bytes, digest) };
  });
  if (drf === undefined || fifo === undefined) throw new Error("they are not there");
  const supervisor = new PolicySupervisor();
  const { tables } = new Cluster();
  const spec = ({ manifest, policy }: typeof drf, config: object) => ({
    policy,
    options: { deadlineMs: 10_000 },
    heeds: heedsOf({ manifest, config }),
  });
  supervisor.promote(spec(drf, { excludedKinds: 2 }), tables, 0);
  // Its parameter has the same place, and means something else.
  supervisor.promote(spec(fifo, { backFill: 1 }), tables, 1);
  const told = (policy: PolicyRef) => heedsAmong(supervisor.specs, policy);
  const none = { dominantShares: false, excludedKinds: 0 };
  expect(told(fifo.policy)).toEqual({ ...none, guarantees: "ignored" });
  const held = { dominantShares: true, excludedKinds: 2, guarantees: "held-back" };
  expect(told(drf.policy)).toEqual(held);
  expect(told({ name: "built-in", digest: "" })).toBe(builtInHeeds);
  expect(told({ ...drf.policy, digest: "other" })).toBe(unknownHeeds);
});
