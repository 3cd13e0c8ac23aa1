import { expect } from "vitest";
import type { AgentId, RoleName, TaskId } from "../../contract/ids.ts";
import type { Resource } from "../../contract/resources.ts";
import type { Operation } from "../../contract/schema/offer.ts";
import type { TaskInfo } from "../../contract/schema/task.ts";
import { usedBy } from "../../kernel/core/views/frameworks.ts";
import { agentsView, rolesView } from "../../kernel/core/views.ts";
import type { TestCluster } from "../support/cluster.ts";
import { offersOf } from "../support/cluster-words.ts";
import { scenario } from "../support/scenario.ts";

const agentId = "m-S0" as AgentId;

type Scalar = Resource & { scalar: number };

const disk: Scalar = {
  name: "disk",
  scalar: 100_000,
  reservations: [{ type: "dynamic", role: "db" as RoleName }],
};

const volume: Scalar = {
  ...disk,
  disk: { persistence: { id: "v1" }, volume: { containerPath: "data", mode: "RW" } },
  shared: true,
};

const make: Operation[] = [
  { type: "RESERVE", resources: [disk] },
  { type: "CREATE", volumes: [volume] },
];

const twoOfARole = `
  agent a1 cpus:4;mem:1024;disk:1000
  framework one role=db shares failover=100000 checkpoint
  framework two role=db shares failover=100000 checkpoint
`;

function using(id: string, resources: Resource[] = [{ name: "cpus", scalar: 500 }, volume]) {
  const taskId = id as TaskId;
  return { name: id, taskId, agentId, resources, command: { value: "true" } } as TaskInfo;
}

const launch = (...tasks: TaskInfo[]): Operation => ({ type: "LAUNCH", tasks });

/** A framework uses all that it is offered for these. */
function accept(c: TestCluster, who: string, operations: Operation[], refuseMs = 1_000_000): void {
  const offerIds = offersOf(c, who, "a1").map(({ id }) => id);
  expect(offerIds).not.toEqual([]);
  c.call(who, { type: "accept", offerIds, operations, filters: { refuseMs } });
}

/** Framework one has made the volume, and two tasks of one ACCEPT use it. */
function usedByTwo(c: TestCluster): void {
  accept(c, "one", [...make, launch(using("t1"), using("t2"))]);
  c.do("wait 1s");
  c.told();
}

const disksOf = (c: TestCluster) => {
  const [view] = agentsView(c.state, {}).agents;
  const sum = (list: readonly Resource[] = []) =>
    list.filter(({ name }) => name === "disk").reduce((all, { scalar = 0 }) => all + scalar, 0);
  return { used: sum(view?.used), offered: sum(view?.offered), total: sum(view?.total) };
};

scenario("E13 tasks of one ACCEPT share a volume, which counts once", twoOfARole, (c) => {
  c.told();
  accept(c, "one", [...make, launch(using("t1"), using("t2"))]);
  const told = c.told();
  expect(told.filter((line) => line.includes("TASK_ERROR"))).toEqual([]);
  expect(told.some((line) => /^a1 < launch .*t1.*t2/.test(line))).toBe(true);
  expect(disksOf(c).used).toBe(100_000);
  const [one] = c.state.frameworks.values();
  if (one === undefined) throw new Error("framework one is there");
  expect(usedBy(c.state, one).filter(({ name }) => name === "disk")).toHaveLength(1);
});

scenario(
  "E13 a volume in use is offered with all else, to those who can share",
  twoOfARole,
  (c) => {
    c.told();
    usedByTwo(c);
    const [offer] = offersOf(c, "two", "a1");
    expect(offer?.resources.filter(({ shared }) => shared)).toEqual([volume]);
    expect(disksOf(c)).toEqual({ used: 100_000, offered: 1_000_000, total: 1_000_000 });
    accept(c, "two", [launch(using("t3"))]);
    expect(c.told().filter((line) => line.includes("TASK_ERROR"))).toEqual([]);
    expect(disksOf(c).used).toBe(100_000);
    c.do("framework three role=db");
    const [third] = offersOf(c, "three", "a1");
    expect(third?.resources.map(({ name }) => name)).toEqual(["cpus", "disk", "mem"]);
    expect(third?.resources.some(({ shared }) => shared)).toBe(false);
    c.told();
  },
);

scenario("C20 who cannot be offered a shared volume cannot make one", twoOfARole, (c) => {
  c.do("one leaves\ntwo leaves\nframework three role=db");
  c.told();
  accept(c, "three", make);
  expect(c.state.agents.get(agentId)?.total.some(({ shared }) => shared)).toBe(false);
  c.told();
});

scenario("E13 a volume alone is not offered, or it would be for ever", twoOfARole, (c) => {
  c.told();
  const all = [
    { name: "cpus", scalar: 4_000 },
    { name: "mem", scalar: 1_024_000 },
    { name: "disk", scalar: 900_000 },
    volume,
  ];
  accept(c, "one", [...make, launch(using("t1", all))]);
  c.do("wait 60s");
  expect(c.told().filter((line) => line.includes("offers"))).toEqual([]);
  c.do("a1 updates t1 FINISHED\nwait 2s");
  expect(c.told().filter((line) => line.includes(" < offers a1("))).toHaveLength(1);
});

scenario("E13, M13 DESTROY waits for the last user, and voids other offers", twoOfARole, (c) => {
  c.told();
  usedByTwo(c);
  accept(c, "two", [launch(using("t3")), { type: "DESTROY", volumes: [volume], id: "d1" }], 0);
  expect(c.told().join("\n")).toContain("two < operation d1 OPERATION_ERROR");
  c.do("one suppresses\na1 updates t1 FINISHED\na1 updates t2 FINISHED\nwait 1s");
  const destroy = { agentId, volumes: [volume] };
  const byOperator = () => c.operate({ method: "destroy-volumes", params: destroy }).code;
  expect(byOperator()).toBe("RESOURCES_MISSING");
  c.do("two suppresses\none revives\na1 updates t3 FINISHED\nwait 1s");
  c.told();
  // Both hold it: what two holds is void when one destroys it.
  expect(offersOf(c, "one", "a1").some((o) => o.resources.some((r) => r.shared))).toBe(true);
  expect(offersOf(c, "two", "a1").some((o) => o.resources.some((r) => r.shared))).toBe(true);
  accept(c, "one", [{ type: "DESTROY", volumes: [volume] }]);
  const told = c.told().join("\n");
  expect(told).toContain("a1 < apply DESTROY");
  expect(told).toContain("two < rescind a1");
  expect(c.state.agents.get(agentId)?.total.some(({ shared }) => shared)).toBe(false);
  expect(byOperator()).toBe("RESOURCES_MISSING");
});

scenario("E13 an operator's DESTROY takes every offer of the volume back", twoOfARole, (c) => {
  c.told();
  usedByTwo(c);
  c.do("a1 updates t1 FINISHED\na1 updates t2 FINISHED\none revives\nwait 1s");
  c.told();
  const params = { agentId, volumes: [volume] };
  expect(c.operate({ method: "destroy-volumes", params }).result).toEqual({});
  const told = c.told();
  expect(told.filter((line) => line.includes("rescind a1")).length).toBeGreaterThan(1);
  expect(told.join("\n")).toContain("a1 < apply DESTROY");
});

scenario(
  "E13, E2 a shared volume counts once for a role, and for each framework",
  twoOfARole,
  (c) => {
    c.told();
    usedByTwo(c);
    accept(c, "two", [launch(using("t3"))]);
    c.told();
    const { tables } = c.state;
    const kind = tables.kindOf("disk") as number;
    const KINDS = tables.clients.used.length / tables.clients.size;
    const rows = [...c.state.frameworks.values()].flatMap((of) => [...of.clients.values()]);
    expect(rows.map(({ row }) => tables.clients.used[row * KINDS + kind])).toEqual([
      100_000, 100_000,
    ]);
    const [role] = rolesView(c.state).roles.filter((each) => each.role === "db");
    expect(role?.allocated.find(({ name }) => name === "disk")?.scalar).toBe(100_000);
    // The invariants, which run after each step, add up the same for every client and role.
    c.do("a1 updates t1 FINISHED\na1 updates t3 FINISHED\nwait 2s\ntwo leaves\none leaves");
    c.told();
  },
);

scenario("E13, B21 an agent returns with many users of a volume", twoOfARole, (c) => {
  c.told();
  usedByTwo(c);
  const party = c.names.agents.get("a1");
  if (party === undefined) throw new Error("agent a1 is there");
  const resources = [...(c.state.agents.get(agentId)?.total ?? [])];
  c.names.agents.set("a1", { ...party, info: { ...party.info, resources } });
  c.do("a1 leaves\na1 returns one/t1=RUNNING(cpus:0.5) one/t2=RUNNING(cpus:0.5)");
  const agent = c.state.agents.get(agentId);
  expect(agent?.overcommitted).toBe(false);
  expect(agent?.tasks.size).toBe(2);
  c.told();
});
