import { errors } from "../../../contract/errors.ts";
import type { AgentId } from "../../../contract/ids.ts";
import type { Finding } from "../../../contract/operator/explain-methods.ts";
import type { OperatorParams, OperatorResult } from "../../../contract/operator-api.ts";
import type { Client, ClusterState } from "../state.ts";
import { listed } from "../views/page.ts";
import { type Asked, EXAMPLES_DEFAULT, heedsNow, momentOf } from "./asked.ts";
import { clientObstacles, frameworkObstacles, single } from "./clients.ts";
import { groupsOf, told } from "./findings.ts";
import { agentFinding } from "./fixed-words.ts";
import { Headroom } from "./headroom.ts";
import { holdersOf } from "./holders.ts";
import { agentObstacle, PairView, refusalsOnAgent } from "./pair.ts";
import { findAgent } from "./subjects.ts";
import { tellVerdicts } from "./verdicts.ts";

/**
 * Who holds what of an agent, and of everybody else why they are not offered what is left. Costs
 * the number of frameworks, a role each.
 * @throws TepuiError AGENT_UNKNOWN, AGENT_NAME_AMBIGUOUS
 */
export function explainAgent(
  state: ClusterState,
  params: OperatorParams<"explain-agent">,
  asked: Asked,
): OperatorResult<"explain-agent"> {
  const { examples = EXAMPLES_DEFAULT } = params;
  const agent = findAgent(state, params.agent);
  if (agent === undefined) return absent(state, params.agent, asked);
  const obstacle = agentObstacle(state, agent);
  const headroom = Headroom.of(state, heedsNow(asked));
  const around = {
    headroom,
    waiting: new Set(state.tables.candidates),
    refusals: refusalsOnAgent(state, agent),
  };
  const views = new Map<Client, PairView>();
  const blocked: Blocked[] = [];
  for (const client of state.clientRows) {
    if (client === undefined) continue;
    const [first] = obstaclesOf(state, client, asked.nowMs);
    if (first === undefined) views.set(client, new PairView(state, client, around));
    else blocked.push({ client, finding: first });
  }
  const verdicts = Array.from(views.values(), (view) => view.of(agent));
  const viewOf = (client: Client): PairView => views.get(client) as PairView;
  const result: OperatorResult<"explain-agent"> = {
    ...momentOf(state, asked),
    agentId: agent.id,
    hostname: agent.info.hostname,
    total: listed(agent.total),
    free: listed(agent.free),
    holders: holdersOf(agent),
    blocked: obstacle === undefined ? [] : [agentFinding(obstacle, agent, asked)],
    frameworks: [
      ...tellVerdicts(verdicts, {
        state,
        asked,
        headroom,
        viewOf,
        about: "frameworks",
        examples,
      }),
      ...tellBlocked(blocked, examples),
    ],
  };
  const lookedIn = state.tables.agents.lookedIn[agent.row] ?? 0;
  if (lookedIn > 0) result.lookedIn = lookedIn;
  return result;
}

/** A client that is offered nothing anywhere. */
interface Blocked {
  readonly client: Client;
  readonly finding: Finding;
}

/** What keeps a client from every agent; being set behind only keeps it from being first. */
function obstaclesOf(state: ClusterState, client: Client, nowMs: number): Finding[] {
  return [
    ...frameworkObstacles(client.framework, nowMs),
    ...clientObstacles(state, client, nowMs),
  ].filter(({ code }) => code !== "stands-behind" && code !== "on-trial");
}

/** Clients that are offered nothing anywhere, by what keeps them. */
function tellBlocked(blocked: readonly Blocked[], examples: number): Finding[] {
  const groups = groupsOf(blocked, examples, { codeOf: ({ finding }) => finding.code });
  return groups.map((group) =>
    told(group, examples, {
      text: ({ shown: [{ finding }] }) => finding.text,
      change: ({ shown: [{ finding }] }) => finding.change,
      example: ({ client }) => ({
        frameworkId: client.framework.id,
        framework: client.framework.info.name,
        role: client.role.name,
      }),
    }),
  );
}

/** What is said of agents that are not here. */
const absences = {
  recovering: {
    code: "agent-recovering",
    text: "the agent has not come back to this master yet",
    change: "wait, or start it again",
  },
  unreachable: {
    code: "agent-unreachable",
    text: "the agent did not answer for too long, and was given up",
    change: "start it again",
  },
  gone: {
    code: "agent-gone",
    text: "the agent was marked as gone, for good",
    change: "start it with an empty work folder",
  },
} as const;

/** Agents of which only the registry knows. */
function absent(state: ClusterState, asked: string, how: Asked): OperatorResult<"explain-agent"> {
  const { recovering, registry } = state;
  const byName = [...recovering].filter(([, { hostname }]) => hostname === asked);
  const id = byName.length === 1 ? (byName[0]?.[0] as AgentId) : (asked as AgentId);
  const info = recovering.get(id);
  const absence =
    (info !== undefined && absences.recovering) ||
    (registry.unreachable.has(id) && absences.unreachable) ||
    (registry.gone.has(id) && absences.gone);
  if (!absence) throw errors.AGENT_UNKNOWN(asked);
  return {
    ...momentOf(state, how),
    agentId: id,
    hostname: info?.hostname ?? "",
    total: [...(info?.resources ?? [])],
    free: [],
    holders: [],
    blocked: [single(absence)],
    frameworks: [],
  };
}
