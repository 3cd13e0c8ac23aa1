import type { AgentMessageOf, OperationRecord } from "../../contract/agent-api.ts";
import { idProblem, roleProblem } from "../../contract/ids.ts";
import { type Resource, validate } from "../../contract/resources.ts";
import { workOut } from "./operations.ts";
import { frameworkProblem } from "./validate-framework.ts";

type Reregister = AgentMessageOf<"reregister">;
type Holdings = Pick<Reregister, "tasks" | "executors" | "frameworks" | "operations">;

/**
 * Says what is wrong with what a returning agent reports that it runs, or `undefined`. It is held
 * to the rules of what masters accept (M1, M14, E6): what breaks them would spoil the books.
 */
export function holdingsProblem(holdings: Holdings): string | undefined {
  const { tasks, executors, frameworks, operations } = holdings;
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
  for (const [at, record] of operations.entries()) {
    const problem = operationProblem(record);
    if (problem !== undefined) return `operations[${at}]: ${problem}`;
  }
  return undefined;
}

function operationProblem({ frameworkId, applied }: OperationRecord): string | undefined {
  const badId = frameworkId === undefined ? undefined : idProblem(frameworkId);
  if (badId !== undefined) return `frameworkId: ${badId}`;
  if (applied === undefined) return undefined;
  const { operation } = applied;
  if (operation.type === "LAUNCH" || operation.type === "LAUNCH_GROUP") {
    return `${operation.type} has no outcome of its own`;
  }
  return workOut(operation, undefined, undefined).problem;
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
