import { errors, type TepuiError } from "../../../contract/errors.ts";
import type { OperatorParams } from "../../../contract/operator-api.ts";
import { isTerminal } from "../../../contract/task-state.ts";
import { unreachable } from "../assert.ts";
import { problemOf } from "../calls.ts";
import type { Effect } from "../effect.ts";
import type { OperatorCommand } from "../event.ts";
import { removeFramework } from "../frameworks.ts";
import type { ClusterState, Task } from "../state.ts";
import { ownedTask } from "../tasks.ts";
import { drainAgent, setDeactivated } from "./drain.ts";
import { markAgentGone } from "./gone.ts";
import { killTask } from "./kill.ts";
import { startMaintenance, stopMaintenance, updateMaintenance } from "./maintenance.ts";
import { convertForOperator } from "./operator-resources.ts";
import { updateQuota, updateWeights } from "./operator-roles.ts";

type Reply = (answer: { readonly result?: unknown; readonly error?: TepuiError }) => void;

/** A change that an operator asked for, and how to answer: now, or when `token` is durable. */
export interface Asked {
  readonly state: ClusterState;
  readonly token: number;
  readonly reply: Reply;
  readonly nowMs: number;
  readonly out: Effect[];
}

/** An operator changes something. */
export function stepOperator(
  state: ClusterState,
  token: number,
  command: OperatorCommand,
  nowMs: number,
  out: Effect[],
): void {
  const reply: Reply = ({ result, error }) => {
    out.push(
      error === undefined
        ? { type: "reply-operator", token, result }
        : { type: "reply-operator", token, problem: problemOf(error) },
    );
  };
  dispatch({ state, token, reply, nowMs, out }, command);
}

function dispatch(asked: Asked, command: OperatorCommand): void {
  switch (command.method) {
    case "kill-task":
      killAnyTask(asked, command.params);
      return;
    case "teardown":
      teardown(asked, command.params);
      return;
    case "update-weights":
      updateWeights(asked, command.params);
      return;
    case "update-quota":
      updateQuota(asked, command.params);
      return;
    case "drain-agent":
      drainAgent(asked, command.params);
      return;
    case "deactivate-agent":
    case "reactivate-agent":
      setDeactivated(asked, command.params, command.method === "deactivate-agent");
      return;
    case "mark-agent-gone":
      markAgentGone(asked, command.params);
      return;
    case "update-maintenance":
      updateMaintenance(asked, command.params);
      return;
    case "start-maintenance":
      startMaintenance(asked, command.params);
      return;
    case "stop-maintenance":
      stopMaintenance(asked, command.params);
      return;
    case "reserve-resources":
    case "unreserve-resources":
    case "create-volumes":
    case "destroy-volumes":
    case "grow-volume":
    case "shrink-volume":
      convertForOperator(asked, command);
      return;
    default:
      unreachable(command);
      return;
  }
}

function teardown(
  { state, reply, nowMs, out }: Asked,
  { frameworkId }: OperatorParams<"teardown">,
): void {
  const framework = state.frameworks.get(frameworkId);
  if (framework === undefined) {
    reply({ error: errors.FRAMEWORK_UNKNOWN(frameworkId) });
    return;
  }
  removeFramework(state, framework, nowMs, out);
  reply({ result: {} });
}

function killAnyTask(
  { state, reply, out }: Asked,
  { taskId, frameworkId, gracePeriodMs }: OperatorParams<"kill-task">,
): void {
  const found: Task[] = [];
  for (const framework of state.frameworks.values()) {
    if (frameworkId !== undefined && framework.id !== frameworkId) continue;
    const task = framework.tasks.get(taskId);
    if (task !== undefined && !isTerminal(task.state)) found.push(task);
  }
  const [task] = found;
  if (task === undefined) {
    reply({ error: errors.TASK_UNKNOWN(taskId) });
    return;
  }
  if (found.length > 1) {
    reply({ error: errors.TASK_ID_AMBIGUOUS(taskId, found.map(ownedTask)) });
    return;
  }
  killTask(state, task, gracePeriodMs === undefined ? undefined : { gracePeriodMs }, out);
  reply({ result: { frameworkId: task.framework.id, agentId: task.agentId } });
}
