import { expect } from "vitest";
import type { FrameworkInfo } from "../../contract/schema/framework.ts";
import { ClientFlag, KINDS } from "../../kernel/core/tables/shape.ts";
import type { TestCluster } from "../support/cluster.ts";
import { scenario } from "../support/scenario.ts";

const cluster = `
  agent a1 cpus:4;mem:1024
  framework web role=web,ops
`;

/** What policies see of the first client: its priority, whether it states a demand, and which. */
function seen({ state: { tables } }: TestCluster, client = 0): unknown[] {
  const { clients } = tables;
  const demand = [...clients.demand.subarray(client * KINDS, client * KINDS + 2)];
  const states = ((clients.flags[client] ?? 0) & ClientFlag.HAS_DEMAND) !== 0;
  return [clients.priority[client], states, demand];
}

function describe(c: TestCluster, labels: FrameworkInfo["labels"]): void {
  const [web] = c.state.frameworks.values();
  const framework = { ...web?.info, labels } as FrameworkInfo;
  c.call("web", { type: "update-framework", requestId: 1, framework });
}

scenario("policies are told the priority and the demand that labels state", cluster, (c) => {
  c.told();
  expect(seen(c)).toEqual([0, false, [0, 0]]);
  const demand = { key: "tepui.demand", value: "cpus:2.5;mem:512" };
  describe(c, [{ key: "tepui.priority", value: "-7.5" }, demand]);
  for (const client of [0, 1]) expect(seen(c, client)).toEqual([-7.5, true, [2_500, 512_000]]);
  describe(c, [{ key: "tepui.priority", value: "3" }]);
  expect(seen(c)).toEqual([3, false, [0, 0]]);
  describe(c, undefined);
  expect(seen(c)).toEqual([0, false, [0, 0]]);
  c.told();
});

scenario("a priority that is none, and a demand that is none, are refused", cluster, (c) => {
  c.told();
  for (const value of ["high", "", "1e3", "0.0001", "9".repeat(16)]) {
    describe(c, [{ key: "tepui.priority", value }]);
    expect(c.told().join("\n")).toMatch(/web < .*FRAMEWORK_INVALID/);
  }
  describe(c, [{ key: "tepui.demand", value: "cpus:many" }]);
  expect(c.told().join("\n")).toMatch(/web < .*FRAMEWORK_INVALID/);
  expect(seen(c)).toEqual([0, false, [0, 0]]);
});
