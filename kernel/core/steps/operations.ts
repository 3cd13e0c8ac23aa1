import type { AgentMessageOf, OperationRecord } from "../../../contract/agent-api.ts";
import type { FrameworkCallOf } from "../../../contract/framework-api.ts";
import type { AgentId, FrameworkId, UpdateId } from "../../../contract/ids.ts";
import type { FrameworkInfo } from "../../../contract/schema/framework.ts";
import type { Operation, OperationState, OperationStatus } from "../../../contract/schema/offer.ts";
import type { Call } from "../calls.ts";
import type { Effect } from "../effect.ts";
import { noteEmptied } from "../emptied.ts";
import { isOver } from "../ids.ts";
import type { Agent, ClusterState, Framework, FrameworkOperation } from "../state.ts";
import { tally, tallyOperation } from "../tallies.ts";
import { frameworkOf } from "./merge.ts";

/** How an operation stands (C18). */
export function operationState({ status }: FrameworkOperation): OperationState {
  return status?.state ?? "OPERATION_PENDING";
}

/** Tells a framework how an operation stands; what the master says itself is not acknowledged. */
function say(
  framework: Framework,
  operationId: string,
  state: OperationState,
  about: { readonly message: string; readonly agentId: AgentId | undefined },
  nowMs: number,
  out: Effect[],
): void {
  if (framework.peer === undefined) return;
  const { message, agentId } = about;
  const status: OperationStatus = { operationId, state, message, timestampMs: nowMs };
  if (agentId !== undefined) status.agentId = agentId;
  const event = { type: "operation-update", status } as const;
  out.push({ type: "send-framework", to: framework.peer, event });
}

/** The outcome of an operation: for its framework if it asked, else acknowledged here (C18). */
export function stepOperationUpdate(
  state: ClusterState,
  agent: Agent,
  { frameworkId, operationUuid, operation, status }: AgentMessageOf<"operation-update">,
  out: Effect[],
): void {
  const framework = frameworkId === undefined ? undefined : state.frameworks.get(frameworkId);
  const { operationId, uuid } = status;
  const known = operationId === undefined ? undefined : framework?.operations.get(operationId);
  tally(
    state,
    known === undefined ? "invalid_operation_status_updates" : "valid_operation_status_updates",
  );
  if (operationId === undefined || framework === undefined) {
    const isPast = frameworkId !== undefined && isOver(state, frameworkId);
    if (uuid === undefined || agent.peer === undefined) return;
    // A framework that is yet to come back to this master is told then.
    if (operationId !== undefined && frameworkId !== undefined && !isPast) return;
    out.push({
      type: "send-agent",
      to: agent.peer,
      order: { type: "acknowledge-operation", uuid },
    });
    return;
  }
  if (known?.uuid === operationUuid && known.status === undefined) {
    tallyOperation(state, known.operation, status.state);
  }
  book(framework, agent, operationUuid, operation, status);
  if (framework.peer === undefined) return;
  const event = { type: "operation-update", status } as const;
  out.push({ type: "send-framework", to: framework.peer, event });
}

/**
 * Notes how an operation stands. One whose id the framework has used anew, since this master did
 * not know of it, waits until that one is acknowledged.
 */
function book(
  framework: Framework,
  agent: Agent,
  uuid: UpdateId,
  operation: Operation | undefined,
  status: OperationStatus,
): void {
  const { operationId } = status;
  if (operationId === undefined) return;
  const { operations, otherOperations } = framework;
  const known = operations.get(operationId);
  const agentId = agent.id;
  if (known?.uuid === uuid) {
    known.status = status;
  } else if (known === undefined && operation !== undefined) {
    operations.set(operationId, { uuid, agentId, operation, status });
    otherOperations.delete(uuid);
  } else if (status.uuid !== undefined) {
    otherOperations.set(uuid, { agentId, statusUuid: status.uuid });
  }
}

/** The agent of an operation that `operations` has no place for, when that is acknowledged. */
function takeOther({ otherOperations }: Framework, statusUuid: UpdateId): AgentId | undefined {
  for (const [uuid, other] of otherOperations) {
    if (other.statusUuid !== statusUuid) continue;
    otherOperations.delete(uuid);
    return other.agentId;
  }
  return undefined;
}

/** A framework has an operation's outcome (C18). */
export function stepAcknowledgeOperation(
  { state, framework, out }: Call,
  { agentId, operationId, uuid }: FrameworkCallOf<"acknowledge-operation">,
): void {
  const known = framework.operations.get(operationId);
  // Another operation may go by the same id, on another agent.
  const isKnown = known?.status?.uuid === uuid;
  if (isKnown) framework.operations.delete(operationId);
  const holder = isKnown ? known.agentId : takeOther(framework, uuid);
  if (holder !== undefined) noteEmptied(state, holder);
  const on = agentId ?? holder ?? known?.agentId;
  const peer = on === undefined ? undefined : state.agents.get(on)?.peer;
  tally(
    state,
    peer === undefined
      ? "invalid_operation_status_update_acknowledgements"
      : "valid_operation_status_update_acknowledgements",
  );
  if (peer === undefined) return;
  out.push({ type: "send-agent", to: peer, order: { type: "acknowledge-operation", uuid } });
}

/** Tells a framework how operations stand (C18): ids, with the agents thought to be theirs. */
export function answerOperations(
  call: Call,
  asked: Iterable<readonly [string, AgentId | undefined]>,
): void {
  const { framework, nowMs, out } = call;
  for (const [operationId, agentId] of asked) {
    const known = framework.operations.get(operationId);
    const state = known === undefined ? standingOf(call, agentId) : operationState(known);
    const about = { message: "Reconciliation", agentId: known?.agentId ?? agentId };
    say(framework, operationId, state, about, nowMs, out);
  }
}

/** What can be said of an operation that this master does not know. */
function standingOf({ state }: Call, agentId: AgentId | undefined): OperationState {
  const { agents, recovering, registry } = state;
  if (agentId === undefined) {
    return recovering.size > 0 ? "OPERATION_RECOVERING" : "OPERATION_UNKNOWN";
  }
  if (agents.has(agentId)) return "OPERATION_UNKNOWN";
  if (recovering.has(agentId)) return "OPERATION_RECOVERING";
  if (registry.unreachable.has(agentId)) return "OPERATION_UNREACHABLE";
  if (registry.gone.has(agentId)) return "OPERATION_GONE_BY_OPERATOR";
  return "OPERATION_UNKNOWN";
}

/** Whether there are operations on an agent that are pending, or not acknowledged yet. */
export function hasOperations(state: ClusterState, agent: Agent): boolean {
  if (on(state, agent).next().done !== true) return true;
  for (const { otherOperations } of state.frameworks.values()) {
    for (const { agentId } of otherOperations.values()) if (agentId === agent.id) return true;
  }
  return false;
}

/** Forgets what an agent keeps beside the operations that the master knows well. */
function dropOthers(state: ClusterState, agent: Agent): void {
  for (const { otherOperations } of state.frameworks.values()) {
    for (const [uuid, { agentId }] of otherOperations) {
      if (agentId === agent.id) otherOperations.delete(uuid);
    }
  }
}

function* on(
  state: ClusterState,
  agent: Agent,
): Generator<readonly [Framework, string, FrameworkOperation]> {
  for (const framework of state.frameworks.values()) {
    for (const [id, operation] of framework.operations) {
      if (operation.agentId === agent.id) yield [framework, id, operation];
    }
  }
}

/** An agent is back: takes over what it keeps; what it never got was dropped (B21, C18). */
export function mergeOperations(
  state: ClusterState,
  agent: Agent,
  records: readonly OperationRecord[],
  infos: ReadonlyMap<FrameworkId, FrameworkInfo>,
  nowMs: number,
  out: Effect[],
): void {
  const held = new Set(records.map(({ uuid }) => uuid));
  for (const [framework, id, operation] of [...on(state, agent)]) {
    if (held.has(operation.uuid)) continue;
    framework.operations.delete(id);
    // An outcome that the agent knows no more was acknowledged.
    if (operation.status !== undefined) continue;
    tallyOperation(state, operation.operation, "OPERATION_DROPPED");
    const about = { message: "The agent never got the operation", agentId: agent.id };
    say(framework, id, "OPERATION_DROPPED", about, nowMs, out);
  }
  dropOthers(state, agent);
  for (const { frameworkId, uuid, applied } of records) {
    if (frameworkId === undefined) continue;
    const framework = frameworkOf(state, frameworkId, infos, nowMs);
    if (framework === undefined) continue;
    if (applied !== undefined) book(framework, agent, uuid, applied.operation, applied.status);
    else noteUntold(framework, agent, uuid);
  }
}

/** The update that follows tells what it is; until then it is only known to be there. */
function noteUntold(framework: Framework, agent: Agent, uuid: UpdateId): void {
  for (const known of framework.operations.values()) if (known.uuid === uuid) return;
  framework.otherOperations.set(uuid, { agentId: agent.id, statusUuid: undefined });
}

/** An agent is given up, and the operations on it with it (C18). */
export function loseOperations(
  state: ClusterState,
  agent: Agent,
  how: "unreachable" | "removed" | "gone",
  nowMs: number,
  out: Effect[],
): void {
  const next = how === "gone" ? "OPERATION_GONE_BY_OPERATOR" : "OPERATION_UNREACHABLE";
  dropOthers(state, agent);
  for (const [framework, id, { operation, status }] of [...on(state, agent)]) {
    framework.operations.delete(id);
    if (status === undefined) tallyOperation(state, operation, next);
    const about = { message: "The agent was removed", agentId: agent.id };
    say(framework, id, next, about, nowMs, out);
  }
}
