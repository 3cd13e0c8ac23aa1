import { expect, test } from "vitest";
import type { FrameworkId } from "../../contract/ids.ts";
import type { FrameworkInfo } from "../../contract/schema/framework.ts";
import { worthOffering } from "../../kernel/allocation/minimums.ts";
import { clientObstacles } from "../../kernel/core/explain/clients.ts";
import { KINDS } from "../../kernel/core/tables/shape.ts";
import { agentViewOf } from "../../kernel/core/views/agents.ts";
import { TestCluster } from "../support/cluster.ts";
import { setUp } from "../support/cluster-words.ts";
import { resourcesOf } from "../support/lines.ts";
import { scenario } from "../support/scenario.ts";

const cluster = `
  agent a1 cpus:4;mem:1024
  framework web failover=10000
`;

const FIXED = ["cpus", "mem", "disk", "gpus"];

function update(c: TestCluster, changes: object): void {
  const { info, id } = c.names.frameworks.get("web") ?? {};
  const framework = { ...info, ...changes, id: id as FrameworkId } as unknown as FrameworkInfo;
  c.call("web", { type: "update-framework", requestId: 1, framework });
}

/** What the framework still wants of a kind, as policies see it. */
function wanted({ state }: TestCluster, kind: number): number | undefined {
  const row = state.clientRows.findIndex((client) => client !== undefined);
  return state.tables.clients.demand[row * KINDS + kind];
}

const obstacles = ({ state }: TestCluster) =>
  state.clientRows.flatMap((client) => (client ? clientObstacles(state, client, 0) : []));

scenario("what frameworks name takes no kind from those who have something", cluster, (c) => {
  c.do("web declines all refuse=60000");
  const names = ["a", "b", "c", "d", "e", "f", "g", "h"].map((name) => `x${name}`);
  const amounts = Object.fromEntries(names.map((name) => [name, 1_000]));
  const offerFilters = { web: { minAllocatable: [amounts] } };
  update(c, { demand: { web: { ...amounts, fpga: 2_000 } }, offerFilters });
  const asked = names.map((name) => `${name}:1`).join(";");
  c.call("web", { type: "request", requests: [{ resources: [...resourcesOf(asked)] }] });
  expect(c.state.tables.kindNames).toEqual(FIXED);
  expect(obstacles(c)).toMatchObject([{ code: "demand-unknown" }]);
  expect(obstacles(c)[0]?.text).toMatch(/no agent has xa, .*xh/);
  setUp(c, "agent a2 cpus:1;mem:64;fpga:3");
  expect(c.state.tables.kindNames).toEqual([...FIXED, "fpga"]);
  c.told();
});

scenario("what a framework wants of a kind counts as soon as an agent has it", cluster, (c) => {
  c.do("web declines all refuse=60000");
  update(c, { demand: { web: { fpga: 2_000 } } });
  expect(wanted(c, 4)).toBe(0);
  c.decide = () => [];
  setUp(c, "agent a2 cpus:1;mem:64;fpga:3");
  expect(wanted(c, 4)).toBe(2_000);
  expect(obstacles(c)).toEqual([]);
  c.told();
});

scenario("a smallest offer of what nobody has waits for an agent that has it", cluster, (c) => {
  const { tables } = c.state;
  const worth = () => {
    const client = c.state.clientRows.findIndex((each) => each !== undefined);
    const agents = [...c.state.agents.values()];
    return agents.map(({ row }) => worthOffering(tables, tables.agents.free, row * KINDS, client));
  };
  c.decide = () => [];
  c.do("web declines all");
  expect(worth()).toEqual([true]);
  update(c, { offerFilters: { web: { minAllocatable: [{ fpga: 2_000 }] } } });
  expect(worth()).toEqual([false]);
  setUp(c, "agent a2 cpus:1;mem:64;fpga:3");
  expect(worth()).toEqual([false, true]);
  c.told();
});

const crowded = "cpus:1;mem:64;k1:1;k2:1;k3:1;k4:1";

test("an agent with more kinds than are told apart is named to whoever looks", () => {
  const c = new TestCluster(cluster, {});
  c.input({ type: "listeners", count: 1 });
  setUp(c, `agent a2 ${crowded}`);
  expect(c.recorder.warned).toEqual([]);
  setUp(c, "agent a3 cpus:1;mem:64;k4:1;k5:1;k6:1");
  expect(c.recorder.warned).toMatchObject([
    {
      code: "AGENT_KINDS_BEYOND",
      message: expect.stringMatching(/agent a3 for its k5, k6: .* cpus, mem, disk, gpus, k1, k2/),
    },
  ]);
  expect(c.recorder.published.at(-1)).toMatchObject({
    kind: "agent-warning",
    name: "a3",
    message: expect.stringMatching(/k5, k6/),
  });
  const views = [...c.state.agents.keys()].map((id) => agentViewOf(c.state, id)?.beyondKinds);
  expect(views).toEqual([undefined, undefined, ["k5", "k6"]]);
});

scenario("a quota of what no agent has is taken, and its operator is told", cluster, (c) => {
  const quota = (limit: Record<string, number>) =>
    c.operate({
      method: "update-quota",
      params: { quotas: [{ role: "web" as never, limit }], force: true },
    });
  expect(quota({ cpus: 5_000, gpus: 0 }).result).toEqual({});
  const { result } = quota({ cpus: 5_000, meme: 1_000 });
  expect(result).toMatchObject({
    warnings: [{ code: "QUOTA_KIND_ABSENT", hint: expect.stringMatching(/cpus, mem; for a typ/) }],
  });
  setUp(c, "agent a2 cpus:1;mem:64;meme:3");
  expect(quota({ meme: 1_000 }).result).toEqual({});
  c.told();
});
