import type { AgentMessageOf } from "../../contract/agent-api.ts";
import type { AgentId, FrameworkId, RoleName, TaskId, UpdateId } from "../../contract/ids.ts";
import type { AgentInfo } from "../../contract/schema/agent.ts";
import type { FrameworkInfo } from "../../contract/schema/framework.ts";
import type { TaskRecord } from "../../contract/schema/task.ts";
import type { TaskState } from "../../contract/task-state.ts";
import { resourcesOf, settingsOf } from "./lines.ts";
import type { Stage } from "./stage.ts";

/** What an agent does, in words. */
export function agentActs(cluster: Stage, who: string, verb: string, words: string[]): void {
  const party = cluster.names.agents.get(who);
  if (party === undefined) return;
  const [what = "", ...more] = words;
  switch (verb) {
    case "updates":
      update(cluster, who, what, more);
      return;
    case "leaves": {
      const { peer } = party;
      if (peer === undefined) throw new Error(`${who} is not connected`);
      party.peer = undefined;
      cluster.input({ type: "agent-closed", peer });
      return;
    }
    case "returns":
      reregister(cluster, who, words);
      return;
    case "unregisters":
      cluster.say(who, { type: "unregister" });
      return;
    case "falls":
      cluster.silent.add(who);
      return;
    case "answers":
      cluster.silent.delete(who);
      cluster.say(who, { type: "pong" });
      return;
    default:
      throw new Error(`agents do not "${verb}"`);
  }
}

let uuids = 0;

/** `updates t1 RUNNING [latest=FINISHED] [exit=7] [again] [of=framework]`. */
function update(cluster: Stage, who: string, task: string, words: readonly string[]): void {
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
      ...exitOf(settings["exit"]),
    },
    latestState: `TASK_${settings["latest"] ?? state}` as TaskState,
  });
}

function exitOf(status: string | undefined): { exitCode?: number } {
  return status === undefined ? {} : { exitCode: Number(status) };
}

/** How an agent reports a task whose end waits to be told. */
function untold(task: string, state: string, exit: string) {
  const uuid = (uuids++).toString(16).padStart(32, "0") as UpdateId;
  const told = `TASK_${state}` as TaskState;
  const status = { taskId: task as TaskId, state: told, uuid, ...exitOf(exit) };
  return { statuses: [status], statusUpdateState: told, statusUpdateUuid: uuid };
}

/**
 * `returns web/t1=RUNNING(cpus:1;mem:64) web/t2=FAILED:7(cpus:1) …`: what it has; of `web?` it has
 * never heard but for the task.
 */
function reregister(cluster: Stage, who: string, words: readonly string[]): void {
  const party = cluster.names.agents.get(who);
  if (party === undefined) return;
  const peer = cluster.nextPeer++;
  if (party.peer !== undefined) cluster.names.former.set(party.peer, `old-${who}`);
  party.peer = peer;
  const agent = { ...party.info, id: party.id } as AgentInfo;
  const tasks: TaskRecord[] = [];
  const frameworks = new Map<string, FrameworkInfo>();
  for (const word of words) {
    const match = /^(\w+)(\??)\/(\w+)=(\w+)(?::(\d+))?\((.*)\)$/.exec(word);
    if (match === null) throw new Error(`"${word}" is not framework/task=STATE(resources)`);
    const [, owner = "", unheard, task = "", state = "", exit, resources = ""] = match;
    const known = cluster.names.frameworks.get(owner);
    const info = { ...known?.info, id: known?.id } as FrameworkInfo;
    if (unheard === "") frameworks.set(owner, info);
    tasks.push({
      taskId: task as TaskId,
      frameworkId: info.id as FrameworkId,
      agentId: party.id as AgentId,
      name: task,
      role: info.roles[0] as RoleName,
      resources: resourcesOf(resources),
      state: `TASK_${state}` as TaskState,
      ...(exit === undefined ? { statuses: [] } : untold(task, state, exit)),
    });
  }
  const message: AgentMessageOf<"reregister"> = {
    type: "reregister",
    agent,
    version: "0.1.0",
    capabilities: ["AGENT_OPERATION_FEEDBACK"],
    tasks,
    executors: [],
    frameworks: [...frameworks.values()],
    operations: [],
  };
  cluster.input({ type: "agent-message", peer, message });
}
