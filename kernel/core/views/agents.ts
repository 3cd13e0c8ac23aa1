import type { AgentId } from "../../../contract/ids.ts";
import type { AgentView, OperatorParams, OperatorResult } from "../../../contract/operator-api.ts";
import { giveBack, NOTHING, type Resources } from "../../../contract/resources.ts";
import type { AgentInfo } from "../../../contract/schema/agent.ts";
import { isTerminal } from "../../../contract/task-state.ts";
import { beyondKinds } from "../known-kind.ts";
import type { Agent, Away, ClusterState, RegistryMirror } from "../state.ts";
import { listed, pageOf } from "./page.ts";

/** What an agent's offers hold; a shared volume once. */
export function offeredOn(agent: Agent): Resources {
  let sum = NOTHING;
  for (const { wire } of agent.offers) sum = giveBack(sum, wire.resources);
  return sum;
}

/** What an agent's tasks and executors use; a shared volume once, however many use it (E13). */
export function usedOn(agent: Agent): Resources {
  let sum = NOTHING;
  for (const task of agent.tasks) if (task.holds) sum = giveBack(sum, task.resources);
  for (const { resources } of agent.strays.values()) sum = giveBack(sum, resources);
  for (const { resources } of agent.executors.values()) sum = giveBack(sum, resources);
  return sum;
}

/** What operators wanted of an agent (I5, I6). */
function service({ deactivated, drains }: RegistryMirror, id: AgentId): Partial<AgentView> {
  const drain = drains.get(id);
  return {
    ...(deactivated.has(id) ? { deactivated: true } : {}),
    ...(drain === undefined ? {} : { drain }),
  };
}

function standingOf({ peer, id }: Agent, { deactivated }: RegistryMirror): AgentView["state"] {
  if (peer === undefined) return "disconnected";
  return deactivated.has(id) ? "inactive" : "active";
}

function agentView(agent: Agent, { registry, tables }: ClusterState): AgentView {
  let tasks = agent.strays.size;
  for (const { state } of agent.tasks) if (!isTerminal(state)) tasks += 1;
  const view: AgentView = {
    agent: agent.info,
    version: agent.version,
    capabilities: [...agent.capabilities],
    state: standingOf(agent, registry),
    ...service(registry, agent.id),
    registeredMs: agent.registeredMs,
    total: listed(agent.total),
    used: listed(usedOn(agent)),
    offered: listed(offeredOn(agent)),
    tasks,
  };
  const beyond = beyondKinds(tables, agent.total);
  if (beyond.length > 0) view.beyondKinds = beyond;
  if (agent.unavailability !== undefined) view.unavailability = agent.unavailability;
  if (agent.reregisteredMs !== undefined) view.reregisteredMs = agent.reregisteredMs;
  return view;
}

/** An agent of which only the registry's entry is known. */
function absent(info: AgentInfo, state: "recovering" | "unreachable" | "gone"): AgentView {
  const { resources: total } = info;
  return { agent: info, version: "", state, total, used: [], offered: [], tasks: 0 };
}

/** One of which it is only known where it was. */
function absentAgent(id: AgentId, { at }: Away, state: "unreachable" | "gone"): AgentView {
  const place = at ?? { hostname: "", ip: "", port: 0 };
  return absent({ id, ...place, resources: [] }, state);
}

/** An agent that is here. */
export function agentViewOf(state: ClusterState, id: AgentId): AgentView | undefined {
  const agent = state.agents.get(id);
  return agent && agentView(agent, state);
}

/** An agent, how it stands, and what works out the rest. */
type AgentMaker = readonly [AgentId, AgentView["state"], () => AgentView];

/** Agents that are here, then those that are awaited, away, or gone; worked out on demand. */
export function agentMakers(state: ClusterState): AgentMaker[] {
  const { agents, recovering, registry } = state;
  return [
    ...[...agents.values()].map(
      (agent) => [agent.id, standingOf(agent, registry), () => agentView(agent, state)] as const,
    ),
    ...[...recovering].map(
      ([id, info]) =>
        [
          id,
          "recovering",
          () => ({ ...absent(info, "recovering"), ...service(registry, id) }),
        ] as const,
    ),
    ...[...registry.unreachable].map(
      ([id, away]) =>
        [
          id,
          "unreachable",
          () => ({
            ...absentAgent(id, away, "unreachable"),
            ...service(registry, id),
            unreachableMs: away.sinceMs,
          }),
        ] as const,
    ),
    ...[...registry.gone].map(
      ([id, away]) => [id, "gone", () => absentAgent(id, away, "gone")] as const,
    ),
  ];
}

/** A page of them, or the one that is asked for. */
export function agentsView(
  state: ClusterState,
  { agentId, ...page }: OperatorParams<"agents">,
): OperatorResult<"agents"> {
  const makers = agentMakers(state);
  const chosen = agentId === undefined ? makers : makers.filter(([id]) => id === agentId);
  const { views, more } = pageOf(chosen, ([, , make]) => make(), page);
  return { agents: views, more };
}
