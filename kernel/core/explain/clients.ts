import type { Finding } from "../../../contract/operator/explain-methods.ts";
import { roughDuration } from "../../../contract/units.ts";
import { demandOf } from "../hints.ts";
import { absentNames } from "../known-kind.ts";
import type { Client, ClusterState, Framework } from "../state.ts";
import { countText } from "./words.ts";

type Said = Omit<Finding, "count" | "examples">;

/** What keeps a framework from all offers, whatever the role. */
export function frameworkObstacles(framework: Framework, nowMs: number): Finding[] {
  const said: Said[] = [];
  if (framework.state === "disconnected") {
    const { failoverAtMs } = framework;
    const end =
      failoverAtMs === undefined
        ? ""
        : `; else it is removed with its tasks in ${roughDuration(failoverAtMs - nowMs)}`;
    said.push({
      code: "framework-disconnected",
      text: "the framework has no connection",
      change: `subscribe again with its id${end}`,
    });
  } else if (framework.state === "recovered") {
    said.push({
      code: "framework-recovered",
      text: "the framework is known from its tasks only; it has not come back to this master yet",
      change: "subscribe again with its id",
    });
  } else if (framework.info.roles.length === 0) {
    said.push({
      code: "no-roles",
      text: "the framework is in no role",
      change: "name one in its info",
    });
  }
  return said.map(single);
}

/** What concerns every agent alike, for a framework in one role: why nothing comes, or too late. */
export function clientObstacles(state: ClusterState, client: Client, nowMs: number): Finding[] {
  const { framework, role } = client;
  const said: Said[] = [];
  if (client.row < 0) {
    said.push({
      code: "tables-full",
      text: "the master has no room for more frameworks or roles, so this one gets no offers",
      change: "frameworks have to leave some roles",
    });
  } else if (!client.subscribed) {
    said.push({
      code: "role-left",
      text: "the framework has left the role and only holds what is left there",
      change: `add ${role.name} to its roles again`,
    });
  } else if (framework.suppressed.has(role.name)) {
    said.push({
      code: "suppressed",
      text: "the framework asked for no offers in this role",
      change: "the framework has to send REVIVE",
    });
  }
  const paused = pauseOf(state, nowMs);
  if (paused !== undefined) said.push(paused);
  if (state.agents.size === 0) {
    said.push({
      code: "no-agents",
      text: "no agents are registered",
      change: "start one: `tepui agent`",
    });
  }
  const absent = absentNames(state, Object.keys(demandOf(client) ?? {}));
  if (absent.length > 0) {
    said.push({
      code: "demand-unknown",
      text: `no agent has ${absent.join(", ")}, so that part of its demand counts for nothing`,
      change: "name what agents have, or start one that has it",
    });
  }
  const idle = idleness(state, client);
  if (idle !== undefined) said.push(idle);
  return said.map(single);
}

/** Offers wait for the agents of the registry after a change of masters (E17). */
function pauseOf({ allocation, agents }: ClusterState, nowMs: number): Said | undefined {
  const { pausedUntilMs, agentsAwaited } = allocation;
  if (pausedUntilMs === undefined || agents.size >= agentsAwaited) return undefined;
  const missing = countText(agentsAwaited - agents.size, "more agent");
  return {
    code: "allocation-paused",
    text: "this master is new and there are quotas, so offers wait until most agents are back",
    change: `wait for ${missing}, or ${roughDuration(pausedUntilMs - nowMs)}`,
  };
}

/** Whether the client has come under the rule against hoarding. */
function idleness({ rounds }: ClusterState, client: Client): Said | undefined {
  if (client.row < 0 || !rounds.idle.has(client.row)) return undefined;
  const times = countText(client.unusedTimes, "time");
  const gave = `the framework gave everything back ${times} in a row, without a filter`;
  const change =
    "launch something, send REVIVE or REQUEST_RESOURCES, or refuse for some time; " +
    "hoardingBackOffCycles in the master's config switches this off";
  const cycles = client.behindUntilCycle - rounds.cycle;
  return cycles > 0
    ? {
        code: "stands-behind",
        text: `${gave}: others come first for ${countText(cycles, "more allocation")}`,
        change,
      }
    : {
        code: "on-trial",
        text: `${gave}: it is offered one agent at a time while others want some`,
        change,
      };
}

/** A finding about one thing that needs no example. */
export function single(said: Said): Finding {
  return { ...said, count: 1, examples: [] };
}
