import { expect, test } from "vitest";
import type { ExecutorId, TaskId } from "../../contract/ids.ts";
import type { Operation } from "../../contract/schema/offer.ts";
import type { TaskInfo } from "../../contract/schema/task.ts";
import { TestCluster } from "../support/cluster.ts";
import { offersOf, taskOf } from "../support/cluster-words.ts";
import { resourcesOf } from "../support/lines.ts";
import { scenario } from "../support/scenario.ts";

const oneOfEach = "agent a1 cpus:4;mem:1024;disk:100\nframework web";
const keeping = `${oneOfEach} failover=10000 checkpoint`;

/** Accepts what web is offered on a1 with these operations, for good or ill. */
function accept(c: TestCluster, ...operations: Operation[]): void {
  const offerIds = offersOf(c, "web", "a1").map(({ id }) => id);
  c.call("web", { type: "accept", offerIds, operations, filters: { refuseMs: 0 } });
}

/** A good task of a1 but for what is changed. */
function task(c: TestCluster, change: Partial<TaskInfo>): TaskInfo {
  const [agentId] = c.state.agents.keys();
  return { ...taskOf("t1(cpus:1;mem:64)", agentId as never), ...change };
}

const bad: readonly [string, Partial<TaskInfo>, RegExp][] = [
  ["M1 an empty id", { taskId: "" as TaskId }, /invalid id: it is empty/],
  ["M1 an id with a slash", { taskId: "a/b" as TaskId }, /invalid id/],
  ["M1 an id that is too long", { taskId: "x".repeat(256) as TaskId }, /255 bytes/],
  ["M2 another agent", { agentId: "m-S7" as never }, /invalid agent m-S7/],
  ["M2 a negative grace period", { killPolicy: { gracePeriodMs: -1 } }, /non-negative/],
  ["M2 a NaN completion time", { maxCompletionMs: Number.NaN }, /non-negative/],
  ["M9 a check of two kinds", { check: { tcp: { port: 1 }, http: { port: 2 } } }, /exactly one/],
  [
    "M9 a health check of another type",
    { healthCheck: { type: "HTTP", tcp: { port: 1 } } },
    /type HTTP needs "http"/,
  ],
  ["M9 a path that is none", { check: { http: { port: 1, path: "x" } } }, /must start with/],
  ["M2 no resources", { resources: [] }, /no resources/],
  ["M2 nothing of a resource", { resources: [{ name: "cpus", scalar: 0 }] }, /no resources/],
  ["M14 negative cpus", { resources: [{ name: "cpus", scalar: -1 }] }, /negative/],
  ["M14 NaN cpus", { resources: [{ name: "cpus", scalar: Number.NaN }] }, /finite/],
  ["M2 half a gpu", { resources: [{ name: "gpus", scalar: 500 }] }, /whole number/],
  [
    "M2 revocable and not",
    {
      resources: [
        { name: "cpus", scalar: 1 },
        { name: "cpus", scalar: 1, revocable: true },
      ],
    },
    /both revocable and not/,
  ],
  ["M9 a shell command without a value", { command: {} }, /needs a value/],
  [
    "M10 a variable without a value",
    { command: { value: "x", environment: [{ name: "A" }] } },
    /has no value/,
  ],
  ["M7 docker without docker", { container: { type: "DOCKER" } }, /needs "docker"/],
  ["M8 limits the agent cannot keep", { limits: { cpus: 2_000 } }, /TASK_RESOURCE_LIMITS/],
  [
    "M3 both command and executor",
    { executor: { executorId: "e" as ExecutorId, command: { value: "x" } } },
    /but not both/,
  ],
  [
    "M4 more than was offered",
    { resources: resourcesOf("cpus:5") },
    /more resources than available in the offers: cpus\(\*\):5 of cpus\(\*\):\d/,
  ],
  [
    "M4 what was not offered",
    { resources: resourcesOf("floppies:1") },
    /available in the offers: floppies\(\*\):1 of nothing$/,
  ],
];

test.each(bad)("D4 %s is a TASK_ERROR that says so, and its sibling runs", (_, change, message) => {
  const c = new TestCluster(oneOfEach, {});
  c.told();
  const sibling = task(c, { taskId: "t2" as TaskId });
  const told: string[] = [];
  const peer = c.peerOf("web");
  const apply = c.recorder.apply.bind(c.recorder);
  c.recorder.apply = (effects) => {
    for (const effect of effects) {
      if (effect.type !== "send-framework" || effect.to !== peer) continue;
      if (effect.event.type === "update") told.push(effect.event.status.message ?? "");
    }
    return apply(effects);
  };
  accept(c, { type: "LAUNCH", tasks: [task(c, change), sibling] });
  expect(told).toHaveLength(1);
  expect(told[0]).toMatch(message);
  expect(c.told()).toContain("a1 < launch t2 with framework");
});

scenario("M3 neither command nor executor is refused in the words of Mesos", oneOfEach, (c) => {
  const { command, ...rest } = task(c, {});
  accept(c, { type: "LAUNCH", tasks: [rest] });
  c.expect("web < t1 ERROR TASK_INVALID");
});

scenario(
  "M2 an id is taken while its task lives, and free again when it is done",
  oneOfEach,
  (c) => {
    c.do("web accepts a1 t1(cpus:1;mem:64) t1(cpus:1;mem:64) refuse=0");
    c.expect("web < t1 ERROR TASK_INVALID\na1 < launch t1 with framework");
    c.do("a1 updates t1 FINISHED");
    c.do("web acks t1");
    c.do("wait 1s");
    c.told();
    c.do("web accepts a1 t1(cpus:1;mem:64)");
    c.expect("a1 < launch t1");
  },
);

scenario("B43, M4 an executor is paid for once, and free when it is gone", oneOfEach, (c) => {
  const executor = {
    executorId: "e1" as ExecutorId,
    command: { value: "run" },
    resources: resourcesOf("cpus:1;mem:32"),
  };
  const { command, ...plain } = task(c, {});
  const tasks = [1, 2].map((n) => ({ ...plain, taskId: `t${n}` as TaskId, executor }));
  accept(c, { type: "LAUNCH", tasks });
  c.expect("a1 < launch t1 t2 with framework");
  c.do("wait 1s");
  c.expect("web < offers a1(cpus:1;disk:100;mem:864)");
  expect(c.offers.at(-1)?.executorIds).toEqual(["e1"]);
  const other = { ...plain, taskId: "t3" as TaskId, executor: { ...executor, name: "other" } };
  accept(c, { type: "LAUNCH", tasks: [other] });
  c.expect("web < t3 ERROR TASK_INVALID");
  c.do("a1 updates t1 FINISHED\na1 updates t2 FINISHED");
  c.told();
  const [frameworkId] = c.state.frameworks.keys();
  const executorId = executor.executorId;
  c.say("a1", {
    type: "executor-exited",
    frameworkId: frameworkId as never,
    executorId,
    status: 9,
  });
  c.expect("web < failure a1 e1 9");
  c.do("wait 1s");
  c.expect("web < offers a1(cpus:4;disk:100;mem:1024)");
});

scenario("D15 an executor that ended while its agent was away is a failure", keeping, (c) => {
  const executor = { executorId: "e1" as ExecutorId, command: { value: "run" } };
  const { command, ...plain } = task(c, {});
  accept(c, { type: "LAUNCH", tasks: [{ ...plain, executor }] });
  c.told();
  // It comes back, and has neither the task nor its executor.
  c.do("a1 leaves\na1 returns");
  expect(c.told()).toContain("web < failure a1 e1 -1");
});

scenario("D4, M6 a task group starts whole or not at all", oneOfEach, (c) => {
  const [frameworkId] = c.state.frameworks.keys();
  const executor = {
    executorId: "e1" as ExecutorId,
    type: "DEFAULT",
    frameworkId: frameworkId as never,
    resources: resourcesOf("cpus:0.1;mem:32;disk:10"),
  } as const;
  const good = task(c, { taskId: "g1" as TaskId });
  const large = task(c, { taskId: "g2" as TaskId, resources: resourcesOf("cpus:9") });
  accept(c, { type: "LAUNCH_GROUP", executor: { ...executor }, tasks: [good, large] });
  c.expect("web < g1 ERROR TASK_GROUP_INVALID\nweb < g2 ERROR TASK_GROUP_INVALID");
  c.do("wait 1s");
  c.expect("web < offers a1(cpus:4;disk:100;mem:1024)");
  // What a task repeats of the group's executor goes no further: it would be sent and kept twice.
  const other = task(c, { taskId: "g2" as TaskId, executor: { ...executor } });
  accept(c, { type: "LAUNCH_GROUP", executor: { ...executor }, tasks: [good, other] });
  c.expect("a1 < launch e1[g1 g2] with framework");
  const [framework] = c.state.frameworks.values();
  const kept = [...(framework?.tasks.values() ?? [])];
  expect(kept.map(({ executorId }) => executorId)).toEqual(["e1", "e1"]);
  expect(kept.filter(({ about }) => "executor" in about)).toEqual([]);
});

scenario(
  "C17, E11, E12 a reservation, a volume on it and a task in it, in one ACCEPT",
  oneOfEach,
  (c) => {
    const role = "web" as never;
    const reservations = [{ type: "dynamic", role }] as const;
    const disk = { name: "disk", scalar: 50_000, reservations: [...reservations] };
    const volume = {
      ...disk,
      disk: {
        persistence: { id: "v1" },
        volume: { containerPath: "data", mode: "RW" as const },
      },
    };
    accept(
      c,
      { type: "RESERVE", resources: [disk] },
      { type: "CREATE", volumes: [volume] },
      { type: "LAUNCH", tasks: [task(c, { resources: [...resourcesOf("cpus:1"), volume] })] },
    );
    const told = c.told();
    expect(told.map((line) => line.split(" ").slice(0, 4).join(" "))).toEqual([
      "a1 < apply RESERVE",
      "a1 < apply CREATE",
      "a1 < launch t1",
    ]);
    c.do("a1 updates t1 FINISHED");
    c.do("wait 1s");
    c.told();
    accept(c, { type: "DESTROY", volumes: [volume] }, { type: "UNRESERVE", resources: [disk] });
    c.do("wait 1s");
    expect(c.told().at(-1)).toBe("web < offers a1(cpus:4;disk:100;mem:1024)");
  },
);

scenario(
  "C18 an operation that cannot be is told to whoever asked, and the next goes on",
  oneOfEach,
  (c) => {
    const tooMuch = {
      name: "cpus",
      scalar: 9_000,
      reservations: [{ type: "dynamic", role: "web" as never }],
    } as const;
    accept(
      c,
      {
        type: "RESERVE",
        id: "op1",
        resources: [{ ...tooMuch, reservations: [...tooMuch.reservations] }],
      },
      { type: "LAUNCH", tasks: [task(c, {})] },
    );
    c.expect("web < operation op1 OPERATION_ERROR\na1 < launch t1 with framework");
  },
);
