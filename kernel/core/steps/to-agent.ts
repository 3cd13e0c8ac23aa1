import type { AgentOrder } from "../../../contract/agent-api.ts";
import { errors } from "../../../contract/errors.ts";
import type { FrameworkCallOf } from "../../../contract/framework-api.ts";
import type { AgentId } from "../../../contract/ids.ts";
import { limits } from "../../../contract/limits.ts";
import { sizeProblem } from "../../../contract/size.ts";
import { type Call, reject } from "../calls.ts";
import type { PeerNumber } from "../event.ts";

/** Hands something on to an agent; without it, it is dropped: nothing of this is retried (Q). */
function forward({ state, out }: Call, agentId: AgentId | undefined, order: AgentOrder): void {
  const agent = agentId === undefined ? undefined : state.agents.get(agentId);
  if (agent?.peer !== undefined) out.push({ type: "send-agent", to: agent.peer, order });
}

/** A framework stops one of its executors (D17). */
export function stepShutdown(call: Call, shutdown: FrameworkCallOf<"shutdown">): void {
  const { executorId, agentId } = shutdown;
  const frameworkId = call.framework.id;
  forward(call, agentId, { type: "shutdown-executor", frameworkId, executorId });
}

/** A framework's message to its executor: best effort, in no order with updates (A4). */
export function stepFrameworkMessage(call: Call, message: FrameworkCallOf<"message">): void {
  const { agentId, executorId, data } = message;
  const frameworkId = call.framework.id;
  const problem = sizeProblem("data", data.length, limits.messageBytesMax);
  if (problem !== undefined) {
    const error = errors.CALL_INVALID("message", problem);
    reject(call.framework.peer as PeerNumber, "message", error, call.out);
    return;
  }
  forward(call, agentId, { type: "framework-message", frameworkId, executorId, data });
}

/** A framework has an operation's status (C18). */
export function stepAcknowledgeOperation(
  call: Call,
  { agentId, uuid }: FrameworkCallOf<"acknowledge-operation">,
): void {
  forward(call, agentId, { type: "acknowledge-operation", uuid });
}

/** Operations are applied at once or refused at once, so nothing is known of any later (C18). */
export function stepReconcileOperations(
  { framework, nowMs, out }: Call,
  { operations }: FrameworkCallOf<"reconcile-operations">,
): void {
  if (framework.peer === undefined) return;
  for (const { operationId, agentId } of operations) {
    const status = {
      operationId,
      state: "OPERATION_UNKNOWN",
      message: "Reconciliation: the operation is not pending",
      timestampMs: nowMs,
      ...(agentId && { agentId }),
    } as const;
    const event = { type: "operation-update", status } as const;
    out.push({ type: "send-framework", to: framework.peer, event });
  }
}
