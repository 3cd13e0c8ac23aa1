import type { AgentMessageOf } from "../../contract/agent-api.ts";
import type { AgentId, FrameworkId, RoleName, TaskId, UpdateId } from "../../contract/ids.ts";
import { parseResources } from "../../contract/resources/text.ts";
import type { Resource, Resources } from "../../contract/resources.ts";
import type { AgentInfo } from "../../contract/schema/agent.ts";
import type { FrameworkInfo } from "../../contract/schema/framework.ts";
import type { Offer } from "../../contract/schema/offer.ts";
import type { TaskInfo, TaskRecord } from "../../contract/schema/task.ts";
import { isTerminal, type TaskState } from "../../contract/task-state.ts";
import type { TestCluster } from "./cluster.ts";
import { linesOf } from "./cluster.ts";

/** Resources from the text syntax. */
export function resourcesOf(text: string): Resource[] {
  const parsed = parseResources(text);
  if (!parsed.ok) throw new Error(`"${text}": ${parsed.message}`);
  return [...parsed.value.resources] as Resource[];
}

/** `key=value` words, and words alone, which are true. */
function settingsOf(words: readonly string[]): Record<string, string> {
  return Object.fromEntries(words.map((word) => [...word.split("="), "true"].slice(0, 2)));
}

function frameworkInfo(name: string, settings: Record<string, string>): FrameworkInfo {
  const capabilities: NonNullable<FrameworkInfo["capabilities"]> = ["MULTI_ROLE"];
  if (settings["aware"]) capabilities.push("PARTITION_AWARE");
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
export function setUp(cluster: TestCluster, text: string): void {
  for (const line of linesOf(text)) {
    const [kind, name = "", ...words] = line.split(/\s+/);
    if (kind === "agent") registerAgent(cluster, name, words);
    else if (kind === "framework") subscribe(cluster, name, settingsOf(words));
    else throw new Error(`"${line}" is neither agent nor framework`);
  }
}

function subscribe(cluster: TestCluster, name: string, settings: Record<string, string>): void {
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

function registerAgent(cluster: TestCluster, name: string, words: readonly string[]): void {
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
    message: { type: "register", agent: info, version: "0.1.0", capabilities: [] },
  });
}

/** One thing that happens. */
export function act(cluster: TestCluster, line: string): void {
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
export function offersOf(cluster: TestCluster, framework: string, agent: string): Offer[] {
  const { frameworks, agents } = cluster.names;
  const owner = cluster.state.frameworks.get(frameworks.get(framework)?.id as FrameworkId);
  const wires = [...(owner?.offers ?? [])].map(({ wire }) => wire);
  return agent === "all" ? wires : wires.filter((w) => w.agentId === agents.get(agent)?.id);
}

function frameworkActs(cluster: TestCluster, who: string, verb: string, words: string[]): void {
  const party = cluster.names.frameworks.get(who);
  if (party === undefined) return;
  const refuse = words.find((word) => word.startsWith("refuse="));
  const filters = refuse && { filters: { refuseMs: Number(refuse.slice("refuse=".length)) } };
  const [what = "", ...more] = words.filter((word) => word !== refuse);
  switch (verb) {
    case "accepts":
      return accept(cluster, who, what, more, filters || {});
    case "declines": {
      const offerIds = offersOf(cluster, who, what).map(({ id }) => id);
      return cluster.call(who, { type: "decline", offerIds, ...(filters || {}) });
    }
    case "revives":
      return cluster.call(who, { type: "revive", roles: words as RoleName[] });
    case "suppresses":
      return cluster.call(who, { type: "suppress", roles: words as RoleName[] });
    case "kills": {
      const [taskId, agentId] = placed(cluster, what);
      return cluster.call(who, { type: "kill", taskId, ...(agentId && { agentId }) });
    }
    case "reconciles": {
      const tasks = words.map((word) => {
        const [taskId, agentId] = placed(cluster, word);
        return { taskId, ...(agentId && { agentId }) };
      });
      return cluster.call(who, { type: "reconcile", tasks });
    }
    case "acks": {
      const uuid = cluster.uuids.get(what) as UpdateId;
      const [taskId, agentId] = placed(cluster, more[0] ? `${what}@${more[0]}` : what);
      const task = cluster.state.frameworks.get(party.id as FrameworkId)?.tasks.get(taskId);
      const at = agentId ?? task?.agentId ?? ("nowhere" as AgentId);
      return cluster.call(who, { type: "acknowledge", taskId, agentId: at, uuid });
    }
    case "leaves": {
      const { peer } = party;
      if (peer === undefined) throw new Error(`${who} is not connected`);
      return cluster.input({ type: "framework-closed", peer });
    }
    case "returns":
      return subscribe(cluster, who, {
        ...settingsOf(settingWords(party.info)),
        ...settingsOf(words),
        id: party.id,
      });
    case "tears":
      return cluster.call(who, { type: "teardown" });
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
  return words;
}

/** `t1@a1` as a task and its agent. */
function placed(cluster: TestCluster, word: string): [TaskId, AgentId | undefined] {
  const [task = "", agent] = word.split("@");
  if (agent === undefined) return [task as TaskId, undefined];
  return [task as TaskId, (cluster.names.agents.get(agent)?.id ?? agent) as AgentId];
}

/** `accepts a1 t1(cpus:1;mem:64) t2(…)`: launches on what is offered of the agent. */
function accept(
  cluster: TestCluster,
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

function agentActs(cluster: TestCluster, who: string, verb: string, words: string[]): void {
  const party = cluster.names.agents.get(who);
  if (party === undefined) return;
  const [what = "", ...more] = words;
  switch (verb) {
    case "updates":
      return update(cluster, who, what, more);
    case "leaves": {
      const { peer } = party;
      if (peer === undefined) throw new Error(`${who} is not connected`);
      party.peer = undefined;
      return cluster.input({ type: "agent-closed", peer });
    }
    case "returns":
      return reregister(cluster, who, words);
    case "unregisters":
      return cluster.say(who, { type: "unregister" });
    case "falls":
      cluster.silent.add(who);
      return;
    case "answers":
      cluster.silent.delete(who);
      return cluster.say(who, { type: "pong" });
    default:
      throw new Error(`agents do not "${verb}"`);
  }
}

let uuids = 0;

/** `updates t1 RUNNING [latest=FINISHED] [again] [of=framework]`. */
function update(cluster: TestCluster, who: string, task: string, words: readonly string[]): void {
  const [state = "", ...rest] = words;
  const settings = settingsOf(rest);
  if (!settings["again"]) cluster.uuids.set(task, (uuids++).toString(16).padStart(32, "0"));
  const owner =
    settings["of"] ??
    [...cluster.names.frameworks].find(([, { id }]) =>
      cluster.state.frameworks.get(id as FrameworkId)?.tasks.has(task as TaskId),
    )?.[0] ??
    "";
  cluster.say(who, {
    type: "update",
    frameworkId: cluster.names.frameworks.get(owner)?.id as FrameworkId,
    status: {
      taskId: task as TaskId,
      state: `TASK_${state}` as TaskState,
      source: "SOURCE_EXECUTOR",
      agentId: cluster.names.agents.get(who)?.id as AgentId,
      timestampMs: cluster.nowMs,
      uuid: cluster.uuids.get(task) as UpdateId,
    },
    latestState: `TASK_${settings["latest"] ?? state}` as TaskState,
  });
}

/** `returns web/t1=RUNNING(cpus:1;mem:64)@role …`: what it still runs. */
function reregister(cluster: TestCluster, who: string, words: readonly string[]): void {
  const party = cluster.names.agents.get(who);
  if (party === undefined) return;
  const peer = cluster.nextPeer++;
  if (party.peer !== undefined) cluster.names.former.set(party.peer, `old-${who}`);
  party.peer = peer;
  const agent = { ...party.info, id: party.id } as AgentInfo;
  const tasks: TaskRecord[] = [];
  const frameworks = new Map<string, FrameworkInfo>();
  for (const word of words) {
    const match = /^(\w+)\/(\w+)=(\w+)\((.*)\)$/.exec(word);
    if (match === null) throw new Error(`"${word}" is not framework/task=STATE(resources)`);
    const [, owner = "", task = "", state = "", resources = ""] = match;
    const known = cluster.names.frameworks.get(owner);
    const info = { ...known?.info, id: known?.id } as FrameworkInfo;
    frameworks.set(owner, info);
    tasks.push({
      taskId: task as TaskId,
      frameworkId: info.id as FrameworkId,
      agentId: party.id as AgentId,
      name: task,
      role: info.roles[0] as RoleName,
      resources: resourcesOf(resources),
      state: `TASK_${state}` as TaskState,
      statuses: [],
    });
  }
  const message: AgentMessageOf<"reregister"> = {
    type: "reregister",
    agent,
    version: "0.1.0",
    capabilities: [],
    tasks,
    executors: [],
    frameworks: [...frameworks.values()],
  };
  cluster.input({ type: "agent-message", peer, message });
}

/** What tasks in the books hold, for checks that count for themselves. */
export function heldBy(tasks: Iterable<{ state: TaskState; resources: Resources }>): Resources[] {
  return [...tasks].filter(({ state }) => !isTerminal(state)).map(({ resources }) => resources);
}
