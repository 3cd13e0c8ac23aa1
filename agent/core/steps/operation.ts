import type { AgentOrderOf, OperationRecord } from "../../../contract/agent-api.ts";
import type { FrameworkId, UpdateId } from "../../../contract/ids.ts";
import { limits } from "../../../contract/limits.ts";
import { encodedBytes } from "../../../contract/size.ts";
import { dropEntry, keepAgent, keepOperation } from "../checkpoint.ts";
import type { Effect } from "../effect.ts";
import { nextUpdateId } from "../ids.ts";
import type { AgentState, Operation } from "../state.ts";
import { changeVolume, volumeKey } from "./volume.ts";

/** Holds reservations and volumes as the master counts them (E11, E12), and says so (C18). */
export function stepApplyOperation(
  state: AgentState,
  { frameworkId, operationUuid, operation, resources }: AgentOrderOf<"apply-operation">,
  nowMs: number,
  out: Effect[],
): void {
  const had = new Set(state.info.resources.map(volumeKey));
  state.info = { ...state.info, resources };
  keepAgent(state, out);
  if (operation.type === "CREATE") {
    for (const volume of operation.volumes) {
      // Making a volume empties its folder, which must never happen to one that is in use.
      if (!had.has(volumeKey(volume))) changeVolume(state, "make-volume", volume, out);
    }
  } else if (operation.type === "DESTROY") {
    for (const volume of operation.volumes) changeVolume(state, "remove-volume", volume, out);
  }
  const { id: operationId } = operation;
  const answered: Operation = {
    uuid: operationUuid,
    frameworkId,
    info: operation,
    status: {
      state: "OPERATION_FINISHED",
      timestampMs: nowMs,
      ...(operationId === undefined ? {} : { operationId, uuid: nextUpdateId(state) }),
      ...(state.info.id === undefined ? {} : { agentId: state.info.id }),
    },
    resendDueMs: 0,
    resendWaitMs: state.setup.times.retryMinMs,
  };
  if (operationId === undefined) {
    // Nobody asked to be told: the master is, once.
    send(answered, out);
    return;
  }
  state.operations.set(operationUuid, answered);
  keepOperation(answered, out);
  transmit(state, answered, nowMs, out);
}

function send({ frameworkId, uuid, info, status }: Operation, out: Effect[]): void {
  out.push({
    type: "send-master",
    message: {
      type: "operation-update",
      ...(frameworkId === undefined ? {} : { frameworkId }),
      operationUuid: uuid,
      ...(status.uuid === undefined ? {} : { operation: info }),
      status,
    },
  });
}

/** All operations as a returning agent tells of them (B21, C18). */
export function operationRecords(state: AgentState): OperationRecord[] {
  let bytes = 0;
  return Array.from(state.operations.values(), ({ uuid, frameworkId, info, status }) => {
    const owner = frameworkId === undefined ? {} : { frameworkId };
    const applied = { operation: info, status };
    bytes += encodedBytes(applied);
    // However much frameworks leave unacknowledged, the agent can come back.
    const fits = bytes <= limits.reregisterOperationsBytesMax;
    return { uuid, ...owner, ...(fits ? { applied } : {}) };
  });
}

function transmit(state: AgentState, operation: Operation, nowMs: number, out: Effect[]): void {
  operation.resendDueMs = nowMs + operation.resendWaitMs;
  state.timers.add({ dueMs: operation.resendDueMs, kind: "operation", of: operation.uuid });
  send(operation, out);
}

/**
 * The master is there (again), or the framework `of` it is: it hears at once of every outcome that
 * was not acknowledged.
 */
export function sendOperations(
  state: AgentState,
  of: FrameworkId | undefined,
  nowMs: number,
  out: Effect[],
): void {
  for (const operation of state.operations.values()) {
    if (of !== undefined && operation.frameworkId !== of) continue;
    operation.resendWaitMs = state.setup.times.retryMinMs;
    transmit(state, operation, nowMs, out);
  }
}

/** The wait is over and no acknowledgement came: sends again and waits twice as long (C18). */
export function resendOperation(
  state: AgentState,
  uuid: string,
  nowMs: number,
  out: Effect[],
): void {
  const operation = state.operations.get(uuid as UpdateId);
  if (operation === undefined || operation.resendDueMs > nowMs) return;
  operation.resendWaitMs = Math.min(operation.resendWaitMs * 2, state.setup.times.retryMaxMs);
  transmit(state, operation, nowMs, out);
}

/** The framework has the outcome with this status uuid (C18). */
export function acknowledgeOperation(state: AgentState, uuid: UpdateId, out: Effect[]): void {
  for (const operation of state.operations.values()) {
    if (operation.status.uuid !== uuid) continue;
    state.operations.delete(operation.uuid);
    dropEntry(`operation/${operation.uuid}`, out);
  }
}

/** A framework is gone for good: nobody is left to acknowledge its outcomes. */
export function dropOperations(state: AgentState, of: FrameworkId, out: Effect[]): void {
  for (const { uuid, frameworkId } of state.operations.values()) {
    if (frameworkId !== of) continue;
    state.operations.delete(uuid);
    dropEntry(`operation/${uuid}`, out);
  }
}
