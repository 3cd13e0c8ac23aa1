import type { FrameworkCall, FrameworkEvent } from "../../../contract/framework-api.ts";
import { frameworkCallSchemas } from "../../../contract/framework-api.ts";
import type { AgentId, FrameworkId } from "../../../contract/ids.ts";
import { messageCheck } from "../../../contract/message-checks.ts";
import type { TaskView } from "../../../contract/operator-api.ts";
import { AGENT_VIEW, type OwnAgentView } from "../../../contract/ports/agent-view.ts";
import {
  CLUSTER_VIEW,
  type ClusterView,
  type Standing,
} from "../../../contract/ports/cluster-view.ts";
import { silentLog } from "../../../contract/ports/log.ts";
import { silentMetrics } from "../../../contract/ports/metrics.ts";
import type { PluginContext, Port } from "../../../contract/ports/plugin.ts";
import {
  PEER_SERVER,
  type Peer,
  TRANSPORT,
  type Transport,
  type TransportServer,
} from "../../../contract/ports/transport.ts";
import type { MasterInfo } from "../../../contract/schema/agent.ts";
import type { CloseReason } from "../../../contract/wire-protocol.ts";
import { logOnly, showFiles } from "../../../kernel/host/files.ts";
import { create as createMesos } from "../../../plugins/transports/mesos-v1-http/index.ts";
import { create as createUws } from "../../../plugins/transports/uws-msgpack/index.ts";
import { hubSettings, systemClock } from "../../../wire/index.ts";

/** Who the scripted master says it is. */
export const masterInfo: MasterInfo = {
  id: "6ba7b810-9dad-11d1-80b4-00c04fd430c8",
  hostname: "localhost",
  ip: "127.0.0.1",
  port: 5050,
  version: "0.1.0",
};

const forbidden = { code: "FRAMEWORK_UNAUTHORIZED", status: 403, message: "not for you" };

/** What it shows of itself, and has against changes of frameworks. */
const own: Pick<
  ClusterView,
  "metrics" | "flags" | "files" | "verbosity" | "updateRefusal" | "offersTo" | "weights"
> = {
  updateRefusal: (_, { framework }) => (framework.name === "forbidden" ? forbidden : undefined),
  offersTo: () => ({ offers: [], inverseOffers: [] }),
  weights: () => [],
  metrics: () => ({}),
  flags: () => ({}),
  files: showFiles(logOnly("/master/log", undefined)),
  verbosity: { level: () => 0, set: () => {} },
};

/** A call that the kernel was handed. */
export interface HeardCall {
  readonly peer: Peer;
  readonly call: FrameworkCall;
}

/** A kernel of a few lines behind the real plugin, on a real socket. */
export class ScriptedMaster {
  readonly calls: HeardCall[] = [];
  readonly closed: { peer: Peer; reason: CloseReason }[] = [];
  readonly frameworks = new Map<string, { connected: boolean; principal?: string; peer: Peer }>();
  standing: Standing = "leading";
  leader: MasterInfo | undefined = masterInfo;
  port = 0;
  /** What is shown of the cluster, beyond frameworks. */
  shown: Partial<ClusterView> = {};
  #minted = 0;
  #waiting: (() => void)[] = [];
  #plugins: OpenPlugins | undefined;

  /** Starts it with this config of the plugin. */
  static async start(config: object = {}): Promise<ScriptedMaster> {
    const master = new ScriptedMaster();
    await master.#start(config);
    return master;
  }

  async #start(config: object): Promise<void> {
    this.#plugins = await openPlugins(config, { cluster: this.#view() });
    const options = { peers: { framework: messageCheck("framework", frameworkCallSchemas) } };
    const handlers = {
      onHello: () => ({ accept: true as const, welcome: { server: "m", software: "test" } }),
      onMessages: (peer: Peer, messages: readonly { type: string }[]) => {
        for (const message of messages) this.#hear(peer, message as FrameworkCall);
      },
      onClosed: (peer: Peer, reason: CloseReason) => {
        this.closed.push({ peer, reason });
        for (const one of this.frameworks.values()) if (one.peer === peer) one.connected = false;
        this.#wake();
      },
    };
    this.port = this.#plugins.port;
    await this.#plugins.peers.listen(options, handlers);
  }

  #hear(peer: Peer, call: FrameworkCall): void {
    this.calls.push({ peer, call });
    if (call.type === "subscribe") {
      const id = call.framework.id ?? (`${masterInfo.id}-000${this.#minted++}` as FrameworkId);
      const earlier = this.frameworks.get(id);
      if (earlier?.connected) {
        tell(earlier.peer, { type: "error", code: "REPLACED", message: "Framework failed over" });
        earlier.peer.close("SESSION_ENDED", "Framework failed over");
      }
      const { principal } = call.framework;
      this.frameworks.set(id, { connected: true, peer, ...(principal ? { principal } : {}) });
      tell(peer, { type: "subscribed", frameworkId: id, master: masterInfo });
    } else if (call.type === "update-framework") {
      tell(peer, { type: "framework-updated", requestId: call.requestId });
    }
    this.#wake();
  }

  /** The next call of a type; waits for it. */
  async heard(type: FrameworkCall["type"]): Promise<HeardCall> {
    while (true) {
      const at = this.calls.findIndex(({ call }) => call.type === type);
      if (at >= 0) return this.calls.splice(at, 1)[0] as HeardCall;
      await new Promise<void>((wake) => this.#waiting.push(wake));
    }
  }

  /** Waits until `count` peers have been reported closed. */
  async gone(count: number): Promise<void> {
    while (this.closed.length < count) {
      await new Promise<void>((wake) => this.#waiting.push(wake));
    }
  }

  /** Sends an event to a framework, as a turn of the loop would. */
  tell(frameworkId: string, event: FrameworkEvent): void {
    const framework = this.frameworks.get(frameworkId);
    if (framework === undefined) throw new Error(`no framework ${frameworkId}`);
    tell(framework.peer, event);
  }

  async stop(): Promise<void> {
    await this.#plugins?.stop();
  }

  #wake(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const wake of waiting) wake();
  }

  #view(): ClusterView {
    const none = () => [];
    const view: ClusterView = {
      standing: () => this.standing,
      leader: () => this.leader,
      times: () => ({ startedMs: 1_000, electedMs: 2_000 }),
      revision: () => 0,
      framework: (id) => this.frameworks.get(id),
      snapshot: () => {
        const show = this.shown as ClusterView;
        const frameworks = [...(show.frameworks?.() ?? [])];
        const tasksOf = (list: Iterable<TaskView> = []) =>
          Array.from(list, (one) => ({
            key: one,
            taskId: one.task.taskId,
            frameworkId: one.task.frameworkId,
            agentId: one.task.agentId as AgentId,
            state: one.task.state,
            launchedMs: one.task.statuses[0]?.timestampMs ?? 0,
            newest: one.task.statuses.at(-1),
            statuses: one.task.statuses.length,
            show: () => one,
          }));
        return {
          agents: Array.from(show.agents?.() ?? [], (one) => ({
            id: one.agent.id as AgentId,
            state: one.state,
            show: () => one,
          })),
          frameworks: frameworks
            .filter(({ state }) => state !== "completed")
            .map((one) => () => one),
          completedFrameworks: frameworks
            .filter(({ state }) => state === "completed")
            .map((one) => () => one),
          tasks: tasksOf(show.tasks?.()),
          completedTasks: tasksOf(show.completedTasks?.()),
          executors: [...(show.executors?.() ?? [])],
          offers: [...(show.offers?.() ?? [])],
          inverseOffers: [],
        };
      },
      agents: none,
      agent: () => undefined,
      shownFramework: () => undefined,
      task: () => undefined,
      frameworks: none,
      tasks: none,
      completedTasks: none,
      executors: none,
      offers: none,
      roles: none,
      ...own,
      request: () => Promise.reject(new Error("not scripted")),
      watch: () => () => {},
    };
    return new Proxy(view, {
      get: (target, name) => Reflect.get(this.shown, name) ?? Reflect.get(target, name),
    });
  }
}

/** The plugin under test, beside a native transport that listens. */
export interface OpenPlugins {
  readonly port: number;
  readonly peers: TransportServer;
  stop(): Promise<void>;
}

/** What the plugin is shown: of a master, or of an agent. */
export interface Shown {
  readonly cluster?: ClusterView;
  readonly agent?: OwnAgentView;
}

/** Opens the plugin on a free port, on the side that it is shown. */
export async function openPlugins(config: object, { cluster, agent }: Shown): Promise<OpenPlugins> {
  const uws = createUws(
    context(
      {
        host: "127.0.0.1",
        port: 0,
        ...hubSettings({ connectionsMax: 100 }),
        httpBodyDeadlineMs: 5_000,
        httpAnswerDeadlineMs: 10_000,
        httpStreamBytesMax: 16 << 20,
        httpBytesMax: 128 << 20,
      },
      {},
    ),
  );
  const ports = {
    ...uws.ports,
    ...(cluster === undefined ? {} : { [CLUSTER_VIEW.name]: cluster }),
    ...(agent === undefined ? {} : { [AGENT_VIEW.name]: agent }),
  };
  const mesos = createMesos(
    context(
      {
        heartbeatMs: 8_000,
        executorHeartbeatMs: 1_800_000,
        padStreams: true,
        version: "1.11.0",
        bodyBytesMax: 1 << 20,
        recordBytesMax: 3 << 20,
        authenticateExecutors: false,
        credentials: [],
        ...config,
      },
      ports,
    ),
  );
  const native = uws.ports[TRANSPORT.name] as Transport;
  const refuseAll = {
    onHello: () => ({ accept: false as const, refusal: { code: "NOBODY", message: "nobody" } }),
    onMessages: () => {},
    onClosed: () => {},
  };
  const { port } = await native.server.listen({ port: 0, peers: {} }, refuseAll);
  return {
    port,
    peers: mesos.ports[PEER_SERVER.name] as TransportServer,
    stop: async () => {
      await mesos.stop?.();
      await uws.stop?.();
    },
  };
}

function tell(peer: Peer, event: FrameworkEvent): void {
  peer.send(event);
  peer.flush();
}

function context(config: object, ports: Readonly<Record<string, unknown>>) {
  return {
    name: "test",
    config: config as never,
    log: silentLog,
    metrics: silentMetrics,
    clock: systemClock,
    use: <T>(port: Port<T>) => ports[port.name] as T,
    useAll: <T>(port: Port<T>) => (port.name in ports ? [ports[port.name] as T] : []),
  } satisfies PluginContext<never>;
}
