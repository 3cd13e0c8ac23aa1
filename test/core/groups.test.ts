import { expect } from "vitest";
import type { ExecutorId, TaskId } from "../../contract/ids.ts";
import type { Operation } from "../../contract/schema/offer.ts";
import type { ExecutorInfo, TaskInfo } from "../../contract/schema/task.ts";
import type { Effect } from "../../kernel/core/effect.ts";
import { step } from "../../kernel/core/step.ts";
import type { TestCluster } from "../support/cluster.ts";
import { offersOf, taskOf } from "../support/cluster-words.ts";
import { resourcesOf } from "../support/lines.ts";
import { scenario } from "../support/scenario.ts";

/** The second task of a group; without a member that is `undefined` here. */
type Change = { readonly [Key in keyof TaskInfo]?: TaskInfo[Key] | undefined };

/** Launches a group of g1, which is good, and another one; gives all that the master did. */
function launch(c: TestCluster, change: Change, executor: Partial<ExecutorInfo>): Effect[] {
  const [agentId] = c.state.agents.keys();
  const [frameworkId] = c.state.frameworks.keys();
  const task = (taskId: string) => taskOf(`${taskId}(cpus:1;mem:64)`, agentId as never);
  const second = Object.entries({ ...task("g2"), ...change }).filter(([, of]) => of !== undefined);
  const info: ExecutorInfo = {
    executorId: "e1" as ExecutorId,
    type: "DEFAULT",
    frameworkId: frameworkId as never,
    resources: resourcesOf("cpus:0.1;mem:32;disk:10"),
    ...executor,
  };
  const tasks = [task("g1"), Object.fromEntries(second) as TaskInfo];
  const offerIds = offersOf(c, "web", "a1").map(({ id }) => id);
  const operations: Operation[] = [{ type: "LAUNCH_GROUP", executor: info, tasks }];
  const call = { type: "accept", offerIds, operations } as const;
  const out: Effect[] = [];
  step(c.state, { type: "framework-call", peer: c.peerOf("web"), call }, c.nowMs, out);
  return out;
}

const docker = { type: "DOCKER", docker: { image: "i" } } as const;
const other = { executorId: "e2" as ExecutorId, type: "DEFAULT" } as const;
const command = { value: "true" };

/** What is wrong, with a task or with the executor, and what each task is told. */
const wrong: readonly [string, Change, Partial<ExecutorInfo>][] = [
  ["Task has duplicate ID: g1", { taskId: "g1" as TaskId }, {}],
  ["Task 'g2' is invalid: command: ", { command: undefined }, {}],
  ["Task 'g2' is invalid: container: DOCKER", { container: docker }, {}],
  ["Task 'g2' is invalid: executor: it differs", { executor: other }, {}],
  ["Task 'g2' is invalid: Task uses invalid agent", { agentId: "a9" as never }, {}],
  ["Task 'g2' is invalid: Task uses no resources", { resources: [] }, {}],
  ["Task group uses more resources", { resources: resourcesOf("cpus:2.95") }, {}],
  ["executor: a custom executor needs a command", {}, { type: "CUSTOM" }],
  ["executor.command: an executor of type DEFAULT", {}, { command }],
  ["executor.frameworkId: ", {}, { frameworkId: "another" as never }],
  ["executor.resources: mem", {}, { resources: resourcesOf("cpus:1;disk:10") }],
];
for (const [message, change, executor] of wrong) {
  const title = `D4, M6 no task of a group is launched: ${message}`;
  scenario(title, "agent a1 cpus:4;mem:1024;disk:100\nframework web", (c) => {
    c.told();
    const effects = launch(c, change, executor);
    expect(effects.filter(({ type }) => type === "send-agent")).toEqual([]);
    const statuses = effects.flatMap((effect) =>
      effect.type === "send-framework" && effect.event.type === "update"
        ? [effect.event.status]
        : [],
    );
    const told = {
      state: "TASK_ERROR",
      reason: "REASON_TASK_GROUP_INVALID",
      message: expect.stringContaining(message),
    };
    expect(statuses).toMatchObject([told, told]);
    expect([...c.state.frameworks.values()][0]?.tasks.size).toBe(0);
  });
}

scenario(
  "F24 custom executors have groups too",
  "agent a1 cpus:4;mem:1024;disk:100\nframework web",
  (c) => {
    c.told();
    const effects = launch(c, { command: undefined }, { type: "CUSTOM", command });
    expect(effects).toMatchObject([{ type: "send-agent", order: { type: "launch" } }]);
  },
);
