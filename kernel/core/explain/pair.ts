import type { FindingCode } from "../../../contract/operator/explain-methods.ts";
import { contains, giveBack, type Resources } from "../../../contract/resources.ts";
import type { Row } from "../event.ts";
import type { Agent, Client, ClusterState } from "../state.ts";
import { AgentFlag, ClientFlag } from "../tables/shape.ts";
import type { Headroom } from "./headroom.ts";
import { type Cut, Portion } from "./portion.ts";

/** How one client and one agent stand to each other, and what it takes to say so. */
export interface Verdict {
  readonly code: FindingCode;
  readonly agent: Agent;
  readonly client: Client;
  /** When the last refusal ends that keeps it. */
  readonly untilMs?: number;
  /** The limit that is reached. */
  readonly limit?: { readonly role: number; readonly kind: number };
  /** What quotas leave out of an offer that would be made all the same. */
  readonly cuts?: readonly Cut[];
}

/** What keeps an agent from everybody; `undefined` when it may be offered. */
export function agentObstacle(state: ClusterState, agent: Agent): FindingCode | undefined {
  const { registry, tables } = state;
  if (agent.peer === undefined) return "agent-disconnected";
  if (agent.leaving) return "agent-leaving";
  if (registry.drains.has(agent.id)) return "agent-draining";
  if (registry.deactivated.has(agent.id)) return "agent-deactivated";
  return tables.agents.offerable(agent.row) ? undefined : "agent-deactivated";
}

/** One refusal that is in force. */
export interface Refusal {
  readonly known: Resources;
  readonly untilMs: number;
}

/** Refusals of pairs, gathered once for many pairs. */
export type RefusalsOf = (agent: Row, client: Row) => readonly Refusal[];

/** What is worked out once for many pairs. */
export interface Surroundings {
  readonly headroom: Headroom | undefined;
  /** Agents that a round has yet to look at. */
  readonly waiting: ReadonlySet<Row>;
  readonly refusals: RefusalsOf;
}

/** Works out how one client stands to any agent; to be made anew for each explanation. */
export class PairView {
  readonly client: Client;
  readonly portion: Portion;
  readonly #state: ClusterState;
  readonly #able: number;
  readonly #around: Surroundings;

  constructor(state: ClusterState, client: Client, around: Surroundings) {
    this.client = client;
    this.#state = state;
    this.#able = state.tables.clients.flags[client.row] ?? 0;
    this.#around = around;
    this.portion = new Portion(state, client, around.headroom);
  }

  /** The verdict on one agent. */
  of(agent: Agent): Verdict {
    const { client } = this;
    const code = this.#fence(agent);
    if (code !== undefined) return { code, agent, client };
    if (holdsOffer(agent, client)) return this.#cut({ code: "offered", agent, client });
    const now = this.#on(agent, agent.free);
    if (now === undefined) return this.#cut(this.#refusedRest(agent) ?? this.#open(agent));
    if (now.code !== "lack") return now.code === "filtered" ? this.#cut(now) : now;
    if (agent.offers.size > 0) {
      let back = agent.free;
      for (const { wire } of agent.offers) back = giveBack(back, wire.resources);
      const then = this.#on(agent, back);
      if (then === undefined) return { code: "outranked", agent, client };
      if (then.code !== "lack") return then;
    }
    const ever = this.portion.obstacle(agent.total);
    if (ever?.code === "lack") return { code: "too-small", agent, client };
    if (ever !== undefined && ever.code !== "quota-limit" && ever.code !== "quota-headroom") {
      return { code: ever.code, agent, client };
    }
    const some = this.portion.visible(agent.free).some(({ scalar }) => scalar !== undefined);
    return { code: some ? "below-minimum" : "in-use", agent, client };
  }

  /** What has nothing to do with how much there is. */
  #fence(agent: Agent): FindingCode | undefined {
    const obstacle = agentObstacle(this.#state, agent);
    if (obstacle !== undefined) return obstacle;
    const { agents, filters } = this.#state.tables;
    const flags = agents.flags[agent.row] as number;
    if ((flags & AgentFlag.GPU_FENCED) !== 0 && (this.#able & ClientFlag.GPU) === 0) {
      return "gpu-capability";
    }
    if ((flags & AgentFlag.REMOTE_REGION) !== 0 && (this.#able & ClientFlag.REGION_AWARE) === 0) {
      return "region-capability";
    }
    return filters.excludes(this.client.row, agent.row) ? "constraint" : undefined;
  }

  /** What keeps the client from these resources of the agent; a refusal only if nothing else. */
  #on(agent: Agent, resources: Resources): (Verdict | { readonly code: "lack" }) | undefined {
    const { client } = this;
    const obstacle = this.portion.obstacle(resources);
    if (obstacle?.code === "lack") return { code: "lack" };
    if (obstacle?.code === "quota-limit") {
      return { code: "quota-limit", agent, client, limit: obstacle };
    }
    if (obstacle !== undefined) return { code: obstacle.code, agent, client };
    const untilMs = this.#refusedUntil(agent, resources);
    return untilMs === undefined ? undefined : { code: "filtered", agent, client, untilMs };
  }

  /**
   * The verdict with what quotas leave out. Where nothing of some kind is left, they are the reason
   * that has to go first: a refusal of the rest is of no use to whoever needs that kind.
   */
  #cut(verdict: Verdict): Verdict {
    const { agent, client } = verdict;
    const cuts = this.portion.cuts(agent.free);
    const [first] = cuts;
    if (first === undefined) return verdict;
    if (verdict.code === "offered" || !first.isWhole) return { ...verdict, cuts };
    const code = first.limitOf === undefined ? "quota-headroom" : "quota-limit";
    return { code, agent, client, cuts };
  }

  /** Nothing keeps the two apart: a round has not looked yet, or the policy knows why. */
  #open(agent: Agent): Verdict {
    const { client } = this;
    const isLookedAt = !this.#around.waiting.has(agent.row);
    const competes = this.#state.tables.clients.offerable(client.row);
    return { code: isLookedAt && competes ? "passed-over" : "free", agent, client };
  }

  /**
   * A refusal of all that quotas leave of an agent: more is free, but nothing that would be offered
   * is more than what was refused (C8, E8).
   */
  #refusedRest(agent: Agent): Verdict | undefined {
    const cuts = this.portion.cuts(agent.free);
    if (cuts.length === 0) return undefined;
    const untilMs = this.#refusedUntil(agent, this.portion.after(agent.free, cuts));
    if (untilMs === undefined) return undefined;
    return { code: "filtered", agent, client: this.client, untilMs };
  }

  /** When the last refusal ends that blocks an offer of these resources (C8). */
  #refusedUntil(agent: Agent, resources: Resources): number | undefined {
    let untilMs: number | undefined;
    for (const refusal of this.#around.refusals(agent.row, this.client.row)) {
      if (untilMs !== undefined && refusal.untilMs <= untilMs) continue;
      if (contains(refusal.known, this.portion.visible(resources))) untilMs = refusal.untilMs;
    }
    return untilMs;
  }
}

/** Whether a client has an offer of an agent that is not answered yet. */
function holdsOffer(agent: Agent, client: Client): boolean {
  for (const offer of agent.offers) if (offer.client === client) return true;
  return false;
}

/** Refusals of one client, for looking at many agents. */
export function refusalsOfClient({ filters }: ClusterState, client: Client): RefusalsOf {
  const byAgent = groupBy(filters.ofClient(client.row), ({ agent }) => agent);
  return (agent) => byAgent.get(agent) ?? [];
}

/** Refusals on one agent, for looking at many clients. */
export function refusalsOnAgent({ filters }: ClusterState, agent: Agent): RefusalsOf {
  const byClient = groupBy(filters.onAgent(agent.row), ({ client }) => client);
  return (_, client) => byClient.get(client) ?? [];
}

function groupBy<Item>(items: Iterable<Item>, keyOf: (item: Item) => Row): Map<Row, Item[]> {
  const groups = new Map<Row, Item[]>();
  for (const item of items) {
    const known = groups.get(keyOf(item));
    if (known === undefined) groups.set(keyOf(item), [item]);
    else known.push(item);
  }
  return groups;
}
