import { expect, test } from "vitest";
import type { AgentId, ExecutorId, FrameworkId, RoleName, TaskId } from "../../contract/ids.ts";
import type { ExecutorInfo, TaskInfo } from "../../contract/schema/task.ts";
import { agentsView } from "../../kernel/core/views.ts";
import { TestCluster } from "../support/cluster.ts";

const cpus = (milli: number) => [{ name: "cpus", scalar: milli }];
const used = (c: TestCluster): unknown => agentsView(c.state, { limit: 9 }).agents[0]?.used;

/** `web` does not checkpoint; its task runs on a1, whose connection is lost. */
function lost(capability = "aware"): TestCluster {
  const c = new TestCluster("agent a1 cpus:4", {});
  c.do(`framework web failover=600000 ${capability}`);
  c.do("web accepts a1 t1(cpus:1) refuse=3600000");
  c.do("a1 updates t1 RUNNING");
  c.do("web acks t1");
  c.told();
  c.do("a1 leaves");
  c.expect("web < t1 LOST AGENT_DISCONNECTED");
  return c;
}

test.each(["aware", ""])(
  "B23, D9 what was lost stays lost: its agent ends it, unheard of (%s)",
  (capability) => {
    const c = lost(capability);
    c.do("a1 returns web/t1=RUNNING(cpus:1)");
    c.expect(`
    a1 < reregistered
    a1 < update-framework web
    a1 < kill t1
  `);
    // Until it has ended, nobody else gets what it uses.
    expect(used(c)).toEqual(cpus(1_000));
    for (const state of ["KILLING", "KILLED"]) {
      c.do(`a1 updates t1 ${state} of=web`);
      c.expect("a1 < ack t1");
    }
    expect(used(c)).toEqual([]);
    c.do("web reconciles t1");
    expect(c.told().join()).toMatch(/^web < t1 (UNKNOWN|LOST) RECONCILIATION$/);
  },
);

test("D9 an end that it comes back with is no other end", () => {
  const c = lost();
  c.do("a1 returns web/t1=FINISHED:0(cpus:1)");
  c.expect("a1 < reregistered\na1 < update-framework web\nweb < offers a1(cpus:4)");
  c.do("a1 updates t1 FINISHED of=web");
  c.expect("a1 < ack t1");
});

test("F2 an agent whose process was another one has nothing to end", () => {
  const c = lost();
  c.do("a1 returns");
  c.expect("a1 < reregistered\nweb < offers a1(cpus:4)");
  expect(c.state.strayIds.size).toBe(0);
});

test("B25 it stays lost when its agent has been given up meanwhile", () => {
  const c = lost();
  c.do("wait 600s");
  c.expect("web < failure a1");
  c.do("a1 returns web/t1=RUNNING(cpus:1)");
  expect(c.told()).toContain("a1 < kill t1");
});

test("B25 what was out of sight, and not lost for good, comes back", () => {
  const c = new TestCluster("agent a1 cpus:4\nframework web failover=600000 aware", {});
  c.do("web accepts a1 t1(cpus:1) refuse=3600000");
  c.do("a1 updates t1 RUNNING");
  c.do("web acks t1");
  c.told();
  c.do("a1 falls silent");
  c.do("wait 600s");
  expect(c.told()).toContain("web < t1 UNREACHABLE AGENT_REMOVED");
  c.do("a1 returns web/t1=RUNNING(cpus:1)");
  expect(c.told()).toContain("web < t1 RUNNING AGENT_REREGISTERED");
});

test("it is killed again when the connection is lost again, and its id can be used after it", () => {
  const c = lost();
  for (const _time of ["once", "again"]) {
    c.do("a1 returns web/t1=RUNNING(cpus:1)");
    expect(c.told()).toContain("a1 < kill t1");
    c.do("a1 leaves");
    c.told();
  }
  c.do("a1 returns web/t1=RUNNING(cpus:1)");
  c.told();
  c.do("web revives");
  c.do("web accepts a1 t1(cpus:1)");
  expect(c.told()).toContain("web < t1 ERROR TASK_INVALID");
  c.do("a1 updates t1 KILLED of=web");
  c.told();
  c.do("web revives");
  c.do("web accepts a1 t1(cpus:1)");
  expect(c.told()).toContain("a1 < launch t1");
  c.do("a1 updates t1 RUNNING");
  c.expect("web < t1 RUNNING ack?");
});

test("B26 to a master that does not know of the loss, what runs is there", () => {
  const info = { hostname: "a1", ip: "10.0.0.2", port: 5051, resources: cpus(4_000) };
  const c = new TestCluster("", {}, [["agents/old-S0", info as never]]);
  c.do("framework web failover=600000");
  c.names.agents.set("a1", { id: "old-S0", peer: undefined, info });
  c.told();
  c.do("a1 returns web/t1=RUNNING(cpus:1)");
  expect(c.told().join()).not.toContain("kill");
  c.do("web reconciles t1");
  c.expect("web < t1 RUNNING RECONCILIATION");
});

/** `web` runs t1 on an executor of its own; the connection of its agent is lost. */
function lostExecutor(): { c: TestCluster; returns(executorId?: string): void } {
  const c = new TestCluster("agent a1 cpus:4\nframework web failover=600000 aware", {});
  const [agentId, frameworkId] = [...c.state.agents.keys(), ...c.state.frameworks.keys()] as [
    AgentId,
    FrameworkId,
  ];
  const executor: ExecutorInfo = {
    executorId: "e1" as ExecutorId,
    command: { value: "./executor" },
    resources: cpus(500),
  };
  const info = { name: "t1", taskId: "t1" as TaskId, agentId, resources: cpus(1_000), executor };
  const offerIds = [...c.state.offers.keys()];
  const operations = [{ type: "LAUNCH" as const, tasks: [info as TaskInfo] }];
  c.call("web", { type: "accept", offerIds, operations, filters: { refuseMs: 3_600_000 } });
  c.do("a1 updates t1 RUNNING");
  c.do("web acks t1");
  c.do("a1 leaves");
  expect(c.told()).toContain("web < t1 LOST AGENT_DISCONNECTED");
  const record = {
    ...{ taskId: info.taskId, frameworkId, agentId, name: "t1", role: "web" as RoleName },
    ...{ executorId: executor.executorId, resources: cpus(1_000), statuses: [] },
    state: "TASK_RUNNING" as const,
  };
  const returns = () => {
    const party = c.names.agents.get("a1");
    if (party === undefined) throw new Error("a1 is nobody");
    party.peer = c.nextPeer++;
    c.say("a1", {
      type: "reregister",
      agent: { ...(party.info as unknown as typeof agentInfo), id: agentId },
      version: "0.1.0",
      capabilities: [],
      tasks: [record],
      executors: [{ frameworkId, executor: { ...executor, frameworkId }, role: record.role }],
      frameworks: [{ name: "web", user: "nobody", roles: [record.role], id: frameworkId }],
      operations: [],
    });
  };
  return { c, returns };
}

const agentInfo = { hostname: "a1", ip: "10.1.0.1", port: 5051, resources: cpus(4_000) };

test("B23 its executor is ended, too, and its framework hears nothing of that either", () => {
  const { c, returns } = lostExecutor();
  returns();
  c.expect(`
    a1 < reregistered
    a1 < update-framework web
    a1 < kill t1
    a1 < shutdown-executor e1
  `);
  expect(used(c)).toEqual(cpus(1_500));
  c.do("a1 updates t1 KILLED of=web");
  c.expect("a1 < ack t1");
  const [frameworkId] = c.state.frameworks.keys();
  const exited = { type: "executor-exited", executorId: "e1" as ExecutorId, status: 0 } as const;
  c.say("a1", { ...exited, frameworkId: frameworkId as FrameworkId });
  c.expect("");
  expect(used(c)).toEqual([]);
  c.do("a1 leaves");
  c.do("a1 returns");
  c.told();
  expect(c.state.strayIds.size).toBe(0);
});
