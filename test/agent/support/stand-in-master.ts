import type { AgentMessage, AgentMessageOf, AgentOrder } from "../../../contract/agent-api.ts";
import { agentMessageSchemas } from "../../../contract/agent-api.ts";
import { compile } from "../../../contract/check.ts";
import type { AgentId, FrameworkId, RoleName, TaskId } from "../../../contract/ids.ts";
import { messageCheck } from "../../../contract/message-checks.ts";
import { silentLog } from "../../../contract/ports/log.ts";
import { silentMetrics } from "../../../contract/ports/metrics.ts";
import type { PluginContext } from "../../../contract/ports/plugin.ts";
import type { Peer, Transport } from "../../../contract/ports/transport.ts";
import type { FrameworkInfo } from "../../../contract/schema/framework.ts";
import type { ExecutorInfo, TaskInfo, TaskStatus } from "../../../contract/schema/task.ts";
import { create, UwsConfig } from "../../../plugins/transports/uws-msgpack/index.ts";
import { systemClock } from "../../../wire/system-clock.ts";

const F1 = "f1" as FrameworkId;

const KEPT: FrameworkInfo = {
  id: F1,
  name: "f1",
  user: "",
  roles: ["*" as RoleName],
  checkpoint: true,
  capabilities: ["PARTITION_AWARE"],
};

/** A framework that does not checkpoint. */
export const BOUND: FrameworkInfo = { ...KEPT, id: "f2" as FrameworkId, checkpoint: false };

/** Speaks to a real agent over a real socket as a master would, and acknowledges every update. */
export class StandInMaster {
  readonly heard: AgentMessage[] = [];
  readonly registrations: AgentMessage[] = [];
  /** Every status of a task that was heard for the first time, in order. */
  readonly statuses = new Map<string, TaskStatus[]>();
  readonly #seen = new Set<string>();
  #transport: Transport | undefined;
  #peer: Peer | undefined;
  address = "";
  /** False keeps updates unacknowledged. */
  acknowledges = true;

  async open(): Promise<this> {
    const checked = compile(UwsConfig, "transport config").check({ port: 0 });
    if (!checked.ok) throw new Error(checked.problems[0]?.message);
    const context = {
      name: "uws-msgpack",
      config: checked.value,
      log: silentLog,
      metrics: silentMetrics,
      clock: systemClock,
    } as PluginContext<UwsConfig>;
    this.#transport = create(context).ports["transport"] as Transport;
    const { port } = await this.#transport.server.listen(
      { host: "127.0.0.1", port: 0, peers: { agent: messageCheck("agent", agentMessageSchemas) } },
      {
        onHello: () => ({ accept: true, welcome: { server: "m1", software: "test" } }),
        onMessages: (peer, messages) => {
          this.#peer = peer;
          for (const message of messages) this.#take(message as AgentMessage);
          this.#transport?.server.flushAll();
        },
        onClosed: (peer) => {
          if (this.#peer === peer) this.#peer = undefined;
        },
      },
    );
    this.address = `127.0.0.1:${port}`;
    return this;
  }

  #take(message: AgentMessage): void {
    this.heard.push(message);
    if (message.type === "register" || message.type === "reregister") this.#register(message);
    if (message.type === "update") this.#update(message);
  }

  #register(message: AgentMessageOf<"register"> | AgentMessageOf<"reregister">): void {
    this.registrations.push(message);
    const agentId = message.agent.id ?? ("m1-S0" as AgentId);
    const master = { id: "m1", hostname: "localhost", ip: "127.0.0.1", port: 1, version: "0" };
    const common = { agentId, master, masterPingTimeoutMs: 60_000 };
    if (message.type === "register") this.send({ type: "registered", ...common });
    else this.send({ type: "reregistered", ...common, reconcile: [] });
  }

  #update(message: AgentMessageOf<"update">): void {
    const { status, frameworkId } = message;
    const { uuid, taskId } = status;
    if (uuid === undefined) return;
    if (!this.#seen.has(uuid)) {
      this.#seen.add(uuid);
      this.statuses.set(taskId, [...(this.statuses.get(taskId) ?? []), status]);
    }
    if (this.acknowledges) this.send({ type: "acknowledge", frameworkId, taskId, uuid });
  }

  send(order: AgentOrder): void {
    this.#peer?.send(order);
    this.#transport?.server.flushAll();
  }

  /**
   * Launches commands by task id, of f1 by default; as a group where there is an executor for it.
   */
  launch(
    commands: Readonly<Record<string, string>>,
    more: Partial<TaskInfo> = {},
    groupExecutor?: ExecutorInfo,
    framework = KEPT,
  ): void {
    const tasks = Object.entries(commands).map(([taskId, value]) => ({
      name: taskId,
      taskId: taskId as TaskId,
      agentId: "m1-S0" as AgentId,
      resources: [{ name: "cpus", scalar: 100 }],
      command: { value },
      ...more,
    }));
    const group = groupExecutor === undefined ? {} : { groupExecutor };
    const role = "*" as RoleName;
    const frameworkId = framework.id as FrameworkId;
    this.send({ type: "launch", frameworkId, framework, role, tasks, ...group });
  }

  kill(taskId: string): void {
    this.send({ type: "kill", frameworkId: F1, taskId: taskId as TaskId });
  }

  /** The states that a task went through, as far as heard. */
  statesOf(taskId: string): string[] {
    return (this.statuses.get(taskId) ?? []).map(({ state }) => state);
  }

  async close(): Promise<void> {
    await this.#transport?.server.close(500);
  }
}
