import { expect, test } from "vitest";
import type { AgentMessageOf, OperationRecord } from "../../contract/agent-api.ts";
import type { AgentId, FrameworkId, RoleName, UpdateId } from "../../contract/ids.ts";
import type { Operation, OperationState } from "../../contract/schema/offer.ts";
import { operationsView } from "../../kernel/core/views.ts";
import { TestCluster } from "../support/cluster.ts";
import { offersOf } from "../support/cluster-words.ts";
import { scenario } from "../support/scenario.ts";

const agentId = "m-S0" as AgentId;
const frameworkId = "m-0000" as FrameworkId;
const uuid = "00000000000000000000000000000001" as UpdateId;

const oneOfEach = `
  agent a1 cpus:4;mem:1024
  framework web failover=100000
`;

const reserved = {
  name: "cpus",
  scalar: 1_000,
  reservations: [{ type: "dynamic" as const, role: "web" as RoleName }],
};
const reservation = (id: string): Operation => ({ type: "RESERVE", id, resources: [reserved] });

/** Web reserves a cpu in its role, and wants to hear of it. */
function reserve(c: TestCluster, id = "op1"): void {
  const operation = reservation(id);
  const offerIds = offersOf(c, "web", "a1").map((offer) => offer.id);
  const filters = { refuseMs: 1_000_000 };
  c.call("web", { type: "accept", offerIds, operations: [operation], filters });
}

/** What the first operation of a master is called. */
const operationUuid = "0".repeat(32) as UpdateId;

function outcome(c: TestCluster, state: OperationState, more: object = {}): void {
  const message: AgentMessageOf<"operation-update"> = {
    type: "operation-update",
    frameworkId,
    operationUuid,
    status: { operationId: "op1", state, uuid, agentId },
    ...more,
  };
  c.say("a1", message);
}

/** What an agent says of op1, which it has carried out. */
const record: OperationRecord = {
  uuid: operationUuid,
  frameworkId,
  applied: {
    operation: reservation("op1"),
    status: { operationId: "op1", state: "OPERATION_FINISHED", uuid, agentId },
  },
};

/** The agent a1 is back, on a new connection, with these operations. */
function returns(c: TestCluster, operations: readonly OperationRecord[]): void {
  const peer = c.nextPeer++;
  c.names.agents.set("a1", { id: agentId, peer, info: {} });
  const cpus = { name: "cpus", scalar: 3_000 };
  const resources = [reserved, cpus, { name: "mem", scalar: 1_024_000 }];
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
}

/** The next master, which waits for the agent a1. */
function nextMaster(before: TestCluster): TestCluster {
  const c = new TestCluster("", {}, [...before.registry]);
  before.told();
  return c;
}

const takeUp = `framework web id=${frameworkId} role=web failover=100000`;

function reconcile(c: TestCluster, operationId: string, on?: AgentId): void {
  const operations = [{ operationId, ...(on && { agentId: on }) }];
  c.call("web", { type: "reconcile-operations", operations });
}

const states = (c: TestCluster) => operationsView(c.state, {}).operations.map(({ state }) => state);

scenario("C18 an operation is pending, has an outcome, and is acknowledged", oneOfEach, (c) => {
  reserve(c);
  expect(c.told().at(0)).toContain("a1 < apply RESERVE");
  expect(states(c)).toEqual(["OPERATION_PENDING"]);
  expect(operationsView(c.state, {}).operations[0]).not.toHaveProperty("status");
  reconcile(c, "op1");
  c.expect("web < operation op1 OPERATION_PENDING");
  outcome(c, "OPERATION_FINISHED");
  c.expect("web < operation op1 OPERATION_FINISHED");
  expect(operationsView(c.state, {}).operations).toMatchObject([
    { state: "OPERATION_FINISHED", status: { operationId: "op1", uuid, agentId } },
  ]);
  c.call("web", { type: "acknowledge-operation", operationId: "op1", uuid });
  c.expect("a1 < acknowledge-operation");
  expect(states(c)).toEqual([]);
});

scenario("C18 an id is not used twice before it is acknowledged", oneOfEach, (c) => {
  reserve(c);
  c.do("wait 1s");
  c.told();
  reserve(c);
  c.do("wait 1s");
  expect(c.told()).toContain("web < operation op1 OPERATION_ERROR");
});

scenario("C18, B21 what the agent never got was dropped", oneOfEach, (c) => {
  reserve(c);
  c.do("a1 leaves");
  c.told();
  c.do("a1 returns");
  expect(c.told()).toContain("web < operation op1 OPERATION_DROPPED");
  expect(states(c)).toEqual([]);
});

scenario("C18 an agent that is given up takes its operations with it", oneOfEach, (c) => {
  reserve(c);
  c.do("a1 leaves");
  c.do("wait 600s");
  expect(c.told()).toContain("web < operation op1 OPERATION_UNREACHABLE");
  reconcile(c, "op1", agentId);
  c.expect("web < operation op1 OPERATION_UNREACHABLE");
  c.operate({ method: "mark-agent-gone", params: { agentId } });
  reconcile(c, "op1", agentId);
  c.expect("web < operation op1 OPERATION_GONE_BY_OPERATOR");
  reconcile(c, "op2");
  c.expect("web < operation op2 OPERATION_UNKNOWN");
});

scenario("C18 an outcome for a framework that is away waits for it", oneOfEach, (c) => {
  reserve(c);
  c.do("web leaves");
  c.told();
  outcome(c, "OPERATION_FINISHED");
  c.expect("");
  c.do("web returns");
  c.told();
  outcome(c, "OPERATION_FINISHED");
  c.expect("web < operation op1 OPERATION_FINISHED");
});

scenario("C18 an outcome for a framework that is gone is acknowledged here", oneOfEach, (c) => {
  reserve(c);
  c.do("web tears down");
  c.told();
  outcome(c, "OPERATION_FINISHED");
  c.expect("a1 < acknowledge-operation");
});

test("C18, B21, D14 the next master knows of operations what their agents bring back", () => {
  const first = new TestCluster(oneOfEach, {});
  reserve(first);
  const c = nextMaster(first);
  c.do(takeUp);
  c.told();
  for (const on of [agentId, undefined]) {
    reconcile(c, "op1", on);
    c.expect("web < operation op1 OPERATION_RECOVERING");
  }
  returns(c, [record]);
  // What the agent is told makes it send the outcome at once.
  expect(c.told().slice(0, 2)).toEqual(["a1 < reregistered", "a1 < update-framework web"]);
  expect(operationsView(c.state, {}).operations).toEqual([
    {
      operationUuid,
      frameworkId,
      agentId,
      operation: reservation("op1"),
      state: "OPERATION_FINISHED",
      status: record.applied?.status,
    },
  ]);
  for (const on of [agentId, undefined]) {
    reconcile(c, "op1", on);
    c.expect("web < operation op1 OPERATION_FINISHED");
  }
  outcome(c, "OPERATION_FINISHED");
  c.expect("web < operation op1 OPERATION_FINISHED");
  c.call("web", { type: "acknowledge-operation", operationId: "op1", agentId, uuid });
  c.expect("a1 < acknowledge-operation");
  reconcile(c, "op1", agentId);
  c.expect("web < operation op1 OPERATION_UNKNOWN");
  c.done();
});

test("C18, O3 whose operations came before it is told of them when it is back", () => {
  const first = new TestCluster(oneOfEach, {});
  reserve(first);
  const c = nextMaster(first);
  returns(c, [record]);
  c.expect("a1 < reregistered");
  expect(states(c)).toEqual(["OPERATION_FINISHED"]);
  expect(c.state.frameworks.get(frameworkId)?.state).toBe("recovered");
  c.do(takeUp);
  expect(c.told()).toContain("a1 < update-framework web");
  reconcile(c, "op1");
  c.expect("web < operation op1 OPERATION_FINISHED");
  c.done();
});

scenario(
  "C18, O3 an agent with nothing but an operation hears of its framework",
  oneOfEach,
  (c) => {
    reserve(c);
    c.do("web leaves");
    c.told();
    c.do("web returns");
    expect(c.told()).toContain("a1 < update-framework web");
    c.do("web tears down");
    expect(c.told()).toContain("a1 < shutdown-framework web");
  },
);

scenario("C18, B21 what agent and master both know stands as the agent says", oneOfEach, (c) => {
  reserve(c);
  c.do("a1 leaves");
  c.told();
  returns(c, [record]);
  expect(c.told().filter((line) => line.includes(" operation "))).toEqual([]);
  expect(states(c)).toEqual(["OPERATION_FINISHED"]);
  c.do("a1 leaves");
  c.told();
  // It knows it no more: the acknowledgement has reached it.
  returns(c, []);
  expect(c.told().filter((line) => line.includes(" operation "))).toEqual([]);
  expect(states(c)).toEqual([]);
});

scenario("C18 an agent that was given up brings its operations back", oneOfEach, (c) => {
  reserve(c);
  c.do("a1 leaves\nwait 600s");
  expect(c.told()).toContain("web < operation op1 OPERATION_UNREACHABLE");
  returns(c, [record]);
  c.told();
  expect(states(c)).toEqual(["OPERATION_FINISHED"]);
});

scenario("C18 what was too much to be brought back comes with its outcome", oneOfEach, (c) => {
  reserve(c);
  c.do("a1 leaves");
  c.told();
  c.do("wait 600s");
  c.told();
  const { applied: _, ...name } = record;
  returns(c, [name]);
  c.told();
  expect(states(c)).toEqual([]);
  outcome(c, "OPERATION_FINISHED", { operation: reservation("op1") });
  c.expect("web < operation op1 OPERATION_FINISHED");
  expect(states(c)).toEqual(["OPERATION_FINISHED"]);
});

test("C18 an id that was used again meanwhile is the newer operation's", () => {
  const c = nextMaster(new TestCluster(oneOfEach, {}));
  c.do(takeUp);
  c.do("agent a2 cpus:4");
  const offerIds = offersOf(c, "web", "a2").map(({ id }) => id);
  c.call("web", { type: "accept", offerIds, operations: [reservation("op1")] });
  const older = { ...record, uuid: "f".repeat(32) as UpdateId };
  returns(c, [older]);
  c.told();
  expect(states(c)).toEqual(["OPERATION_PENDING"]);
  // The older one's outcome is told and acknowledged for itself.
  outcome(c, "OPERATION_FINISHED", { operationUuid: older.uuid });
  c.expect("web < operation op1 OPERATION_FINISHED");
  c.call("web", { type: "acknowledge-operation", operationId: "op1", agentId, uuid });
  c.expect("a1 < acknowledge-operation");
  expect(states(c)).toEqual(["OPERATION_PENDING"]);
  c.done();
});

test("C18, B8 operations of a framework that is gone go with it", () => {
  const c = new TestCluster(oneOfEach, {});
  reserve(c);
  c.do("a1 leaves\nweb tears down");
  c.told();
  returns(c, [record]);
  expect(c.told()).toContain("a1 < shutdown-framework web");
  expect(c.state.frameworks.size).toBe(0);
  c.done();
});
