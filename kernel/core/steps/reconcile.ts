import type { FrameworkCallOf } from "../../../contract/framework-api.ts";
import type { Call } from "../calls.ts";
import { reconcileAll, reconcileTask } from "../reconcile.ts";
import { answerOperations } from "./operations.ts";

/** A framework asks about tasks: each that it names is answered once, or all are (D12, D13). */
export function stepReconcile(call: Call, { tasks }: FrameworkCallOf<"reconcile">): void {
  if (tasks.length === 0) askForAll(call, "tasks");
  const named = new Map(tasks.map(({ taskId, agentId }) => [taskId, agentId]));
  for (const [taskId, agentId] of named) reconcileTask(call, taskId, agentId);
}

/** A framework asks how operations stand; each that it names is answered once, or all are (C18). */
export function stepReconcileOperations(
  call: Call,
  { operations }: FrameworkCallOf<"reconcile-operations">,
): void {
  if (operations.length === 0) askForAll(call, "operations");
  answerOperations(
    call,
    new Map(operations.map(({ operationId, agentId }) => [operationId, agentId])),
  );
}

/**
 * Notes that a framework wants to be told all that is known. It is told once the other inputs of
 * the turn have been stepped, and once however often it asks: a frame of such calls is small, and
 * what answers every one of them is not.
 */
function askForAll({ state, framework, nowMs }: Call, what: "tasks" | "operations"): void {
  if (framework.asked === undefined) state.timers.set(nowMs, "reconcile", framework.id);
  framework.asked = { ...framework.asked, [what]: true };
}

/** Tells a framework all that is known of what it has asked for. */
export function answerAll(call: Call): void {
  const { framework } = call;
  const { tasks, operations } = framework.asked ?? {};
  framework.asked = undefined;
  if (tasks) reconcileAll(call);
  if (!operations) return;
  answerOperations(
    call,
    [...framework.operations].map(([id, { agentId }]) => [id, agentId] as const),
  );
}
