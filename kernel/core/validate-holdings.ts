import type { AgentMessageOf } from "../../contract/agent-api.ts";
import { idProblem, roleProblem } from "../../contract/ids.ts";
import { type Resource, validate } from "../../contract/resources.ts";
import { frameworkProblem } from "./validate-framework.ts";

type Holdings = Pick<AgentMessageOf<"reregister">, "tasks" | "executors" | "frameworks">;

/**
 * Says what is wrong with what a returning agent reports that it runs, or `undefined`. It is held
 * to the rules of what masters accept (M1, M14, E6): what breaks them would spoil the books.
 */
export function holdingsProblem({ tasks, executors, frameworks }: Holdings): string | undefined {
  for (const [at, task] of tasks.entries()) {
    const { taskId, frameworkId, role, resources } = task;
    const problem = idProblem(taskId) ?? placeProblem(frameworkId, role, resources);
    if (problem !== undefined) return `tasks[${at}]: ${problem}`;
  }
  for (const [at, { frameworkId, role, executor }] of executors.entries()) {
    const { executorId, resources = [] } = executor;
    const problem = idProblem(executorId) ?? placeProblem(frameworkId, role, resources);
    if (problem !== undefined) return `executors[${at}]: ${problem}`;
  }
  for (const [at, framework] of frameworks.entries()) {
    const problem = frameworkProblem({ framework });
    if (problem !== undefined) return `frameworks[${at}]: ${problem}`;
  }
  return undefined;
}

function placeProblem(
  frameworkId: string,
  role: string,
  resources: readonly Resource[],
): string | undefined {
  const badId = idProblem(frameworkId);
  if (badId !== undefined) return `frameworkId: ${badId}`;
  const badRole = roleProblem(role);
  if (badRole !== undefined) return `role: ${badRole}`;
  for (const [at, resource] of resources.entries()) {
    const problem = validate(resource);
    if (problem !== undefined) return `resources[${at}]: ${problem}`;
  }
  return undefined;
}
