import type { OfferView, TaskSetRules, WorkItem } from "../../../frameworks/taskset/model.ts";
import { TaskSet } from "../../../frameworks/taskset/planner.ts";
import { resources, type TaskState, type TaskStatus } from "../../../sdk/index.ts";

/** What each item of `setOf` needs. */
export const one = resources({ cpus: 1, mem: 100 });
let offers = 0;

/** An offer of an agent with 10,000 MB. */
export function offer(
  agentId: string,
  cpus = 2,
  attributes: Record<string, string> = {},
): OfferView {
  return {
    id: `o${++offers}`,
    agentId,
    hostname: agentId,
    ip: "127.0.0.1",
    port: 5051,
    resources: resources({ cpus, mem: 10_000 }),
    attributes: Object.entries(attributes).map(([name, text]) => ({ name, text })),
  };
}

/** A set with an item for each key. */
export function setOf(
  keys: readonly string[],
  rules: Partial<TaskSetRules> = {},
  more = {},
): TaskSet {
  const set = new TaskSet(rules);
  for (const key of keys) set.add({ key, resources: one, ...more } as WorkItem, 0);
  return set;
}

/** A status as the SDK tells it. */
export function status(
  taskId: string,
  state: TaskState,
  more: Partial<TaskStatus> = {},
): TaskStatus {
  return { taskId, state, ...more } as TaskStatus;
}

/** Plans one offer and answers the task ids that it launched. */
export function launch(set: TaskSet, on: OfferView, nowMs = 0): readonly string[] {
  return set.plan([on], nowMs).flatMap(({ attempts }) => attempts.map(({ taskId }) => taskId));
}
