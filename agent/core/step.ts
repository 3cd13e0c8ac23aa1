import type { AgentOrder } from "../../contract/agent-api.ts";
import { keepFramework } from "./checkpoint.ts";
import type { Effect } from "./effect.ts";
import type { AgentInput } from "./event.ts";
import { executorKey, taskKey } from "./ids.ts";
import type { AgentState } from "./state.ts";
import { takeWaiting } from "./steps/backlog.ts";
import { stepChecked } from "./steps/check.ts";
import { tellMessage } from "./steps/connection.ts";
import { stepExited, stepFailed, stepHeld, stepLimit, stepStarted } from "./steps/container.ts";
import { stepDrain } from "./steps/drain.ts";
import { stepExecutor } from "./steps/executor.ts";
import { stepKill, stepShutdownExecutor, stepShutdownFramework } from "./steps/kill.ts";
import { stepLaunch } from "./steps/launch.ts";
import { stepLeave, stepStop } from "./steps/leave.ts";
import { acknowledgeOperation, sendOperations, stepApplyOperation } from "./steps/operation.ts";
import {
  forgetFrameworks,
  stepLinkDown,
  stepLinkUp,
  stepPing,
  stepRegistered,
} from "./steps/registration.ts";
import { stepFound } from "./steps/restart.ts";
import { stepTick } from "./steps/timers.ts";
import { stepVolumeChanged } from "./steps/volume.ts";
import { acknowledge, sendHead } from "./updates.ts";

function unreachable(never: never): never {
  throw new Error(`agent core: nothing is known of ${JSON.stringify(never)}`);
}

/**
 * Changes the state by one input and appends what is to be done. Awaits nothing, reads no clock.
 */
export function step(state: AgentState, input: AgentInput, nowMs: number, out: Effect[]): void {
  switch (input.type) {
    case "link-up":
      forgetFrameworks(state, out);
      stepLinkUp(state, nowMs);
      return;
    case "link-down":
      stepLinkDown(state);
      return;
    case "link-refused":
      stepLeave(state, input.code, input.message, nowMs, out);
      return;
    case "order":
      stepOrder(state, input.order, nowMs, out);
      return;
    case "container-held":
      stepHeld(state, input.containerId, input.process, nowMs, out);
      return;
    case "container-started":
      stepStarted(state, input.containerId, input.ipAddresses, nowMs, out);
      return;
    case "container-failed":
      stepFailed(state, input.containerId, input.message, nowMs, out);
      return;
    case "container-exited":
      stepExited(state, input.containerId, input.exit, nowMs, out);
      return;
    case "container-limit":
      stepLimit(state, input.containerId, input.limitation, out);
      return;
    case "volume-changed":
      stepVolumeChanged(state, input, out);
      return;
    case "check-done":
      stepChecked(state, input.containerId, input.kind, input.result, nowMs, out);
      return;
    case "container-adopted":
    case "container-never-ran":
    case "container-rebooted":
      stepFound(state, input, nowMs, out);
      return;
    case "executor-call":
    case "executor-gone":
    case "executor-missed":
      stepExecutor(state, input, nowMs, out);
      return;
    case "leave":
      stepLeave(state, "AGENT_LEFT", "The agent was told to leave", nowMs, out);
      return;
    case "stop":
      stepStop(state, nowMs, out);
      return;
    case "tick":
      stepTick(state, nowMs, out);
      return;
    default:
      unreachable(input);
  }
}

function stepOrder(state: AgentState, order: AgentOrder, nowMs: number, out: Effect[]): void {
  state.master.heardMs = nowMs;
  switch (order.type) {
    case "registered":
    case "reregistered":
      stepRegistered(state, order, nowMs, out);
      return;
    case "shutdown":
      stepLeave(state, order.code, order.message, nowMs, out);
      return;
    case "ping":
      stepPing(state, order, nowMs, out);
      return;
    case "launch":
      stepLaunch(state, order, nowMs, out);
      return;
    case "kill":
      stepKill(state, order, nowMs, out);
      return;
    case "shutdown-executor":
      stepShutdownExecutor(state, order, nowMs, out);
      return;
    case "shutdown-framework":
      stepShutdownFramework(state, order, nowMs, out);
      return;
    case "acknowledge": {
      const task = state.tasks.get(taskKey(order.frameworkId, order.taskId));
      if (task === undefined || acknowledge(state, task, order.uuid, nowMs, out)) return;
      takeWaiting(state, task, nowMs, out);
      return;
    }
    case "acknowledge-operation":
      acknowledgeOperation(state, order.uuid, out);
      return;
    case "framework-message": {
      const executor = state.executors.get(executorKey(order.frameworkId, order.executorId));
      tellMessage(state, executor, order.data, out);
      return;
    }
    case "update-framework":
      stepUpdateFramework(state, order, nowMs, out);
      return;
    case "apply-operation":
      stepApplyOperation(state, order, nowMs, out);
      return;
    case "drain":
      stepDrain(state, order, nowMs, out);
      return;
    default:
      unreachable(order);
  }
}

/** The framework changed or failed over: whoever it is now, it hears the heads at once (O3). */
function stepUpdateFramework(
  state: AgentState,
  order: Extract<AgentOrder, { type: "update-framework" }>,
  nowMs: number,
  out: Effect[],
): void {
  const { id } = order.framework;
  if (id === undefined) return;
  // An agent with nothing but operations of a framework was never told of it.
  sendOperations(state, id, nowMs, out);
  if (!state.frameworks.has(id)) return;
  state.frameworks.set(id, { info: order.framework });
  keepFramework(order.framework, out);
  for (const task of state.tasks.values()) {
    if (task.frameworkId === id) sendHead(state, task, nowMs, out);
  }
}
