import { expect, test } from "vitest";
import type { AgentMessageOf, OperationRecord } from "../../contract/agent-api.ts";
import type { AgentId, FrameworkId, RoleName, UpdateId } from "../../contract/ids.ts";
import type { Operation } from "../../contract/schema/offer.ts";
import { agentsView } from "../../kernel/core/views.ts";
import { TestCluster } from "../support/cluster.ts";
import { offersOf } from "../support/cluster-words.ts";
import { scenario } from "../support/scenario.ts";

const agentId = "m-S0" as AgentId;
const frameworkId = "m-0000" as FrameworkId;
const uuid = "00000000000000000000000000000001" as UpdateId;
const cluster = `
  agent a1 cpus:4;mem:1024
  framework web failover=100000
`;

/** Web reserves a cpu on a1, of which it wants to hear; then a1 is to be emptied. */
function drained(c: TestCluster, markGone = false): void {
  const reservations = [{ type: "dynamic" as const, role: "web" as RoleName }];
  const resources = [{ name: "cpus", scalar: 1_000, reservations }];
  const operation: Operation = { type: "RESERVE", id: "op1", resources };
  const offerIds = offersOf(c, "web", "a1").map(({ id }) => id);
  c.call("web", { type: "accept", offerIds, operations: [operation], filters: { refuseMs: 1 } });
  c.told();
  const params = { agentId, ...(markGone && { markGone }) };
  expect(c.operate({ method: "drain-agent", params }).result).toEqual({});
  c.expect("a1 < drain");
  expect(drainOf(c)).toBe("DRAINING");
}

function finished(c: TestCluster): void {
  const status = { operationId: "op1", state: "OPERATION_FINISHED", uuid, agentId } as const;
  const operationUuid = "0".repeat(32) as UpdateId;
  c.say("a1", { type: "operation-update", frameworkId, operationUuid, status });
  c.expect("web < operation op1 OPERATION_FINISHED");
}

function acknowledged(c: TestCluster): void {
  c.call("web", { type: "acknowledge-operation", operationId: "op1", agentId, uuid });
}

function drainOf(c: TestCluster): string | undefined {
  return agentsView(c.state, { agentId }).agents[0]?.drain?.state;
}

scenario("I5, C18 a drain waits until the status of an operation is acknowledged", cluster, (c) => {
  drained(c);
  c.do("wait 5s");
  expect(drainOf(c)).toBe("DRAINING");
  finished(c);
  expect(drainOf(c)).toBe("DRAINING");
  acknowledged(c);
  c.expect("a1 < acknowledge-operation");
  expect(drainOf(c)).toBe("DRAINED");
  expect(c.registry.get(`drains/${agentId}`)).toMatchObject({ state: "DRAINED" });
});

scenario("I5, C18 only then is the agent gone, if that was asked", cluster, (c) => {
  drained(c, true);
  finished(c);
  c.expect("");
  acknowledged(c);
  c.expect(`
    a1 < acknowledge-operation
    web < failure a1
    a1 < shutdown AGENT_GONE
    a1 closed AGENT_GONE
  `);
});

scenario(
  "I5, C18 a drain does not wait for the operations of a framework that ended",
  cluster,
  (c) => {
    drained(c);
    finished(c);
    c.do("web tears down");
    c.told();
    expect(drainOf(c)).toBe("DRAINED");
  },
);

scenario(
  "I5, C18 a drain does not wait for an operation that the agent never got",
  cluster,
  (c) => {
    drained(c);
    c.do("a1 leaves");
    expect(drainOf(c)).toBe("DRAINING");
    c.told();
    c.do("a1 returns");
    expect(c.told()).toContain("web < operation op1 OPERATION_DROPPED");
    expect(drainOf(c)).toBe("DRAINED");
  },
);

const reserved: Operation = {
  type: "RESERVE",
  id: "op1",
  resources: [
    {
      name: "cpus",
      scalar: 1_000,
      reservations: [{ type: "dynamic" as const, role: "web" as RoleName }],
    },
  ],
};
const record: OperationRecord = {
  uuid: "e".repeat(32) as UpdateId,
  frameworkId,
  applied: {
    operation: reserved,
    status: { operationId: "op1", state: "OPERATION_FINISHED", uuid, agentId },
  },
};

/** The next master, to which the drained agent a1 returns with these operations. */
function afterChange(
  operations: readonly OperationRecord[],
  before: (c: TestCluster) => void = () => {},
): TestCluster {
  const older = new TestCluster(cluster, {});
  expect(older.operate({ method: "drain-agent", params: { agentId } }).result).toEqual({});
  // A drain of nothing is done at once, so that the books say again that it goes on.
  const registry = new Map(older.registry);
  registry.set(`drains/${agentId}`, { state: "DRAINING", config: {}, startedMs: 1 });
  older.told();
  older.done();
  const c = new TestCluster("", {}, [...registry]);
  before(c);
  const peer = c.nextPeer++;
  c.names.agents.set("a1", { id: agentId, peer, info: {} });
  const resources = [
    { name: "cpus", scalar: 4_000 },
    { name: "mem", scalar: 1_024_000 },
  ];
  const message: AgentMessageOf<"reregister"> = {
    type: "reregister",
    agent: { id: agentId, hostname: "a1", ip: "10.1.0.1", port: 5051, resources },
    version: "0.1.0",
    capabilities: ["AGENT_OPERATION_FEEDBACK"],
    tasks: [],
    executors: [],
    frameworks: [],
    operations: [...operations],
  };
  c.input({ type: "agent-message", peer, message });
  c.told();
  return c;
}

const takeUp = `framework web id=${frameworkId} role=web failover=100000`;

test("I5, C18, G6 the next master waits for what a framework that is yet to return was told", () => {
  const c = afterChange([record]);
  expect(drainOf(c)).toBe("DRAINING");
  c.do(takeUp);
  c.told();
  acknowledged(c);
  expect(drainOf(c)).toBe("DRAINED");
  c.told();
  c.done();
});

test("I5, C18 it waits for an operation of which the agent could only bring the name", () => {
  const { applied: _, ...name } = record;
  const c = afterChange([name]);
  expect(drainOf(c)).toBe("DRAINING");
  c.do(takeUp);
  const status = { operationId: "op1", state: "OPERATION_FINISHED", uuid, agentId } as const;
  const operationUuid = record.uuid;
  c.say("a1", {
    type: "operation-update",
    frameworkId,
    operationUuid,
    operation: reserved,
    status,
  });
  c.told();
  expect(drainOf(c)).toBe("DRAINING");
  acknowledged(c);
  expect(drainOf(c)).toBe("DRAINED");
  c.told();
  c.done();
});

/** Web has used the id op1 on a2 before a1 came back with an older operation of that id. */
function usedAgain(): TestCluster {
  return afterChange([record], (c) => {
    c.do(takeUp);
    c.do("agent a2 cpus:4");
    const offerIds = offersOf(c, "web", "a2").map(({ id }) => id);
    c.call("web", { type: "accept", offerIds, operations: [reserved] });
    expect(c.state.frameworks.get(frameworkId)?.operations.size).toBe(1);
  });
}

for (const on of [{ agentId }, {}]) {
  const named = "agentId" in on ? "with its agent" : "alone";
  test(`I5, C18 it waits for an operation whose id is used again, acknowledged ${named}`, () => {
    const c = usedAgain();
    expect(drainOf(c)).toBe("DRAINING");
    c.call("web", { type: "acknowledge-operation", operationId: "op1", ...on, uuid });
    c.expect("a1 < acknowledge-operation");
    expect(drainOf(c)).toBe("DRAINED");
    c.done();
  });
}

test("I5, C18 it does not wait for such an operation of a framework that ended", () => {
  const c = usedAgain();
  expect(drainOf(c)).toBe("DRAINING");
  c.do("web tears down");
  c.told();
  expect(drainOf(c)).toBe("DRAINED");
  c.done();
});
