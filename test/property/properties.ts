import { contains, type Resources, tryTake } from "../../contract/resources.ts";
import { isTerminal, type TaskState } from "../../contract/task-state.ts";

/** What one party of a cluster has seen of a task, counted without the master's help. */
export interface SeenTask {
  readonly id: string;
  /** Terminal states that its framework was told, in order; repeated updates count once. */
  readonly ends: readonly TaskState[];
}

/**
 * No agent is oversubscribed: what really runs there, by the agent's own count, fits what it has.
 * @throws Error that names the agent.
 */
export function notOversubscribed(
  agent: string,
  total: Resources,
  running: readonly Resources[],
): void {
  let left: Resources | undefined = total;
  for (const resources of running) left &&= tryTake(left, resources);
  if (left === undefined || !contains(total, left)) {
    throw new Error(`agent ${agent} runs more than it has`);
  }
}

/**
 * Every task comes to exactly one end, as its framework hears it.
 * @throws Error that names the task and the ends.
 */
export function oneEnd({ id, ends }: SeenTask): void {
  const kinds = new Set(ends.filter(isTerminal));
  if (kinds.size !== 1) throw new Error(`task ${id} has the ends ${[...kinds].join(", ")}`);
}
