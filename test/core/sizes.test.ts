import { expect } from "vitest";
import type { ExecutorId, TaskId } from "../../contract/ids.ts";
import { limits } from "../../contract/limits.ts";
import type { Operation } from "../../contract/schema/offer.ts";
import type { TaskInfo } from "../../contract/schema/task.ts";
import { encodedBytes } from "../../contract/size.ts";
import type { Effect } from "../../kernel/core/effect.ts";
import { step } from "../../kernel/core/step.ts";
import { tasksView } from "../../kernel/core/views.ts";
import type { TestCluster } from "../support/cluster.ts";
import { offersOf, taskOf } from "../support/cluster-words.ts";
import { resourcesOf } from "../support/lines.ts";
import { scenario } from "../support/scenario.ts";

const oneOfEach = "agent a1 cpus:4;mem:1024;disk:100\nframework web";
const text = (bytes: number) => "x".repeat(bytes);

function task(c: TestCluster, taskId: string, change: Partial<TaskInfo> = {}): TaskInfo {
  const [agentId] = c.state.agents.keys();
  return { ...taskOf(`${taskId}(cpus:0.1;mem:32)`, agentId as never), ...change };
}

/** Steps one input without the transcript, for what is told in words. */
function effectsOf(c: TestCluster, ...operations: Operation[]): Effect[] {
  const offerIds = offersOf(c, "web", "a1").map(({ id }) => id);
  const out: Effect[] = [];
  const call = { type: "accept", offerIds, operations } as const;
  step(c.state, { type: "framework-call", peer: c.peerOf("web"), call }, c.nowMs, out);
  return out;
}

const statusesOf = (effects: readonly Effect[]) =>
  effects.flatMap((effect) =>
    effect.type === "send-framework" && effect.event.type === "update" ? [effect.event.status] : [],
  );
const ordersOf = (effects: readonly Effect[]) =>
  effects.flatMap((effect) =>
    effect.type === "send-agent" && effect.order.type === "launch" ? [effect.order] : [],
  );

scenario(
  "a task that is too large is a TASK_ERROR with both figures, its sibling runs",
  oneOfEach,
  (c) => {
    c.told();
    const large = task(c, "large", { data: new Uint8Array(limits.taskBytesMax) });
    const effects = effectsOf(c, { type: "LAUNCH", tasks: [large, task(c, "small")] });
    const [status, ...others] = statusesOf(effects);
    expect(others).toEqual([]);
    expect(status).toMatchObject({
      taskId: "large",
      state: "TASK_ERROR",
      reason: "REASON_TASK_INVALID",
      message: `Task has ${encodedBytes(large)} bytes, and may have ${limits.taskBytesMax}`,
    });
    expect(ordersOf(effects).flatMap(({ tasks }) => tasks.map(({ taskId }) => taskId))).toEqual([
      "small",
    ]);
  },
);

scenario("whatever part of a task is large, it counts", oneOfEach, (c) => {
  c.told();
  const half = text(limits.taskBytesMax / 2);
  const parts: Partial<TaskInfo>[] = [
    { labels: [{ key: half, value: half }] },
    { command: { value: "x", environment: [{ name: "A", value: half + half }] } },
    { name: half + half },
    {
      command: undefined as never,
      executor: { executorId: "e" as ExecutorId, command: { value: half }, source: half },
    },
  ];
  const tasks = parts.map((part, at) => task(c, `t${at}`, part));
  const states = statusesOf(effectsOf(c, { type: "LAUNCH", tasks })).map(({ state }) => state);
  expect(states).toEqual(Array(parts.length).fill("TASK_ERROR"));
});

scenario("tasks that fit no single order go to their agent in several", oneOfEach, (c) => {
  c.told();
  const data = new Uint8Array(limits.taskBytesMax - 1_000);
  const tasks = ["t1", "t2", "t3", "t4", "t5"].map((taskId) => task(c, taskId, { data }));
  const orders = ordersOf(effectsOf(c, { type: "LAUNCH", tasks }));
  expect(orders.map((order) => order.tasks.map(({ taskId }) => taskId))).toEqual([
    ["t1", "t2"],
    ["t3", "t4"],
    ["t5"],
  ]);
  expect(orders.map(({ framework }) => framework === undefined)).toEqual([false, true, true]);
});

scenario("D4 a task group that fits no order is refused whole", oneOfEach, (c) => {
  c.told();
  const [frameworkId] = c.state.frameworks.keys();
  const executor = {
    executorId: "e1" as ExecutorId,
    type: "DEFAULT" as const,
    frameworkId: frameworkId as never,
    resources: resourcesOf("cpus:0.1;mem:32;disk:10"),
  };
  const data = new Uint8Array(limits.taskBytesMax - 1_000);
  const tasks = ["g1", "g2", "g3"].map((taskId) => task(c, taskId as TaskId, { data }));
  const effects = effectsOf(c, { type: "LAUNCH_GROUP", executor, tasks });
  expect(ordersOf(effects)).toEqual([]);
  expect(statusesOf(effects).map(({ taskId, reason }) => [taskId, reason])).toEqual(
    ["g1", "g2", "g3"].map((taskId) => [taskId, "REASON_TASK_GROUP_INVALID"]),
  );
  expect(statusesOf(effects)[0]?.message).toMatch(
    /^Task group with its executor has 31\d{5} bytes, and may have 2097152$/,
  );
});

scenario("a framework that describes itself at too great a length is refused", "", (c) => {
  const framework = { name: "web", user: "u", roles: [], webuiUrl: text(limits.frameworkBytesMax) };
  const out: Effect[] = [];
  const call = { type: "subscribe", framework } as const;
  step(c.state, { type: "framework-call", peer: 9, call }, c.nowMs, out);
  expect(out[0]).toMatchObject({
    type: "send-framework",
    event: {
      type: "error",
      code: "FRAMEWORK_INVALID",
      message: expect.stringMatching(/^framework: .* has 2621\d\d bytes, and may have 262144$/),
    },
  });
  expect(c.state.frameworks.size).toBe(0);
});

scenario("B7 nor may it grow, and its constraints count", oneOfEach, (c) => {
  c.told();
  const [framework] = c.state.frameworks.values();
  const info = framework?.info;
  if (info === undefined) throw new Error("no framework");
  const constraint = {
    selector: { attributeName: "rack" },
    predicate: { textMatches: { regex: text(limits.frameworkBytesMax) } },
  };
  c.call("web", {
    type: "update-framework",
    requestId: 1,
    framework: info,
    offerConstraints: { web: { groups: [{ attributeConstraints: [constraint] }] } },
  });
  c.expect("web < updated FRAMEWORK_INVALID");
  expect(framework?.constraints).toBeUndefined();
});

scenario("C18 an operation that is too large fails, and its offer comes back", oneOfEach, (c) => {
  const labels = [{ key: "k", value: text(limits.operationBytesMax) }];
  const reserved = {
    ...resourcesOf("cpus:1")[0],
    name: "cpus",
    reservations: [{ type: "dynamic" as const, role: "web" as never, labels }],
  };
  const offerIds = offersOf(c, "web", "a1").map(({ id }) => id);
  c.told();
  const operations = [{ type: "RESERVE" as const, id: "op1", resources: [reserved] }];
  c.call("web", { type: "accept", offerIds, operations, filters: { refuseMs: 0 } });
  c.expect("web < operation op1 OPERATION_ERROR");
  c.do("wait 1s");
  c.expect("web < offers a1(cpus:4;disk:100;mem:1024)");
});

scenario(
  "A4 a message that is too large is rejected, and costs its agent nothing",
  oneOfEach,
  (c) => {
    c.told();
    const [agentId] = c.state.agents.keys();
    const executorId = "e1" as ExecutorId;
    const say = (bytes: number) =>
      c.call("web", {
        type: "message",
        agentId: agentId as never,
        executorId,
        data: new Uint8Array(bytes),
      });
    say(limits.messageBytesMax);
    c.expect("a1 < message e1");
    say(limits.messageBytesMax + 1);
    c.expect("web < rejected message CALL_INVALID");
  },
);

scenario(
  "a list is cut into pages that fit an answer, each with one entry at least",
  oneOfEach,
  (c) => {
    c.told();
    const label = { key: "k", value: text(60_000) };
    for (const taskId of ["t1", "t2", "t3", "t4", "t5"]) {
      const labels = Array(15).fill(label);
      effectsOf(c, { type: "LAUNCH", tasks: [task(c, taskId, { labels })] });
      c.do("web revives");
      c.told();
    }
    const pages: number[] = [];
    for (let offset = 0; ; ) {
      const { tasks, more } = tasksView(c.state, { offset, limit: 100 });
      pages.push(tasks.length);
      offset += tasks.length;
      if (!more) break;
    }
    expect(pages).toEqual([2, 2, 1]);
  },
);
