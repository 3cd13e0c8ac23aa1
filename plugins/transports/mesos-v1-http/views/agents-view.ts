import { hostPort } from "../../../../contract/address.ts";
import type { AgentView } from "../../../../contract/operator-api.ts";
import type { AgentSource, ClusterSnapshot } from "../../../../contract/ports/cluster-snapshot.ts";
import { printAttributeValue } from "../../../../contract/resources/attributes.ts";
import { reservationRole } from "../../../../contract/resources.ts";
import type { Resource } from "../../../../contract/schema/resource.ts";
import { DomainInfo } from "../definitions/basics.ts";
import { DrainInfo } from "../definitions/operators.ts";
import { Resource as ResourceDef } from "../definitions/resources.ts";
import { maybe } from "../map/basics.ts";
import { domainTo, drainTo } from "../map/cluster.ts";
import { AGENT_PATH } from "../map/offers.ts";
import { endpointResourceTo } from "../map/resources.ts";
import { groupBy } from "./framework-view.ts";
import { each, jsonAscii } from "./json-pieces.ts";
import { reservedObject, resourceObject, unreservedObject } from "./resource-object.ts";
import { plain, seconds } from "./task-view.ts";

/** Whether an agent is registered, which those are not that are awaited, unreachable or gone. */
export function isThere({ state }: AgentSource): boolean {
  return state === "active" || state === "inactive" || state === "disconnected";
}

/** The lists of `/state` about agents (§9). */
export function agentLists(
  { agents }: ClusterSnapshot,
  part: (one: AgentView) => object,
): Record<string, Iterable<string>> {
  const awaited = agents.filter(({ state }) => state === "recovering");
  return {
    slaves: each(agents.filter(isThere), (one) => jsonAscii(part(one.show()))),
    recovered_slaves: each(awaited, (one) => {
      const { id, hostname } = one.show().agent;
      return jsonAscii({ id, hostname });
    }),
  };
}

/** The same as `/slaves` shows them: resources whole, and one agent alone where that is asked. */
export function fullAgentLists(
  shown: ClusterSnapshot,
  wanted: string | null,
  version: string,
): Record<string, Iterable<string>> {
  const agents = shown.agents.filter(({ id }) => wanted === null || id === wanted);
  return agentLists({ ...shown, agents }, (one) => ({
    ...agentPart(one, version),
    ...fullPart(one),
  }));
}

/** An agent as the v0 views show it; `version` is the Mesos version that is claimed for all. */
export function agentPart(one: AgentView, version: string): object {
  const { agent, total, drain, capabilities = [] } = one;
  return {
    id: agent.id,
    hostname: agent.hostname,
    port: agent.port,
    attributes: Object.fromEntries(
      (agent.attributes ?? []).map((attribute) => [
        attribute.name,
        attribute.scalar === undefined ? printAttributeValue(attribute) : attribute.scalar / 1000,
      ]),
    ),
    pid: `${AGENT_PATH.slice(1)}@${hostPort(agent.ip, agent.port)}`,
    registered_time: seconds(one.registeredMs),
    reregistered_time: seconds(one.reregisteredMs),
    resources: resourceObject(total),
    used_resources: resourceObject(one.used),
    offered_resources: resourceObject(one.offered),
    reserved_resources: reservedObject(total),
    unreserved_resources: unreservedObject(total),
    active: one.state === "active",
    deactivated: one.state === "inactive",
    domain: maybe(agent.domain, (domain) => plain(DomainInfo, domainTo(domain))),
    version,
    capabilities,
    drain_info: maybe(drain, (info) => plain(DrainInfo, drainTo(info))),
    estimated_drain_start_time_seconds: seconds(drain?.startedMs),
  };
}

/** Reservations and volumes as a whole: so they are given to `/unreserve` and the like. */
function fullPart({ total, used, offered }: AgentView): object {
  const byRole = groupBy(total, (one) => reservationRole(one) ?? "");
  const { "": free = [], ...reserved } = Object.fromEntries(
    [...byRole].map(([role, some]) => [role, some.map(whole)]),
  );
  return {
    reserved_resources_full: reserved,
    unreserved_resources_full: free,
    used_resources_full: used.map(whole),
    offered_resources_full: offered.map(whole),
  };
}

function whole(resource: Resource): object {
  return plain(ResourceDef, endpointResourceTo(resource));
}
