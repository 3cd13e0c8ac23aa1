import type { RoleStanding } from "../../../contract/operator/explain-methods.ts";
import type { OperatorParams, OperatorResult } from "../../../contract/operator-api.ts";
import { demandOf } from "../hints.ts";
import type { Client, ClusterState, CompletedFramework } from "../state.ts";
import { type Asked, EXAMPLES_DEFAULT, heedsNow, momentOf } from "./asked.ts";
import { clientObstacles, frameworkObstacles, single } from "./clients.ts";
import { Headroom } from "./headroom.ts";
import { PairView, refusalsOfClient } from "./pair.ts";
import { Ranking } from "./ranking.ts";
import { roleShare, shareOf } from "./shares.ts";
import { findFramework } from "./subjects.ts";
import { tellVerdicts } from "./verdicts.ts";
import { namedAmounts } from "./words.ts";

/** Roles that are gone through agent by agent when none is named; more are asked for by name. */
const ROLES_MAX = 8;

/**
 * Why a framework gets the offers that it gets: for each of its roles what concerns all agents, and
 * every agent by how the two stand to each other. Costs the number of agents for each role.
 * @throws TepuiError FRAMEWORK_UNKNOWN, FRAMEWORK_AMBIGUOUS, ROLE_UNKNOWN
 */
export function explainFramework(
  state: ClusterState,
  params: OperatorParams<"explain-framework">,
  asked: Asked,
): OperatorResult<"explain-framework"> {
  const { role, examples = EXAMPLES_DEFAULT } = params;
  const found = findFramework(state, params.framework, role);
  if (!("clients" in found)) return ended(state, found, asked);
  const ranking = new Ranking(state, heedsNow(asked).excludedKinds);
  const clients = [...found.clients.values()].filter(
    (client) => role === undefined || client.role.name === role,
  );
  const shown = clients.slice(0, ROLES_MAX);
  return {
    ...momentOf(state, asked),
    frameworkId: found.id,
    name: found.info.name,
    state: found.state,
    blocked: frameworkObstacles(found, asked.nowMs),
    roles: shown.map((client) => standing(state, client, asked, ranking, examples)),
    otherRoles: clients.slice(ROLES_MAX).map((client) => client.role.name),
  };
}

function standing(
  state: ClusterState,
  client: Client,
  asked: Asked,
  ranking: Ranking,
  examples: number,
): RoleStanding {
  const { tables } = state;
  const { row, role } = client;
  const known = row >= 0;
  const result: RoleStanding = {
    role: role.name,
    roleShare: roleShare(state, role, ranking),
    share: shareOf(state, ranking.ofClient(client), 1),
    holds: known ? namedAmounts(tables, tables.clients.used, row) : {},
    offers: offersIn(client),
    blocked: clientObstacles(state, client, asked.nowMs),
    agents: [],
  };
  if (client.offeredCycle > 0) result.offeredMs = client.offeredMs;
  if (client.usedCycle > 0) result.usedMs = client.usedMs;
  const { priority } = client.framework.info;
  if (priority !== undefined) result.priority = priority;
  const demand = demandOf(client);
  if (demand !== undefined) {
    result.demand = demand;
    if (known) result.wants = namedAmounts(tables, tables.clients.demand, row);
  }
  if (known) result.agents = agentsSeenBy(state, client, asked, examples);
  return result;
}

/** Every agent by how a client stands to it. */
export function agentsSeenBy(
  state: ClusterState,
  client: Client,
  asked: Asked,
  examples: number,
): RoleStanding["agents"] {
  const headroom = Headroom.of(state, heedsNow(asked));
  const waiting = new Set(state.tables.candidates);
  const refusals = refusalsOfClient(state, client);
  const view = new PairView(state, client, { headroom, waiting, refusals });
  const verdicts = Array.from(state.agents.values(), (agent) => view.of(agent));
  const viewOf = (): PairView => view;
  return tellVerdicts(verdicts, {
    state,
    asked,
    headroom,
    viewOf,
    about: "agents",
    examples,
  });
}

function offersIn(client: Client): number {
  let count = 0;
  for (const offer of client.framework.offers) if (offer.client === client) count += 1;
  return count;
}

function ended(
  state: ClusterState,
  { id, info }: CompletedFramework,
  asked: Asked,
): OperatorResult<"explain-framework"> {
  const blocked = [
    single({
      code: "framework-completed",
      text: "the framework has ended, or was ended",
      change: "subscribe anew, without its id",
    }),
  ];
  const none = { roles: [], otherRoles: [] };
  return {
    ...momentOf(state, asked),
    frameworkId: id,
    name: info.name,
    state: "completed",
    blocked,
    ...none,
  };
}
