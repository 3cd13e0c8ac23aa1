import { errors } from "../contract/errors.ts";
import type { OperatorClient, SandboxPlace, TaskView } from "../sdk/index.ts";

/**
 * Finds one task by its id or the beginning of it, living or ended.
 * @throws TASK_NOT_FOUND, TASK_AMBIGUOUS
 */
export async function findTask(client: OperatorClient, wanted: string): Promise<TaskView> {
  const { tasks } = await client.request("tasks", { taskId: wanted, completed: true, limit: 100 });
  const exact = tasks.filter(({ task }) => task.taskId === wanted);
  // The same id may have been used again; the newest comes first.
  const [found, ...others] = exact.length > 0 ? exact.slice(0, 1) : tasks;
  if (found === undefined) throw errors.TASK_NOT_FOUND(wanted);
  if (others.length === 0) return found;
  throw errors.TASK_AMBIGUOUS(
    wanted,
    tasks.slice(0, 10).map(({ task }) => task.taskId),
  );
}

/**
 * Where the files of a task are served.
 * @throws SANDBOX_UNREADABLE when its agent is gone.
 */
export function sandboxOf({ task, agentIp, agentPort }: TaskView): SandboxPlace {
  if (agentIp === undefined || agentPort === undefined) {
    throw errors.SANDBOX_UNREADABLE(`sandbox of ${task.taskId}`, "its agent is not known any more");
  }
  const { taskId, frameworkId } = task;
  return { ip: agentIp, port: agentPort, frameworkId, taskId };
}
