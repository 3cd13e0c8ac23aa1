import type { FrameworkCallOf } from "../../../contract/framework-api.ts";
import { isTerminal } from "../../../contract/task-state.ts";
import type { Call } from "../calls.ts";
import { tally } from "../tallies.ts";
import { completeTask } from "../tasks.ts";

/**
 * A framework has a status update: the agent may send the next (D6). Once the last one is
 * acknowledged the task is history (D8). Without the agent it is dropped: the agent will resend.
 */
export function stepAcknowledge(
  { state, framework, out }: Call,
  call: FrameworkCallOf<"acknowledge">,
): void {
  const agent = state.agents.get(call.agentId);
  if (agent?.peer === undefined) {
    tally(state, "invalid_status_update_acknowledgements");
    return;
  }
  tally(state, "valid_status_update_acknowledgements");
  state.counts.acknowledgements += 1;
  const task = framework.tasks.get(call.taskId);
  if (task !== undefined && task.agentId === agent.id && task.updateUuid === call.uuid) {
    const ended = task.updateState !== undefined && isTerminal(task.updateState);
    task.updateUuid = undefined;
    if (ended) completeTask(state, agent, task);
  }
  const { taskId, uuid } = call;
  const order = { type: "acknowledge", frameworkId: framework.id, taskId, uuid } as const;
  out.push({ type: "send-agent", to: agent.peer, order });
}
