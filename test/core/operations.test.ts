import { expect } from "vitest";
import type { AgentMessageOf } from "../../contract/agent-api.ts";
import type { AgentId, FrameworkId, RoleName, UpdateId } from "../../contract/ids.ts";
import type { Operation, OperationState } from "../../contract/schema/offer.ts";
import { operationsView } from "../../kernel/core/views.ts";
import type { TestCluster } from "../support/cluster.ts";
import { offersOf } from "../support/cluster-words.ts";
import { scenario } from "../support/scenario.ts";

const agentId = "m-S0" as AgentId;
const frameworkId = "m-0000" as FrameworkId;
const uuid = "00000000000000000000000000000001" as UpdateId;

const oneOfEach = `
  agent a1 cpus:4;mem:1024
  framework web failover=100000
`;

/** Web reserves a cpu in its role, and wants to hear of it. */
function reserve(c: TestCluster, id = "op1"): void {
  const operation: Operation = {
    type: "RESERVE",
    id,
    resources: [
      {
        name: "cpus",
        scalar: 1_000,
        reservations: [{ type: "dynamic", role: "web" as RoleName }],
      },
    ],
  };
  const offerIds = offersOf(c, "web", "a1").map((offer) => offer.id);
  const filters = { refuseMs: 1_000_000 };
  c.call("web", { type: "accept", offerIds, operations: [operation], filters });
}

function outcome(c: TestCluster, state: OperationState): void {
  const message: AgentMessageOf<"operation-update"> = {
    type: "operation-update",
    frameworkId,
    operationUuid: "any" as UpdateId,
    status: { operationId: "op1", state, uuid, agentId },
  };
  c.say("a1", message);
}

function reconcile(c: TestCluster, operationId: string, on?: AgentId): void {
  const operations = [{ operationId, ...(on && { agentId: on }) }];
  c.call("web", { type: "reconcile-operations", operations });
}

const states = (c: TestCluster) => operationsView(c.state, {}).operations.map(({ state }) => state);

scenario("C18 an operation is pending, has an outcome, and is acknowledged", oneOfEach, (c) => {
  reserve(c);
  expect(c.told().at(0)).toContain("a1 < apply RESERVE");
  expect(states(c)).toEqual(["OPERATION_PENDING"]);
  reconcile(c, "op1");
  c.expect("web < operation op1 OPERATION_PENDING");
  outcome(c, "OPERATION_FINISHED");
  c.expect("web < operation op1 OPERATION_FINISHED");
  expect(states(c)).toEqual(["OPERATION_FINISHED"]);
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
