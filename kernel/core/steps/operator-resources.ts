import { errors } from "../../../contract/errors.ts";
import {
  add,
  contains,
  giveBack,
  type Resources,
  sameIdentity,
  shared,
  subtract,
  trySubtract,
} from "../../../contract/resources.ts";
import { totalChanged } from "../books.ts";
import type { OperatorCommand } from "../event.ts";
import { mintOperationUuid } from "../ids.ts";
import { rescindOffer } from "../offers.ts";
import { type Conversion, duplicateVolume, workOut } from "../operations.ts";
import { offersWith, usedVolume } from "../sharing.ts";
import type { Agent } from "../state.ts";
import { tallyOperation } from "../tallies.ts";
import type { Asked } from "./operator.ts";

type ResourceCommand = Extract<OperatorCommand, { params: { agentId: string } }> & {
  method:
    | "reserve-resources"
    | "unreserve-resources"
    | "create-volumes"
    | "destroy-volumes"
    | "grow-volume"
    | "shrink-volume";
};

function operationOf(command: ResourceCommand): Conversion {
  switch (command.method) {
    case "reserve-resources": {
      const { resources, source } = command.params;
      return { type: "RESERVE", resources, ...(source && { source }) };
    }
    case "unreserve-resources":
      return { type: "UNRESERVE", resources: command.params.resources };
    case "create-volumes":
      return { type: "CREATE", volumes: command.params.volumes };
    case "destroy-volumes":
      return { type: "DESTROY", volumes: command.params.volumes };
    case "grow-volume": {
      const { volume, addition } = command.params;
      return { type: "GROW_VOLUME", volume, addition };
    }
    case "shrink-volume": {
      const { volume, subtract: by } = command.params;
      return { type: "SHRINK_VOLUME", volume, subtract: by };
    }
  }
}

/**
 * An operator turns resources of an agent into others (E11, E12): out of what is free there, and of
 * what is only offered, which is rescinded as far as it takes.
 */
export function convertForOperator({ state, reply, out }: Asked, command: ResourceCommand): void {
  const { agentId } = command.params;
  const agent = state.agents.get(agentId);
  if (agent === undefined || agent.leaving) {
    reply({ error: errors.AGENT_UNKNOWN(agentId) });
    return;
  }
  if (agent.peer === undefined) {
    reply({ error: errors.AGENT_AWAY(agentId) });
    return;
  }
  const operation = operationOf(command);
  const result = workOut(operation, undefined, undefined);
  const problem = result.problem ?? duplicateVolume(operation, agent.total);
  if (result.problem !== undefined || problem !== undefined) {
    reply({ error: errors.OPERATION_INVALID(command.method, problem ?? "") });
    return;
  }
  const { consumed, converted } = result;
  const offers = offersToTake(agent, consumed);
  if (offers === undefined) {
    reply({ error: errors.RESOURCES_MISSING(agentId, command.method) });
    return;
  }
  for (const offer of offers) rescindOffer(state, offer, out);
  agent.total = add(subtract(agent.total, consumed), converted);
  agent.free = add(subtract(agent.free, consumed), converted);
  totalChanged(state, agent);
  tallyOperation(state, operation, "OPERATION_FINISHED");
  out.push({
    type: "send-agent",
    to: agent.peer,
    order: {
      type: "apply-operation",
      operationUuid: mintOperationUuid(state),
      operation,
      resources: [...agent.total] as Agent["info"]["resources"],
    },
  });
  reply({ result: {} });
}

/** The offers that have to come back before `wanted` is free; `undefined` if that is not enough. */
function offersToTake(agent: Agent, wanted: Resources): Agent["offers"] | undefined {
  if (usedVolume(agent, wanted) !== undefined) return undefined;
  // Shared volumes are free and offered at once, and go for all or for nobody (E13).
  const taken: Agent["offers"] = new Set(offersWith(agent, shared(wanted)));
  let pool = agent.free;
  for (const { wire } of taken) pool = giveBack(pool, wire.resources);
  for (const offer of agent.offers) {
    if (trySubtract(pool, wanted) !== undefined) break;
    if (taken.has(offer)) continue;
    // Only what is short and of the same kind helps; the other offers may stay.
    const short = wanted.filter((resource) => !contains(pool, [resource]));
    const { resources } = offer.wire;
    if (!short.some((each) => resources.some((held) => sameIdentity(each, held)))) continue;
    pool = giveBack(pool, offer.wire.resources);
    taken.add(offer);
  }
  return trySubtract(pool, wanted) === undefined ? undefined : taken;
}
