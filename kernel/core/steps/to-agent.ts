import type { AgentOrder } from "../../../contract/agent-api.ts";
import { errors } from "../../../contract/errors.ts";
import type { FrameworkCallOf } from "../../../contract/framework-api.ts";
import type { AgentId } from "../../../contract/ids.ts";
import { limits } from "../../../contract/limits.ts";
import { sizeProblem } from "../../../contract/size.ts";
import { type Call, reject } from "../calls.ts";
import type { PeerNumber } from "../event.ts";
import { tally } from "../tallies.ts";

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
    tally(call.state, "invalid_framework_to_executor_messages");
    const error = errors.CALL_INVALID("message", problem);
    reject(call.framework.peer as PeerNumber, "message", error, call.out);
    return;
  }
  const isThere = call.state.agents.get(agentId)?.peer !== undefined;
  tally(
    call.state,
    isThere ? "valid_framework_to_executor_messages" : "invalid_framework_to_executor_messages",
  );
  forward(call, agentId, { type: "framework-message", frameworkId, executorId, data });
}
