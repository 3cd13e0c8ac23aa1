import type { AgentMessageOf } from "../../../contract/agent-api.ts";
import type { FrameworkCallOf } from "../../../contract/framework-api.ts";
import type { AgentId, UpdateId } from "../../../contract/ids.ts";
import type { OperationState, OperationStatus } from "../../../contract/schema/offer.ts";
import type { Call } from "../calls.ts";
import type { Effect } from "../effect.ts";
import { isOver } from "../ids.ts";
import type { Agent, ClusterState, Framework, FrameworkOperation } from "../state.ts";
import { tally, tallyOperation } from "../tallies.ts";

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
  { frameworkId, status }: AgentMessageOf<"operation-update">,
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
  if (known !== undefined) {
    const wasPending = known.state === "OPERATION_PENDING";
    known.state = status.state;
    if (wasPending) tallyOperation(state, known.operation, status.state);
  }
  if (framework.peer === undefined) return;
  const event = { type: "operation-update", status } as const;
  out.push({ type: "send-framework", to: framework.peer, event });
}

/** A framework has an operation's outcome (C18). */
export function stepAcknowledgeOperation(
  { state, framework, out }: Call,
  { agentId, operationId, uuid }: FrameworkCallOf<"acknowledge-operation">,
): void {
  const known = framework.operations.get(operationId);
  framework.operations.delete(operationId);
  const on = agentId ?? known?.agentId;
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
    const state = known?.state ?? standingOf(call, agentId);
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

/** An agent is back: what it never got was dropped on the way (B21, C18). */
export function mergeOperations(
  state: ClusterState,
  agent: Agent,
  held: readonly UpdateId[],
  nowMs: number,
  out: Effect[],
): void {
  for (const [framework, id, operation] of [...on(state, agent)]) {
    if (operation.state !== "OPERATION_PENDING" || held.includes(operation.uuid)) continue;
    framework.operations.delete(id);
    tallyOperation(state, operation.operation, "OPERATION_DROPPED");
    const about = { message: "The agent never got the operation", agentId: agent.id };
    say(framework, id, "OPERATION_DROPPED", about, nowMs, out);
  }
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
  for (const [framework, id, { operation, state: was }] of [...on(state, agent)]) {
    framework.operations.delete(id);
    if (was === "OPERATION_PENDING") tallyOperation(state, operation, next);
    const about = { message: "The agent was removed", agentId: agent.id };
    say(framework, id, next, about, nowMs, out);
  }
}
