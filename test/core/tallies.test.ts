import { expect, test } from "vitest";
import type { AgentMessageOf } from "../../contract/agent-api.ts";
import type { AgentId, FrameworkId, RoleName, UpdateId } from "../../contract/ids.ts";
import type { Operation } from "../../contract/schema/offer.ts";
import { defaultOptions } from "../../kernel/core/options.ts";
import { restoreCluster } from "../../kernel/core/snapshot/restore.ts";
import { takeSnapshot } from "../../kernel/core/snapshot/take.ts";
import { createCluster } from "../../kernel/core/state.ts";
import { step } from "../../kernel/core/step.ts";
import { metricsView } from "../../kernel/core/views.ts";
import { type TestCluster, testMaster } from "../support/cluster.ts";
import { offersOf } from "../support/cluster-words.ts";
import { scenario } from "../support/scenario.ts";

const setting = `
  agent a1 cpus:4;mem:1024
  framework web failover=10000 checkpoint
`;

/** The metrics that do not stand at 0, less the name's first word; gauges of resources left out. */
function counted(c: TestCluster, of = "master/"): Record<string, number> {
  const shown = Object.entries(metricsView(c.state, c.state.startedMs)).filter(
    ([name, value]) => value !== 0 && name.startsWith(of),
  );
  return Object.fromEntries(shown.map(([name, value]) => [name.slice(of.length), value]));
}

scenario("H7 a task is counted by its calls, updates and end", setting, (c) => {
  c.do("web accepts a1 t1(cpus:1;mem:64) refuse=3600000");
  c.do("a1 updates t1 RUNNING");
  c.do("web acks t1");
  expect(counted(c)).toMatchObject({ tasks_running: 1, messages_launch_tasks: 1 });
  c.do("a1 updates t1 FAILED");
  expect(counted(c)).toMatchObject({
    tasks_failed: 1,
    messages_register_framework: 1,
    messages_register_slave: 1,
    messages_status_update: 2,
    valid_status_updates: 2,
    messages_status_update_acknowledgement: 1,
    valid_status_update_acknowledgements: 1,
    slave_registrations: 1,
  });
  c.do("web acks t1");
  expect(counted(c)).toMatchObject({ tasks_failed: 1 });
  expect(counted(c)).not.toHaveProperty("tasks_running");
  const ofWeb = counted(c, "master/frameworks/web/m-0000/");
  expect(ofWeb).toMatchObject({
    subscribed: 1,
    "calls/subscribe": 1,
    "calls/accept": 1,
    "calls/acknowledge": 2,
    calls: 4,
    "offers/sent": 1,
    "offers/accepted": 1,
    "operations/launch": 1,
    operations: 1,
    "events/subscribed": 1,
    "events/offers": 1,
    "events/update": 2,
    events: 4,
    "tasks/terminal/task_failed": 1,
  });
  c.told();
});

scenario("H7 a task that is refused is an error, and says why", setting, (c) => {
  c.do("web accepts a1 t1(cpus:100) refuse=3600000");
  expect(counted(c)).toMatchObject({
    tasks_error: 1,
    "task_error/source_master/reason_task_invalid": 1,
  });
  c.told();
});

scenario(
  "H7 an agent out of sight is a removal; its tasks are lost once, and not less so for coming back",
  `agent a1 cpus:4;mem:1024
   framework web failover=1000000 checkpoint`,
  (c) => {
    c.do("web accepts a1 t1(cpus:1;mem:64) refuse=3600000");
    c.do("a1 updates t1 RUNNING");
    c.do("web acks t1");
    c.do("a1 leaves");
    c.do("wait 700s");
    const lost = {
      tasks_lost: 1,
      "task_lost/source_master/reason_slave_removed": 1,
      slave_removals: 1,
      "slave_removals/reason_unhealthy": 1,
      slave_unreachable_scheduled: 1,
      slave_unreachable_completed: 1,
    };
    expect(counted(c)).toMatchObject({ ...lost, slaves_unreachable: 1 });
    c.do("a1 returns web/t1=RUNNING(cpus:1;mem:64)");
    expect(counted(c)).toMatchObject({ ...lost, slave_reregistrations: 1, tasks_running: 1 });
    c.told();
  },
);

scenario(
  "H7 a removal that was put off, and is not needed any more, is canceled",
  "agent a1 cpus:4\nagent a2 cpus:4",
  (c) => {
    c.do("a1 falls silent\na2 falls silent");
    c.do("wait 95s");
    expect(counted(c)).toMatchObject({
      slave_unreachable_scheduled: 2,
      slave_unreachable_completed: 1,
    });
    c.do("a2 answers");
    c.do("wait 30s");
    expect(counted(c)).toMatchObject({
      slave_unreachable_scheduled: 2,
      slave_unreachable_completed: 1,
      slave_unreachable_canceled: 1,
      slave_removals: 1,
    });
    c.told();
  },
  { agentRemovalRateLimit: { count: 1, perMs: 10_000 } },
);

scenario("H7 an agent that unregisters is told apart", setting, (c) => {
  c.say("a1", { type: "unregister" });
  expect(counted(c)).toMatchObject({
    messages_unregister_slave: 1,
    slave_removals: 1,
    "slave_removals/reason_unregistered": 1,
  });
  c.told();
});

scenario("H7 what cannot be delivered is invalid", setting, (c) => {
  const away = "m-S9" as AgentId;
  const uuid = "00000000000000000000000000000001" as UpdateId;
  c.call("web", { type: "acknowledge", agentId: away, taskId: "t" as never, uuid });
  c.call("web", { type: "message", agentId: away, executorId: "e" as never, data: Buffer.of(1) });
  c.call("web", { type: "acknowledge-operation", operationId: "o", uuid });
  const frameworkId = "m-0009" as FrameworkId;
  c.say("a1", {
    type: "executor-message",
    frameworkId,
    executorId: "e" as never,
    data: Buffer.of(),
  });
  expect(counted(c)).toMatchObject({
    invalid_status_update_acknowledgements: 1,
    invalid_framework_to_executor_messages: 1,
    invalid_operation_status_update_acknowledgements: 1,
    invalid_executor_to_framework_messages: 1,
    messages_executor_to_framework: 1,
    messages_framework_to_executor: 1,
  });
  c.told();
});

scenario("H7 operations are counted by type and outcome", setting, (c) => {
  const reserve = (id?: string): Operation => ({
    type: "RESERVE",
    ...(id && { id }),
    resources: [
      {
        name: "cpus",
        scalar: 1_000,
        reservations: [{ type: "dynamic", role: "web" as RoleName }],
      },
    ],
  });
  const offerIds = offersOf(c, "web", "a1").map((offer) => offer.id);
  c.call("web", { type: "accept", offerIds, operations: [reserve(), reserve("op1")] });
  expect(counted(c, "master/operations/")).toEqual({
    total: 2,
    finished: 1,
    pending: 1,
    "reserve/total": 2,
    "reserve/finished": 1,
    "reserve/pending": 1,
  });
  const [framework] = c.state.frameworks.values();
  const outcome: AgentMessageOf<"operation-update"> = {
    type: "operation-update",
    frameworkId: "m-0000" as FrameworkId,
    operationUuid: framework?.operations.get("op1")?.uuid as UpdateId,
    status: { operationId: "op1", state: "OPERATION_FAILED" },
  };
  c.say("a1", outcome);
  c.say("a1", outcome);
  expect(counted(c, "master/operations/")).toMatchObject({ total: 2, finished: 1, failed: 1 });
  expect(counted(c)).toMatchObject({ valid_operation_status_updates: 2 });
  c.told();
});

scenario("H8 roles, filters and quotas are told of", setting, (c) => {
  c.do("web accepts a1 t1(cpus:1;mem:64) refuse=3600000");
  expect(counted(c, "allocator/mesos/")).toEqual({
    "resources/cpus/total": 4,
    "resources/cpus/offered_or_allocated": 1,
    "resources/mem/total": 1_024,
    "resources/mem/offered_or_allocated": 64,
    "roles/web/shares/dominant": 0.25,
    "offer_filters/roles/web/active": 1,
  });
  const restored = restoreCluster(c.state.options, takeSnapshot(c.state));
  expect(metricsView(restored, 0)["allocator/mesos/offer_filters/roles/web/active"]).toBe(1);
  expect(restored.tallies.size).toBe(0);
  c.told();
});

test("H7 messages from before the registry was read are dropped, and counted", () => {
  const state = createCluster({ ...defaultOptions, master: testMaster }, 0);
  step(state, { type: "agent-message", peer: 1, message: { type: "pong" } }, 0, []);
  step(state, { type: "tick" }, 0, []);
  expect(metricsView(state, 0)["master/dropped_messages"]).toBe(1);
});
