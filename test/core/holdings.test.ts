import { expect, test } from "vitest";
import type { AgentMessage, AgentMessageOf } from "../../contract/agent-api.ts";
import type { FrameworkId, RoleName, TaskId, UpdateId } from "../../contract/ids.ts";
import { invariants } from "../../kernel/core/invariants.ts";
import { holdingsProblem } from "../../kernel/core/validate-holdings.ts";
import { TestCluster } from "../support/cluster.ts";

type Reregister = AgentMessageOf<"reregister">;

const AGENT = 90;
const info = {
  id: "old-S0",
  hostname: "a1",
  ip: "10.1.0.1",
  port: 5051,
  resources: [{ name: "cpus", scalar: 4_000 }],
};
const task = {
  taskId: "t1",
  frameworkId: "F",
  agentId: "old-S0",
  name: "t1",
  role: "*",
  resources: [{ name: "cpus", scalar: 1_000 }],
  state: "TASK_RUNNING",
  statuses: [],
};
const uuid = "0".repeat(32) as UpdateId;
const operation = {
  type: "RESERVE",
  resources: [{ name: "cpus", scalar: 1_000, reservations: [{ type: "dynamic", role: "web" }] }],
};
const bare = { resources: [{ name: "cpus", scalar: 1_000 }] };
const status = { state: "OPERATION_FINISHED" };
const record = { uuid, applied: { operation, status } };
const executor = { frameworkId: "F", role: "*", executor: { executorId: "e1" } };

/** A cluster with the framework F, and with a1 of an earlier master. */
function cluster(): TestCluster {
  const c = new TestCluster("framework web id=F role=web", {}, [["unreachable/old-S0", 1_000_000]]);
  c.told();
  return c;
}

function say(c: TestCluster, message: object, peer = AGENT): void {
  c.input({ type: "agent-message", peer, message: message as AgentMessage });
}

function reregister(more: object = {}): Reregister {
  const parts = {
    version: "1",
    capabilities: [],
    tasks: [],
    executors: [],
    frameworks: [],
    operations: [],
  };
  return { type: "reregister", agent: info, ...parts, ...more } as unknown as Reregister;
}

test.each<[object, string]>([
  [{ tasks: [{ ...task, taskId: "a/b" }] }, 'tasks[0]: it has a "/" at position 1'],
  [{ tasks: [{ ...task, role: "r/".repeat(20_000) }] }, "tasks[0]: role: it is longer than"],
  [
    { tasks: [{ ...task, resources: [{ name: "cpus", scalar: Number.NaN }] }] },
    "tasks[0]: resources[0]: scalar: cpus is NaN",
  ],
  [
    {
      executors: [
        {
          ...executor,
          executor: { executorId: "e", resources: [{ name: "cpus", scalar: "abc" }] },
        },
      ],
    },
    "executors[0]: resources[0]: scalar: cpus is abc",
  ],
  [{ executors: [{ ...executor, role: "-x" }] }, 'executors[0]: role: it starts with "-"'],
  [
    { frameworks: [{ id: "F", name: "f", user: "", roles: ["a", "a"] }] },
    'frameworks[0]: framework.roles: "a" is there twice',
  ],
  [
    { operations: [record, { ...record, frameworkId: "a/b" }] },
    'operations[1]: frameworkId: it has a "/" at position 1',
  ],
  [
    { operations: [{ uuid, applied: { operation: { ...operation, ...bare }, status } }] },
    "operations[0]: cpus is not reserved dynamically",
  ],
  [
    { operations: [{ uuid, applied: { operation: { type: "LAUNCH", tasks: [] }, status } }] },
    "operations[0]: LAUNCH has no outcome of its own",
  ],
])("an agent that reports what no master accepted is refused: %j", (more, problem) => {
  expect(holdingsProblem(reregister(more))).toContain(problem);
  const c = cluster();
  say(c, reregister(more));
  expect(c.told().join("\n")).toContain("AGENT_INVALID");
  expect(c.state.agents.size).toBe(0);
});

test.each([
  ["an update", { state: "TASK_FINISHED" }, []],
  [
    "a record",
    undefined,
    [{ ...task, statusUpdateState: "TASK_FINISHED", statusUpdateUuid: uuid }],
  ],
])("the update that ends a task is the end of it, though %s says that it runs (D8)", (...row) => {
  const [, update, tasks] = row;
  const c = cluster();
  say(c, reregister({ tasks: tasks.length > 0 ? tasks : [task] }));
  if (update !== undefined) {
    const status = { taskId: "t1", state: "TASK_FINISHED", uuid, timestampMs: 1 };
    say(c, { type: "update", frameworkId: "F", status, latestState: "TASK_RUNNING" });
  }
  const agentId = info.id as never;
  c.call("web", { type: "acknowledge", agentId, taskId: "t1" as TaskId, uuid });
  expect(c.state.frameworks.get("F" as FrameworkId)?.tasks.size).toBe(0);
  invariants(c.state);
});

test("an agent that asks again before it has heard the answer is answered again (B21)", () => {
  const c = cluster();
  say(c, reregister());
  const offered = () => [...c.state.offers.values()];
  const role = "web" as RoleName;
  const reserved = {
    name: "cpus",
    scalar: 3_000,
    reservations: [{ type: "dynamic" as const, role }],
  };
  const reserve = { type: "RESERVE" as const, resources: [reserved] };
  const offerIds = offered().map(({ id }) => id);
  c.call("web", { type: "accept", offerIds, operations: [reserve], filters: { refuseMs: 0 } });
  c.do("wait 1s");
  const [agent] = c.state.agents.values();
  const before = [agent?.total, offered()];
  expect(agent?.total).toContainEqual(reserved);
  c.told();
  // Sent before the answer came: it knows nothing of what has been reserved since.
  say(c, reregister());
  expect(c.told()).toEqual([expect.stringContaining("reregistered")]);
  expect([agent?.total, offered()]).toEqual(before);
});
