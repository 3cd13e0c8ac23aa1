import { idProblem } from "../../../contract/ids.ts";
import { limits } from "../../../contract/limits.ts";
import {
  add,
  giveBack,
  NOTHING,
  type Resources,
  shared,
  subtract,
  unshared,
} from "../../../contract/resources.ts";
import type { OperationStatus } from "../../../contract/schema/offer.ts";
import { encodedBytes, sizeProblem } from "../../../contract/size.ts";
import { charge, discharge, totalChanged } from "../books.ts";
import type { Call } from "../calls.ts";
import { mintOperationUuid } from "../ids.ts";
import { rescindOffer } from "../offers.ts";
import { type Conversion, convert, duplicateVolume } from "../operations.ts";
import { offersWith, usedVolume } from "../sharing.ts";
import type { Agent, Framework } from "../state.ts";
import { tallyOperation } from "../tallies.ts";
import { allocationProblem } from "../validate-task.ts";
import type { Acceptance } from "./accept.ts";

/** Reserves, makes volumes and so on; the agent follows and checkpoints (C17, E11, E12). */
export function applyConversion(acceptance: Acceptance, given: Conversion): void {
  const { state, framework, agent, client } = acceptance;
  const { principal } = framework.info;
  const { allocatedTo, ...operation } = given;
  const unfit =
    sizeProblem(operation.type, encodedBytes(given), limits.operationBytesMax) ??
    operationIdProblem(operation) ??
    allocationProblem(operation.type, allocatedTo, client.role.name);
  if (unfit !== undefined) {
    sayOperationFailed(acceptance, operation, unfit, agent);
    return;
  }
  const result = convert(operation, acceptance.left, client.role.name, principal);
  const problem =
    result.problem ??
    duplicateVolume(operation, agent.total) ??
    sharingProblem(result.converted, framework) ??
    usedVolume(agent, result.consumed) ??
    feedbackProblem(operation, agent, framework);
  if (result.problem !== undefined || problem !== undefined) {
    sayOperationFailed(acceptance, operation, problem ?? "", agent);
    return;
  }
  const { consumed, converted } = result;
  acceptance.left = add(subtract(acceptance.left, consumed), converted);
  acceptance.made = add(acceptance.made, converted);
  discharge(state, agent, client, unshared(consumed));
  charge(state, agent, client, unshared(converted));
  agent.total = add(subtract(agent.total, consumed), converted);
  convertShared(acceptance, shared(consumed), shared(converted));
  totalChanged(state, agent);
  const operationUuid = mintOperationUuid(state);
  if (operation.id !== undefined) {
    framework.operations.set(operation.id, {
      uuid: operationUuid,
      agentId: agent.id,
      operation,
      status: undefined,
    });
    // It may know the framework by this alone: it is told of the framework's return and its end.
    if (!agent.known.has(framework)) {
      agent.known.set(framework, 0);
      framework.agents.add(agent);
    }
  } else {
    tallyOperation(state, operation, "OPERATION_FINISHED");
  }
  acceptance.out.push({
    type: "send-agent",
    to: agent.peer as number,
    order: {
      type: "apply-operation",
      frameworkId: framework.id,
      operationUuid,
      operation,
      resources: [...agent.total] as Agent["info"]["resources"],
    },
  });
}

/** Shared volumes come and go at once for everybody; offers of those that go are void (E13). */
function convertShared(
  { state, agent, out }: Acceptance,
  consumed: Resources,
  converted: Resources,
): void {
  const { overcommitted } = agent;
  for (const offer of offersWith(agent, consumed)) rescindOffer(state, offer, out);
  // What room that made shows when all that was accepted is in the books.
  agent.overcommitted = overcommitted;
  if (overcommitted) agent.free = NOTHING;
  else agent.free = giveBack(subtract(agent.free, consumed), converted);
}

/** A framework that would never be offered the volume cannot make it (C20). */
function sharingProblem(converted: Resources, { info }: Framework): string | undefined {
  const volume = shared(converted)[0];
  if (volume === undefined || info.capabilities?.includes("SHARED_RESOURCES")) return undefined;
  const id = volume.disk?.persistence?.id;
  return `volume ${id} is shared, which takes the capability SHARED_RESOURCES`;
}

function operationIdProblem({ id }: Conversion): string | undefined {
  const problem = id === undefined ? undefined : idProblem(id);
  return problem === undefined ? undefined : `Operation has an invalid id: ${problem}`;
}

/** Feedback takes an agent that gives it (C18). */
function feedbackProblem(
  { id }: Conversion,
  agent: Agent,
  { operations }: Framework,
): string | undefined {
  if (id === undefined) return undefined;
  const { operationsPerFrameworkMax: most } = limits;
  if (operations.has(id)) return `an operation with the id ${id} is not acknowledged yet`;
  if (operations.size >= most) return `${most} operations are not acknowledged yet`;
  if (agent.capabilities.includes("AGENT_OPERATION_FEEDBACK")) return undefined;
  return "the agent lacks the capability AGENT_OPERATION_FEEDBACK, which an operation id needs";
}

/** Tells why an operation was not applied, if its framework asked to be told (C18). */
export function sayOperationFailed(
  { state, framework, nowMs, out }: Call,
  operation: Conversion,
  message: string,
  agent: Agent | undefined,
): void {
  const { id } = operation;
  tallyOperation(state, operation, "OPERATION_ERROR");
  if (id === undefined || framework.peer === undefined) return;
  const status: OperationStatus = {
    operationId: id,
    state: "OPERATION_ERROR",
    message,
    timestampMs: nowMs,
  };
  if (agent !== undefined) status.agentId = agent.id;
  const event = { type: "operation-update", status } as const;
  out.push({ type: "send-framework", to: framework.peer, event });
}
