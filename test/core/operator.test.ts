import { expect } from "vitest";
import type { FrameworkId, RoleName, TaskId } from "../../contract/ids.ts";
import {
  agentsView,
  clusterView,
  frameworksView,
  offersView,
  rolesView,
  tasksView,
} from "../../kernel/core/views.ts";
import { scenario } from "../support/scenario.ts";

const running = `
  agent a1 cpus:4;mem:1024
  agent a2 cpus:4;mem:1024
  framework web failover=10000 checkpoint
`;
const web = "web" as RoleName;

scenario("an operator kills a task whoever owns it", running, (c) => {
  c.do("web accepts a1 t1(cpus:1;mem:64) refuse=60000");
  c.told();
  const taskId = "t1" as TaskId;
  expect(c.operate({ method: "kill-task", params: { taskId, gracePeriodMs: 5 } })).toMatchObject({
    result: { frameworkId: "m-0000", agentId: "m-S0" },
  });
  c.expect("a1 < kill t1");
  const unknown = "t2" as TaskId;
  expect(c.operate({ method: "kill-task", params: { taskId: unknown } }).code).toBe("TASK_UNKNOWN");
});

scenario("tasks of several frameworks with one id are killed by naming whose", running, (c) => {
  c.do("web accepts a1 t1(cpus:1;mem:64) refuse=60000");
  c.do("framework other");
  c.do("other accepts a1 t1(cpus:1;mem:64) refuse=60000");
  c.told();
  const taskId = "t1" as TaskId;
  const { code } = c.operate({ method: "kill-task", params: { taskId } });
  expect(code).toBe("TASK_ID_AMBIGUOUS");
  const of = { taskId, frameworkId: "m-0001" as FrameworkId };
  expect(c.operate({ method: "kill-task", params: of })).toMatchObject({ result: {} });
  c.told();
});

scenario("B8 an operator tears a framework down", running, (c) => {
  const frameworkId = "m-0000" as FrameworkId;
  expect(c.operate({ method: "teardown", params: { frameworkId } }).result).toEqual({});
  c.expect("web closed FRAMEWORK_REMOVED");
  expect(c.operate({ method: "teardown", params: { frameworkId } }).code).toBe("FRAMEWORK_UNKNOWN");
});

scenario(
  "E7 weights are durable before they are answered, and all offers come back",
  running,
  (c) => {
    c.writesAtOnce = false;
    const weights = [{ role: web, weight: 2 }];
    expect(c.operate({ method: "update-weights", params: { weights } })).toEqual({});
    c.expect("");
    expect(c.registry.get("weights/web")).toBe(2);
    c.write();
    expect(c.answer(1)?.result).toEqual({});
    c.expect("web < rescind a1\nweb < rescind a2");
    expect(rolesView(c.state).roles).toMatchObject([{ role: "web", weight: 2 }]);
    for (const weight of [0, 1e-320, 0.0009, 1e7, Number.NaN]) {
      const params = { weights: [{ role: web, weight }] };
      expect(c.operate({ method: "update-weights", params }).code).toBe("WEIGHT_INVALID");
    }
  },
);

scenario("E8, E9 quotas are checked, durable, and in force", running, (c) => {
  c.do("web accepts a1 t1(cpus:2;mem:64) refuse=60000");
  c.do("web declines a2 refuse=60000");
  c.told();
  const quota = (guarantee: number, limit: number, force = false) =>
    c.operate({
      method: "update-quota",
      params: {
        force,
        quotas: [{ role: web, guarantee: { cpus: guarantee }, limit: { cpus: limit } }],
      },
    });
  expect(quota(9_000, 9_000).code).toBe("QUOTA_UNMET");
  expect(quota(1_000, 1_000).code).toBe("QUOTA_CONSUMED");
  expect(quota(3_000, 2_000).code).toBe("QUOTA_INVALID");
  expect(quota(1_000, 1_000, true).result).toEqual({});
  expect(quota(2_000, 3_000).result).toEqual({});
  expect(c.registry.get("quotas/web")).toEqual({
    guarantee: { cpus: 2_000 },
    limit: { cpus: 3_000 },
  });
  // Two that are asked for together are checked together, before either is in the registry.
  c.writesAtOnce = false;
  const half = (role: string) => ({ role: role as RoleName, guarantee: { cpus: 5_000 } });
  const ask = (role: string) =>
    c.operate({ method: "update-quota", params: { quotas: [half(role)] } }).code;
  expect([ask("x"), ask("y")]).toEqual([undefined, "QUOTA_UNMET"]);
  c.writesAtOnce = true;
  c.write();
  const nested = [{ role: "a/b" as RoleName, guarantee: { cpus: 1 } }];
  expect(c.operate({ method: "update-quota", params: { quotas: nested } }).code).toBe(
    "QUOTA_INVALID",
  );
  const none = [{ role: web }];
  expect(c.operate({ method: "update-quota", params: { quotas: none } }).result).toEqual({});
  expect(c.registry.has("quotas/web")).toBe(false);
});

scenario("E7 quotas of more kinds of resources than are told apart are refused", running, (c) => {
  const quota = (limit: Record<string, number>) =>
    c.operate({ method: "update-quota", params: { quotas: [{ role: web, limit }] } }).code;
  const names = (count: number) =>
    Object.fromEntries(Array.from({ length: count }, (_, at) => [`x${at}`, 1_000]));
  // What is refused leaves room for others.
  expect(quota(names(9))).toBe("QUOTA_INVALID");
  expect(quota(names(4))).toBeUndefined();
  expect(quota({ fpga: 1_000 })).toBe("QUOTA_INVALID");
  expect(quota({ x3: 2_000 })).toBeUndefined();
  c.told();
});

scenario("H2 events are made only while somebody listens", running, (c) => {
  c.input({ type: "listeners", count: 1 });
  c.do("web accepts a1 t1(cpus:1;mem:64) refuse=60000");
  c.do("a1 updates t1 RUNNING");
  c.told();
  expect(c.recorder.published.map(({ kind }) => kind)).toEqual(["task-added", "task-updated"]);
  c.input({ type: "listeners", count: 0 });
  c.do("a1 updates t1 FINISHED");
  c.told();
  expect(c.recorder.published).toHaveLength(2);
});

scenario("H2 the tasks of a framework that is removed end before it does", running, (c) => {
  c.do("web accepts a1 t1(cpus:1;mem:64) refuse=60000");
  c.do("a1 updates t1 RUNNING");
  c.input({ type: "listeners", count: 1 });
  c.do("web tears down");
  c.told();
  const { published } = c.recorder;
  expect(published.map(({ kind, state }) => [kind, state])).toEqual([
    ["task-updated", "TASK_KILLED"],
    ["framework-removed", undefined],
  ]);
  expect(published[0]?.status?.reason).toBe("REASON_FRAMEWORK_REMOVED");
});

scenario("views show what there is, in pages, tasks newest first and by prefix", running, (c) => {
  c.do("web accepts a1 batch1(cpus:1;mem:64) refuse=60000");
  c.do("wait 1s");
  c.do("web accepts a2 batch2(cpus:1;mem:64) other(cpus:1;mem:64) refuse=60000");
  c.told();
  const { state } = c;
  const cluster = clusterView(state);
  expect(cluster).toMatchObject({ agents: { active: 2 }, tasks: { TASK_STAGING: 3 }, offers: 0 });
  expect(cluster.used).toEqual([
    { name: "cpus", scalar: 3_000 },
    { name: "mem", scalar: 192_000 },
  ]);
  expect(tasksView(state, { limit: 2 })).toMatchObject({
    tasks: [{ task: { taskId: "batch2" } }, { task: { taskId: "other" } }],
    more: true,
  });
  expect(tasksView(state, { taskId: "oth" }).tasks).toHaveLength(1);
  expect(() => tasksView(state, { taskId: "batch" })).toThrow(
    expect.objectContaining({
      code: "TASK_ID_AMBIGUOUS",
      message: '"batch" fits 2 tasks',
      details: expect.arrayContaining(["batch1 of framework m-0000", "batch2 of framework m-0000"]),
    }),
  );
  expect(agentsView(state, { limit: 1 })).toMatchObject({ agents: [{ tasks: 1 }], more: true });
  expect(frameworksView(state, {}).frameworks).toMatchObject([
    { state: "active", tasks: { TASK_STAGING: 3 }, used: [{ scalar: 3_000 }, {}] },
  ]);
  c.do("web revives");
  c.told();
  expect(offersView(state, {}).offers).toHaveLength(2);
  c.do("web tears down");
  c.told();
  expect(tasksView(state, {}).tasks).toEqual([]);
  expect(tasksView(state, { completed: true }).tasks).toHaveLength(3);
  expect(frameworksView(state, { completed: true }).frameworks).toMatchObject([
    { state: "completed", completedTasks: 3 },
  ]);
});
