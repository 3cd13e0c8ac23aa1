import { describe, expect, test } from "vitest";
import type { FrameworkId } from "../../contract/ids.ts";
import type { FrameworkInfo } from "../../contract/schema/framework.ts";
import { ClientFlag, KINDS } from "../../kernel/core/tables/shape.ts";
import { frameworkProblem } from "../../kernel/core/validate-framework.ts";
import { frameworksView } from "../../kernel/core/views/frameworks.ts";
import type { TestCluster } from "../support/cluster.ts";
import { resourcesOf } from "../support/lines.ts";
import { scenario } from "../support/scenario.ts";

// Every step of these clusters compares the columns with the state, and with a restored twin.

const cluster = `
  agent a1 cpus:4;mem:1024
  agent a2 cpus:4;mem:1024
  framework web failover=10000
`;

/** What the policies see of the framework's clients, in the order of their rows. */
function told({ state }: TestCluster): unknown[] {
  const { tables } = state;
  return state.clientRows.flatMap((client, row) => {
    if (client === undefined) return [];
    const [cpus, mem] = tables.clients.demand.subarray(row * KINDS);
    const isKnown = ((tables.clients.flags[row] ?? 0) & ClientFlag.HAS_DEMAND) !== 0;
    const demand = isKnown ? { cpus, mem } : undefined;
    return { role: client.role.name, priority: tables.clients.priority[row], demand };
  });
}

function update(c: TestCluster, changes: Partial<FrameworkInfo>): void {
  const { info, id } = c.names.frameworks.get("web") ?? {};
  const framework = { ...info, ...changes, id: id as FrameworkId } as unknown as FrameworkInfo;
  c.call("web", { type: "update-framework", requestId: 1, framework });
}

const request = (c: TestCluster, resources: string): void =>
  c.call("web", { type: "request", requests: [{ resources: [...resourcesOf(resources)] }] });

const ofWeb = (priority: number, demand?: object) => [{ role: "web", priority, demand }];

scenario(
  "a demand counts what tasks and offers have, and grows again when they go",
  cluster,
  (c) => {
    expect(told(c)).toEqual(ofWeb(0));
    c.do("web declines all");
    update(c, { priority: 7, demand: { web: { cpus: 5_000 } } as never });
    expect(told(c)).toEqual(ofWeb(7, { cpus: 5_000, mem: 0 }));
    c.do("web revives");
    expect(told(c)).toEqual(ofWeb(7, { cpus: 0, mem: 0 }));
    c.do("web accepts a1 t1(cpus:2;mem:64)\nweb declines a2 refuse=60000");
    expect(told(c)).toEqual(ofWeb(7, { cpus: 3_000, mem: 0 }));
    c.do("a1 updates t1 FINISHED");
    expect(told(c)).toEqual(ofWeb(7, { cpus: 5_000, mem: 0 }));
    update(c, {});
    expect(told(c)).toEqual(ofWeb(0));
    c.told();
  },
);

scenario("a demand that was met and no longer is has all agents looked at", cluster, (c) => {
  update(c, { demand: { web: { cpus: 4_000 } } as never });
  c.do("web accepts a1 t1(cpus:4;mem:64) refuse=60000\nweb declines a2 refuse=0");
  c.decide = () => [];
  c.settle();
  c.wait(2_000);
  expect([...c.state.tables.candidates]).toEqual([]);
  expect(told(c)).toEqual(ofWeb(0, { cpus: 0, mem: 0 }));
  const { row } = [...c.state.agents.values()].find(({ info }) => info.hostname === "a2") ?? {};
  const seen: number[] = [];
  c.decide = ({ tables }) => {
    seen.push(...tables.candidates);
    return [];
  };
  c.do("a1 updates t1 FINISHED");
  c.wait(2_000);
  expect(seen).toContain(row);
  c.told();
});

scenario(
  "C16 a REQUEST is a demand beside what runs, in place of what was stated",
  cluster,
  (c) => {
    update(c, { demand: { web: { cpus: 8_000 } } as never });
    c.do("web accepts a1 t1(cpus:1;mem:64) refuse=60000");
    request(c, "cpus:2;mem:100");
    // Four cpus of the other agent are offered: more than it asked for.
    expect(told(c)).toEqual(ofWeb(0, { cpus: 0, mem: 0 }));
    c.do("web declines a2 refuse=60000");
    expect(told(c)).toEqual(ofWeb(0, { cpus: 2_000, mem: 100_000 }));
    const [view] = frameworksView(c.state, {}).frameworks;
    expect(view?.demand).toEqual({ web: { cpus: 3_000, mem: 164_000 } });
    c.do("a1 updates t1 FINISHED");
    expect(told(c)).toEqual(ofWeb(0, { cpus: 3_000, mem: 164_000 }));
    // With no amounts it is taken back.
    c.call("web", { type: "request", requests: [] });
    expect(told(c)).toEqual(ofWeb(0, { cpus: 8_000, mem: 0 }));
    request(c, "cpus:1");
    c.do("web leaves\nweb returns");
    expect(told(c)).toEqual(ofWeb(0));
    c.told();
  },
);

scenario("labels state what fields do, for each role, and fields go before them", cluster, (c) => {
  const labels = [
    { key: "tepui.priority", value: "-3" },
    { key: "tepui.demand", value: "cpus:1.5;mem:64" },
    { key: "other", value: "tepui.demand" },
  ];
  c.do("web declines all");
  update(c, { labels, roles: ["web", "ops"] as never });
  const demand = { cpus: 1_500, mem: 64_000 };
  const both = [
    { role: "web", priority: -3, demand },
    { role: "ops", priority: -3, demand },
  ];
  expect(told(c)).toEqual(both);
  update(c, { labels, priority: 4, demand: { web: { cpus: 0 } } as never });
  expect(told(c)).toEqual(ofWeb(4, { cpus: 0, mem: 0 }));
  c.told();
});

describe("what a framework states is refused when it is", () => {
  const label = (key: string, ...values: string[]) => ({
    labels: values.map((value) => ({ key, value })),
  });
  test.each([
    [
      { priority: 1.5 },
      "framework.priority: it is 1.5, not a whole number from -1000000 to 1000000",
    ],
    [{ priority: Number.NaN }, "framework.priority: it is NaN, not"],
    [{ priority: -1_000_001 }, "framework.priority: it is -1000001, not"],
    [{ demand: { ops: {} } }, `framework.demand: "ops" is not one of the framework's roles`],
    [{ demand: { web: { cpus: -1 } } }, "framework.demand.web: cpus is -1, not 0 or more"],
    [label("tepui.priority", "high"), `framework.labels/tepui.priority, column 1: "high" is not a`],
    [label("tepui.priority", "1000001"), "framework.labels/tepui.priority, column 1: "],
    [label("tepui.priority", ""), `framework.labels/tepui.priority, column 1: "" is not a whole`],
    [label("tepui.priority", "1", "1"), "framework.labels/tepui.priority: it is there twice"],
    [
      label("tepui.demand", ""),
      "framework.labels/tepui.demand, column 1: it is empty; write it as",
    ],
    [
      label("tepui.demand", "cpus:1;mem"),
      `framework.labels/tepui.demand, column 8: "mem" has no ":"`,
    ],
    [label("tepui.demand", "cpus:-1"), "framework.labels/tepui.demand, column 1: "],
    [
      label("tepui.demand", "cpus:1|mem:2"),
      "framework.labels/tepui.demand, column 7: there is one",
    ],
    [label("tepui.demand", "cpus(ops):1"), "framework.labels/tepui.demand, column 1: cpus: only"],
  ])("%j", (changes, wanted) => {
    const framework = { name: "f", user: "u", roles: ["web"], ...changes } as never;
    expect(frameworkProblem({ framework })?.slice(0, wanted.length)).toBe(wanted);
  });

  test.each([
    {},
    { priority: -1_000_000, demand: { web: {} } },
    { labels: [{ key: "tepui.priority", value: "+5" }, { key: "tepui.priorities" }] },
    { labels: [{ key: "tepui.demand", value: " cpus:0 ; fpga:2 " }, { key: "toString" }] },
  ])("and not when it is %j", (changes) => {
    const framework = { name: "f", user: "u", roles: ["web"], ...changes } as never;
    expect(frameworkProblem({ framework })).toBeUndefined();
  });
});
