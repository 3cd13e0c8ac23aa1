import type { Finding, FindingExample } from "../../../contract/operator/explain-methods.ts";
import { printQuantities, printResources } from "../../../contract/resources/text.ts";
import { type Resources, reservationRole } from "../../../contract/resources.ts";
import { roughDuration } from "../../../contract/units.ts";
import { demandOf } from "../hints.ts";
import type { Agent, Client, ClusterState } from "../state.ts";
import { isEmpty, vectorAt } from "../tables/vectors.ts";
import { type Asked, heedsNow } from "./asked.ts";
import {
  cutsChange,
  cutsKey,
  cutsText,
  headroomChange,
  limitChange,
  limitText,
  owedText,
} from "./cuts.ts";
import { type Group, groupsOf, told, type Words } from "./findings.ts";
import { fixedWords, leftText } from "./fixed-words.ts";
import type { Headroom } from "./headroom.ts";
import { holdersText } from "./holders.ts";
import type { PairView, Verdict } from "./pair.ts";
import { makerOf, type Rival, rivalsOf } from "./rivals.ts";
import { pairFacts } from "./statement.ts";
import { shareText } from "./words.ts";

/** Of so many pairs of a role the policy is asked for what it knows of them. */
const STATED_MAX = 6;

/** What it takes to put verdicts into words. */
export interface Telling {
  readonly state: ClusterState;
  readonly asked: Asked;
  readonly headroom: Headroom | undefined;
  /** Whose verdict it is. */
  readonly viewOf: (client: Client) => PairView;
  /** Agents that are offered to a framework, or frameworks that an agent is offered to. */
  readonly about: "agents" | "frameworks";
  readonly examples: number;
}

/** Verdicts by reason, each pair in one of them. */
export function tellVerdicts(verdicts: readonly Verdict[], telling: Telling): Finding[] {
  const { state, asked, examples } = telling;
  const groups = groupsOf(verdicts, examples, {
    codeOf: ({ code }) => code,
    keyOf: ({ limit, cuts }) => {
      if (cuts !== undefined) return cutsKey(cuts);
      return limit === undefined ? undefined : `${limit.role} ${limit.kind}`;
    },
    rankOf: (verdict) => rankOf(verdict, telling),
  });
  // Who came first is worked out for those that are shown alone: it takes every offer there is.
  const shown = groups.flatMap((group) => group.shown.slice(0, examples));
  const rivals = rivalsOf(state, shown, asked.heedsOf);
  const words = new VerdictWords(telling, rivals);
  return groups.map((group) => told(group, examples, words));
}

/** What ends soonest, or is nearest to being enough, is shown first. */
function rankOf(verdict: Verdict, { viewOf }: Telling): number | undefined {
  const { code, agent, client, untilMs = 0 } = verdict;
  if (code === "filtered") return untilMs;
  if (code === "below-minimum") return -viewOf(client).portion.nearness(agent.free);
  return code === "too-small" ? -viewOf(client).portion.nearness(agent.total) : undefined;
}

/** Each reason in words; what is particular to a pair is in its example. */
class VerdictWords implements Words<Verdict> {
  readonly #telling: Telling;
  /** Who came first, for verdicts of being outranked. */
  readonly #rivals: ReadonlyMap<Verdict, Rival>;
  #stated = 0;

  constructor(telling: Telling, rivals: ReadonlyMap<Verdict, Rival>) {
    this.#telling = telling;
    this.#rivals = rivals;
  }

  text({ shown: [verdict] }: Group<Verdict>): string {
    const { state, headroom } = this.#telling;
    const { code, cuts } = verdict;
    if (cuts === undefined) return this.#text(verdict);
    const cut = cutsText(state, cuts, headroom);
    if (isQuota(code)) return `${cut}; what else is free may be offered`;
    return `${this.#text(verdict)}; but ${cut}`;
  }

  #text({ code, client, agent, limit, cuts }: Verdict): string {
    const { state, asked, headroom } = this.#telling;
    switch (code) {
      case "filtered": {
        const all = cuts === undefined ? "is free" : "it may have";
        return `the framework refused as much as ${all} there, and the refusal holds still`;
      }
      case "below-minimum":
        return `too little is free for the least that is offered, ${this.#least(client)}`;
      case "too-small":
        return `the agent has less in all than the least that is offered, ${this.#least(client)}`;
      case "quota-limit":
        return limitText(state, limit?.role ?? 0, limit?.kind ?? 0);
      case "quota-headroom":
        return `what is free is held back for guarantees: ${owedText(state, headroom)}`;
      case "outranked":
        return this.#competes(client) ? "offered to others, who came first" : "offered to others";
      case "free":
        return this.#competes(client)
          ? "free, and the next round has yet to look at it"
          : "free: nothing but what holds for all agents is in the way";
      case "passed-over": {
        const round = state.tables.agents.lookedIn[agent.row] ?? 0;
        const met = this.#hasAll(client) ? "; the framework has all that it demands" : "";
        const whom = `${asked.policy.name} offered it to nobody`;
        return `free, and the policy ${whom} in round ${round}${met}`;
      }
      default:
        return fixedWords[code]?.[0] ?? code;
    }
  }

  change(group: Group<Verdict>): string | undefined {
    const [{ code, cuts }] = group.shown;
    if (cuts === undefined) return this.#change(group);
    const change = cutsChange(this.#telling.state, cuts);
    const own = isQuota(code) ? undefined : this.#change(group);
    return own === undefined ? change : `${own}; ${change}`;
  }

  #change({ shown: [verdict], entries }: Group<Verdict>): string | undefined {
    const { state, asked } = this.#telling;
    const { code, client, agent } = verdict;
    switch (code) {
      case "filtered": {
        const first = roughDuration((verdict.untilMs ?? 0) - asked.nowMs);
        const soon = entries.length === 1 ? `it ends in ${first}` : `the first ends in ${first}`;
        return `${soon}; REVIVE drops refusals at once`;
      }
      case "below-minimum":
      case "too-small":
        return `${this.#most(verdict, client, agent)}; ${this.#lower(client)}`;
      case "quota-limit":
        return limitChange(state, verdict.limit?.role ?? 0);
      case "quota-headroom":
        return headroomChange;
      case "outranked":
        return heedsNow(asked).dominantShares
          ? "wait until it is answered; `tepui weights set` makes the share of a role count less"
          : `wait until it is answered; the policy ${asked.policy.name} decides who comes first`;
      case "free":
        if (!this.#competes(client)) return undefined;
        return `wait: a batch runs every ${roughDuration(state.options.allocationIntervalMs)}`;
      case "passed-over":
        if (this.#hasAll(client)) return "let the framework demand more, or state no demand";
        return "look into the policy's parameters and what it says of itself";
      default:
        return fixedWords[code]?.[1];
    }
  }

  example(verdict: Verdict): FindingExample {
    const { agent, client, untilMs } = verdict;
    const of: FindingExample =
      this.#telling.about === "agents"
        ? { agentId: agent.id, hostname: agent.info.hostname }
        : {
            frameworkId: client.framework.id,
            framework: client.framework.info.name,
            role: client.role.name,
          };
    const text = this.#particulars(verdict);
    if (text !== undefined) of.text = text;
    if (untilMs !== undefined) of.untilMs = untilMs;
    return of;
  }

  #particulars(verdict: Verdict): string | undefined {
    const { asked, state } = this.#telling;
    const { code, agent, client, untilMs } = verdict;
    switch (code) {
      case "filtered":
        return `ends in ${roughDuration((untilMs ?? 0) - asked.nowMs)}`;
      case "offered": {
        const first = [...agent.offers].find((offer) => offer.client === client);
        const since = roughDuration(asked.nowMs - (first?.mintedMs ?? asked.nowMs));
        return `${printResources(first?.wire.resources ?? [])}, since ${since}`;
      }
      case "below-minimum":
        return `free ${printResources(agent.free)}; ${holdersText(agent)}`;
      case "in-use":
        return holdersText(agent);
      case "too-small":
        return `has ${printResources(agent.total)}`;
      case "reserved":
        return `for ${rolesOf(agent.free).join(", ")}`;
      case "outranked": {
        const said = this.#statement(verdict);
        return said === undefined ? this.#rival(verdict) : `${said}; ${this.#rival(verdict)}`;
      }
      case "agent-disconnected":
        return leftText(agent, asked);
      case "quota-limit":
        return `of role ${client.role.name}`;
      case "passed-over": {
        const round = `looked at in round ${state.tables.agents.lookedIn[agent.row]}`;
        const said = this.#statement(verdict);
        return [`free ${printResources(agent.free)}`, round, ...(said ? [said] : [])].join(", ");
      }
      default:
        return undefined;
    }
  }

  /** What the policy says of the pair, of a few: that may take long. */
  #statement(verdict: Verdict): string | undefined {
    const { state, asked, viewOf } = this.#telling;
    if (asked.explainPair === undefined || this.#stated === STATED_MAX) return undefined;
    this.#stated += 1;
    const facts = pairFacts(state, verdict, viewOf(verdict.client));
    return facts && asked.explainPair(facts);
  }

  /** Who has the agent, and why they came first. */
  #rival(verdict: Verdict): string {
    const { asked, state } = this.#telling;
    const found = this.#rivals.get(verdict);
    if (found === undefined) return "";
    const { framework, role } = found.offer.client;
    const who = `${framework.info.name} (${framework.id}) in role ${role.name}`;
    if (!this.#competes(verdict.client)) return `to ${who}`;
    const said = found.comparison;
    const { own, rival, by } = said;
    const figures = `share ${shareText(rival.share)} against ${shareText(own.share)}`;
    if (state.rounds.idle.has(verdict.client.row)) return `to ${who}, while this one stands behind`;
    const maker = makerOf(found.offer);
    if (!asked.heedsOf(maker).dominantShares)
      return `to ${who} by the policy ${maker.name}; ${figures}`;
    // Shares have moved since, or the policy weighed grants that the rule against hoarding undid.
    if (!said.rivalFirst) return `to ${who}; by now ${figures}`;
    if (by === "guarantee") return `to ${who}, whose role is below its guarantee`;
    if (by === "share") return `to ${who}: ${figures}`;
    const tie = by === "grants" ? "fewer grants so far" : "an earlier place";
    return `to ${who}: ${figures}, and ${tie}`;
  }

  #competes({ row }: Client): boolean {
    return this.#telling.state.tables.clients.offerable(row);
  }

  /** Whether a client has its demand in full: some policies offer it nothing then. */
  #hasAll(client: Client): boolean {
    const { demand } = this.#telling.state.tables.clients;
    return demandOf(client) !== undefined && isEmpty(vectorAt(demand, client.row));
  }

  #least(client: Client): string {
    return printQuantities(this.#telling.viewOf(client).portion.minimum()) || "anything";
  }

  #most(verdict: Verdict, client: Client, agent: Agent): string {
    const { portion } = this.#telling.viewOf(client);
    const there = verdict.code === "too-small" ? agent.total : agent.free;
    const what = verdict.code === "too-small" ? "has" : "has free";
    const most = printResources(portion.visible(there)) || "nothing";
    if (this.#telling.about === "frameworks") return `this agent ${what} ${most}`;
    const which = what === "has" ? "there is" : "that is free";
    return `the most ${which} is ${most} on ${agent.info.hostname}`;
  }

  #lower(client: Client): string {
    const own = client.framework.info.offerFilters?.[client.role.name]?.minAllocatable;
    return own === undefined
      ? "wait until tasks end, or lower minAllocatableResources"
      : "wait until tasks end, or let the framework lower its offerFilters";
  }
}

/** Reasons that are quotas. */
function isQuota(code: Verdict["code"]): boolean {
  return code === "quota-limit" || code === "quota-headroom";
}

/** The roles that resources are reserved for, each once. */
function rolesOf(resources: Resources): string[] {
  return [...new Set(resources.flatMap((each) => reservationRole(each) ?? []))];
}
