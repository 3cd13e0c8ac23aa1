import type { AgentOrderOf } from "../../../contract/agent-api.ts";
import type { FrameworkCallOf } from "../../../contract/framework-api.ts";
import type { KillPolicy } from "../../../contract/schema/command.ts";
import { isTerminal } from "../../../contract/task-state.ts";
import type { Call } from "../calls.ts";
import type { Effect } from "../effect.ts";
import { reconcileTask } from "../reconcile.ts";
import type { Agent, ClusterState, Task } from "../state.ts";

/** A framework wants a task gone (D10). An unknown task is reconciled instead. */
export function stepKill(call: Call, kill: FrameworkCallOf<"kill">): void {
  const { state, framework, out } = call;
  const task = framework.tasks.get(kill.taskId);
  if (task === undefined) {
    reconcileTask(call, kill.taskId, kill.agentId);
    return;
  }
  if (kill.agentId !== undefined && kill.agentId !== task.agentId) return;
  killTask(state, task, kill.killPolicy, out);
}

/** Sends a kill, or keeps it for the agent's return (D10). */
export function killTask(
  state: ClusterState,
  task: Task,
  killPolicy: KillPolicy | undefined,
  out: Effect[],
): void {
  const agent = state.agents.get(task.agentId) as Agent;
  if (isTerminal(task.state)) return;
  if (agent.peer === undefined) agent.kills.set(task, killPolicy);
  else sendKill(agent, task, killPolicy, out);
}

/** Sends a kill to a connected agent. */
export function sendKill(
  agent: Agent,
  task: Task,
  killPolicy: KillPolicy | undefined,
  out: Effect[],
): void {
  if (agent.peer === undefined) return;
  const order: AgentOrderOf<"kill"> = {
    type: "kill",
    frameworkId: task.framework.id,
    taskId: task.id,
  };
  if (killPolicy !== undefined) order.killPolicy = killPolicy;
  out.push({ type: "send-agent", to: agent.peer, order });
}
