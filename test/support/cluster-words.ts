import type { AgentId, FrameworkId, RoleName, TaskId, UpdateId } from "../../contract/ids.ts";
import type { AgentInfo } from "../../contract/schema/agent.ts";
import type { FrameworkInfo } from "../../contract/schema/framework.ts";
import type { Offer } from "../../contract/schema/offer.ts";
import type { TaskInfo } from "../../contract/schema/task.ts";
import { agentActs } from "./agent-words.ts";
import { linesOf, resourcesOf, settingsOf } from "./lines.ts";
import type { Stage } from "./stage.ts";

function frameworkInfo(name: string, settings: Record<string, string>): FrameworkInfo {
  const capabilities: NonNullable<FrameworkInfo["capabilities"]> = ["MULTI_ROLE"];
  if (settings["aware"]) capabilities.push("PARTITION_AWARE");
  if (settings["shares"]) capabilities.push("SHARED_RESOURCES");
  const info: FrameworkInfo = {
    name,
    user: settings["user"] ?? "nobody",
    roles: (settings["role"] ?? name).split(",").filter((role) => role !== "") as RoleName[],
    capabilities,
  };
  if (settings["failover"]) info.failoverTimeoutMs = Number(settings["failover"]);
  if (settings["checkpoint"]) info.checkpoint = true;
  if (settings["principal"]) info.principal = settings["principal"];
  if (settings["id"]) info.id = settings["id"] as FrameworkId;
  return info;
}

/** Makes what there is from lines that begin with `agent` or `framework`. */
export function setUp(cluster: Stage, text: string): void {
  for (const line of linesOf(text)) {
    const [kind, name = "", ...words] = line.split(/\s+/);
    if (kind === "agent") registerAgent(cluster, name, words);
    else if (kind === "framework") subscribe(cluster, name, settingsOf(words));
    else throw new Error(`"${line}" is neither agent nor framework`);
  }
}

function subscribe(cluster: Stage, name: string, settings: Record<string, string>): void {
  const peer = cluster.nextPeer++;
  const framework = frameworkInfo(name, settings);
  const before = cluster.names.frameworks.get(name)?.peer;
  if (before !== undefined) cluster.names.former.set(before, `old-${name}`);
  cluster.names.frameworks.set(name, {
    id: framework.id ?? "",
    peer,
    info: framework as Record<string, unknown>,
  });
  const suppressedRoles = settings["suppressed"]?.split(",") as RoleName[] | undefined;
  cluster.input({
    type: "framework-call",
    peer,
    call: { type: "subscribe", framework, ...(suppressedRoles && { suppressedRoles }) },
  });
}

function registerAgent(cluster: Stage, name: string, words: readonly string[]): void {
  const [resources = "", ...attributes] = words;
  const peer = cluster.nextPeer++;
  const info: AgentInfo = {
    hostname: name,
    ip: `10.1.0.${peer}`,
    port: 5051,
    resources: resourcesOf(resources),
    attributes: attributes.map((word) => {
      const [key = "", text = ""] = word.split("=");
      return { name: key, text };
    }),
  };
  const party = { id: "", peer, info: info as Record<string, unknown> };
  cluster.names.agents.set(name, party);
  cluster.input({
    type: "agent-message",
    peer,
    message: {
      type: "register",
      agent: info,
      version: "0.1.0",
      capabilities: ["AGENT_OPERATION_FEEDBACK"],
    },
  });
}

/** One thing that happens. */
export function act(cluster: Stage, line: string): void {
  const [who = "", verb = "", ...words] = line.split(/\s+/);
  if (who === "agent" || who === "framework") {
    setUp(cluster, line);
  } else if (who === "wait") {
    cluster.wait(durationMs(verb));
  } else if (cluster.names.frameworks.has(who)) {
    frameworkActs(cluster, who, verb, words);
  } else if (cluster.names.agents.has(who)) {
    agentActs(cluster, who, verb, words);
  } else {
    throw new Error(`nobody is called "${who}"`);
  }
}

function durationMs(text: string): number {
  if (text.endsWith("ms")) return Number(text.slice(0, -2));
  return Number(text.slice(0, -1)) * 1_000;
}

/** Offers that a framework holds on an agent, or on all. */
export function offersOf(cluster: Stage, framework: string, agent: string): Offer[] {
  const { frameworks, agents } = cluster.names;
  const owner = cluster.state.frameworks.get(frameworks.get(framework)?.id as FrameworkId);
  const wires = [...(owner?.offers ?? [])].map(({ wire }) => wire);
  return agent === "all" ? wires : wires.filter((w) => w.agentId === agents.get(agent)?.id);
}

function frameworkActs(cluster: Stage, who: string, verb: string, words: string[]): void {
  const party = cluster.names.frameworks.get(who);
  if (party === undefined) return;
  const refuse = words.find((word) => word.startsWith("refuse="));
  const filters = refuse && { filters: { refuseMs: Number(refuse.slice("refuse=".length)) } };
  const [what = "", ...more] = words.filter((word) => word !== refuse);
  switch (verb) {
    case "accepts":
      accept(cluster, who, what, more, filters || {});
      return;
    case "declines": {
      const offerIds = offersOf(cluster, who, what).map(({ id }) => id);
      cluster.call(who, { type: "decline", offerIds, ...(filters || {}) });
      return;
    }
    case "revives":
      cluster.call(who, { type: "revive", roles: words as RoleName[] });
      return;
    case "suppresses":
      cluster.call(who, { type: "suppress", roles: words as RoleName[] });
      return;
    case "kills": {
      const [taskId, agentId] = placed(cluster, what);
      cluster.call(who, { type: "kill", taskId, ...(agentId && { agentId }) });
      return;
    }
    case "reconciles":
      reconcile(cluster, who, words);
      return;
    case "acks":
      acknowledge(cluster, who, what, more[0]);
      return;
    case "leaves": {
      const { peer } = party;
      if (peer === undefined) throw new Error(`${who} is not connected`);
      cluster.input({ type: "framework-closed", peer });
      return;
    }
    case "returns":
      subscribe(cluster, who, {
        ...settingsOf(settingWords(party.info)),
        ...settingsOf(words),
        id: party.id,
      });
      return;
    case "tears":
      cluster.call(who, { type: "teardown" });
      return;
    default:
      throw new Error(`frameworks do not "${verb}"`);
  }
}

/** The words that describe a framework as it was. */
function settingWords(info: Record<string, unknown>): string[] {
  const { roles, failoverTimeoutMs, checkpoint, capabilities } = info as FrameworkInfo;
  const words = [`role=${roles.join(",")}`];
  if (failoverTimeoutMs !== undefined) words.push(`failover=${failoverTimeoutMs}`);
  if (checkpoint) words.push("checkpoint");
  if (capabilities?.includes("PARTITION_AWARE")) words.push("aware");
  if (capabilities?.includes("SHARED_RESOURCES")) words.push("shares");
  return words;
}

/** `t1@a1` as a task and its agent. */
function placed(cluster: Stage, word: string): [TaskId, AgentId | undefined] {
  const [task = "", agent] = word.split("@");
  if (agent === undefined) return [task as TaskId, undefined];
  return [task as TaskId, (cluster.names.agents.get(agent)?.id ?? agent) as AgentId];
}

/** `accepts a1 t1(cpus:1;mem:64) t2(…)`: launches on what is offered of the agent. */
function accept(
  cluster: Stage,
  who: string,
  agent: string,
  words: readonly string[],
  filters: object,
): void {
  const offers = offersOf(cluster, who, agent);
  const agentId = cluster.names.agents.get(agent)?.id as AgentId;
  const tasks = words.map((word) => taskOf(word, agentId));
  cluster.call(who, {
    type: "accept",
    offerIds: offers.map(({ id }) => id),
    ...(tasks.length > 0 && { operations: [{ type: "LAUNCH", tasks }] }),
    ...filters,
  });
}

/** `t1(cpus:1;mem:64)` as a command task. */
export function taskOf(word: string, agentId: AgentId): TaskInfo {
  const cut = word.indexOf("(");
  const id = word.slice(0, cut);
  return {
    name: id,
    taskId: id as TaskId,
    agentId,
    resources: resourcesOf(word.slice(cut + 1, -1)),
    command: { value: "true" },
  };
}

function reconcile(cluster: Stage, who: string, words: readonly string[]): void {
  const tasks = words.map((word) => {
    const [taskId, agentId] = placed(cluster, word);
    return { taskId, ...(agentId && { agentId }) };
  });
  cluster.call(who, { type: "reconcile", tasks });
}

function acknowledge(cluster: Stage, who: string, what: string, agent: string | undefined): void {
  const uuid = cluster.uuids.get(what) as UpdateId;
  const [taskId, agentId] = placed(cluster, agent === undefined ? what : `${what}@${agent}`);
  const task = cluster.state.frameworks
    .get(cluster.names.frameworks.get(who)?.id as FrameworkId)
    ?.tasks.get(taskId);
  const at = agentId ?? task?.agentId ?? ("nowhere" as AgentId);
  cluster.call(who, { type: "acknowledge", taskId, agentId: at, uuid });
}
