import type { FrameworkCallOf } from "../contract/framework-api.ts";
import type { OperationStatus } from "../contract/schema/offer.ts";
import type { TaskStatus } from "../contract/schema/task.ts";

/** A call that acknowledges something. */
export type Acknowledgement =
  | FrameworkCallOf<"acknowledge">
  | FrameworkCallOf<"acknowledge-operation">;

/**
 * The call that acknowledges what was told of a task or of an operation; none where that needs
 * none, since nobody keeps it (D7, C18).
 */
export function acknowledgementOf(
  status: TaskStatus | OperationStatus,
): Acknowledgement | undefined {
  const { uuid, agentId } = status;
  if (uuid === undefined) return undefined;
  if ("taskId" in status) {
    const { taskId } = status;
    return agentId === undefined ? undefined : { type: "acknowledge", uuid, agentId, taskId };
  }
  const { operationId } = status;
  if (operationId === undefined) return undefined;
  const of = agentId === undefined ? { operationId } : { operationId, agentId };
  return { type: "acknowledge-operation", uuid, ...of };
}
