import { type CheckpointEntry, restore } from "../../../agent/core/checkpoint.ts";
import type { Effect } from "../../../agent/core/effect.ts";
import type { AgentInput } from "../../../agent/core/event.ts";
import { forsakenIn } from "../../../agent/core/forsaken.ts";
import { invariants } from "../../../agent/core/invariants.ts";
import { type AgentSetup, type AgentState, newState } from "../../../agent/core/state.ts";
import { step } from "../../../agent/core/step.ts";
import type { AgentMessage, AgentOrder } from "../../../contract/agent-api.ts";
import type { ExecutorCall, ExecutorEvent } from "../../../contract/executor-api.ts";
import type {
  AgentId,
  ContainerId,
  ExecutorId,
  FrameworkId,
  RoleName,
  TaskId,
} from "../../../contract/ids.ts";
import type { FrameworkInfo } from "../../../contract/schema/framework.ts";
import type { Resource } from "../../../contract/schema/resource.ts";
import type { ExecutorInfo, TaskInfo, TaskStatus } from "../../../contract/schema/task.ts";
import { encodedBytes } from "../../../contract/size.ts";
import { decodeFrame, encodeFrames, frameLimits } from "../../../wire/index.ts";

/** The framework of these tests. */
export const F1 = "f1" as FrameworkId;

const setup: AgentSetup = {
  info: { hostname: "h", ip: "127.0.0.1", port: 1, resources: [] },
  version: "0",
  capabilities: [],
  times: {
    registrationBackoffFactorMs: 1_000,
    executorRegistrationTimeoutMs: 60_000,
    executorReregistrationTimeoutMs: 2_000,
    executorShutdownGraceMs: 5_000,
    retryMinMs: 10_000,
    retryMaxMs: 600_000,
  },
  reconfigurationPolicy: "equal",
  seed: "0123456789abcdef",
};

/** The agent's core with a clock of its own, and a recorder that speaks the real wire format. */
export class CoreBench {
  readonly #setup: AgentSetup;
  state: AgentState;
  nowMs = 1_000_000;
  /** What the core did, in short words, until it is taken. */
  #did: string[] = [];
  readonly updates: TaskStatus[] = [];
  readonly store = new Map<string, unknown>();
  /** Bytes that went into the checkpoint. */
  written = 0;
  /** The newest connection of an executor. */
  connection = 0;
  readonly sent: AgentMessage[] = [];
  readonly executorEvents: ExecutorEvent[] = [];
  /** What containers were given to hold after their start. */
  readonly resizes: (readonly Resource[])[] = [];

  /** `resources` is what the agent is configured with. */
  constructor(resources: Resource[] = []) {
    this.#setup = { ...setup, info: { ...setup.info, resources } };
    this.state = newState(this.#setup);
  }

  do(input: AgentInput): this {
    const out: Effect[] = [];
    step(this.state, input, this.nowMs, out);
    invariants(this.state);
    for (const effect of out) this.#record(effect);
    return this;
  }

  order(order: AgentOrder): this {
    return this.do({ type: "order", order });
  }

  /** Time passes, and what is due happens. */
  pass(ms: number): this {
    this.nowMs += ms;
    return this.do({ type: "tick" });
  }

  #record(effect: Effect): void {
    switch (effect.type) {
      case "checkpoint":
        if (effect.value === undefined) this.store.delete(effect.key);
        else this.store.set(effect.key, structuredClone(effect.value));
        this.written += encodedBytes(effect.value);
        return;
      case "send-master": {
        const message = overTheWire(effect.message);
        this.sent.push(message);
        if (message.type === "update") {
          this.updates.push(message.status);
          const { taskId, state } = message.status;
          const latest = message.latestState === state ? "" : ` latest ${message.latestState}`;
          this.#did.push(`update ${taskId} ${state}${latest}`);
        } else this.#did.push(message.type);
        return;
      }
      case "send-executor":
        this.executorEvents.push(overTheWire(effect.event));
        this.#did.push(`executor ${effect.event.type}`);
        return;
      case "update-container":
        this.resizes.push(effect.resources);
        return;
      case "make-volume":
      case "remove-volume":
        this.#did.push(`${effect.type} ${effect.volume.disk?.persistence?.id}`);
        return;
      case "start-container":
        this.#did.push(`start ${effect.plan.taskId ?? effect.plan.executorId}`);
        return;
      case "kill-container":
        this.#did.push(`kill ${effect.signal}`);
        return;
      case "shutdown-process":
        this.#did.push(`shutdown ${effect.code}`);
        return;
      default:
        this.#did.push(effect.type.split("-")[0] ?? effect.type);
    }
  }

  /** What was done since the last look; a test that never looks checks nothing. */
  did(): string[] {
    return this.#did.splice(0);
  }

  /** Registered, with all that this took forgotten. */
  ready(): this {
    this.register().did();
    return this;
  }

  /** Connects, waits the random wait, and is registered as a1. */
  register(): this {
    this.do({ type: "link-up" }).pass(60_001);
    const master = { id: "m", hostname: "h", ip: "127.0.0.1", port: 1, version: "0" };
    const more = { agentId: "a1" as AgentId, master, masterPingTimeoutMs: 75_000 };
    const isNew = this.state.info.id === undefined;
    if (isNew) this.order({ type: "registered", ...more });
    else this.order({ type: "reregistered", ...more, reconcile: [] });
    return this;
  }

  framework(capabilities: FrameworkInfo["capabilities"] = []): FrameworkInfo {
    const roles = ["*" as RoleName];
    return { id: F1, name: "f1", user: "", roles, checkpoint: true, capabilities };
  }

  launch(taskId: string, more: Partial<TaskInfo> = {}, framework = this.framework()): this {
    const task: TaskInfo = {
      name: taskId,
      taskId: taskId as TaskId,
      agentId: "a1" as AgentId,
      resources: [],
      ...(more.executor === undefined ? { command: { value: "true" } } : {}),
      ...more,
    };
    const role = "*" as RoleName;
    const frameworkId = framework.id ?? F1;
    return this.order({ type: "launch", frameworkId, framework, role, tasks: [task] });
  }

  /** Launches commands as one group. */
  launchGroup(executor: ExecutorInfo, ...taskIds: string[]): this {
    return this.launchGroupOf(this.framework(), executor, ...taskIds);
  }

  /** The same of a framework other than the usual. */
  launchGroupOf(framework: FrameworkInfo, executor: ExecutorInfo, ...taskIds: string[]): this {
    const tasks = taskIds.map((taskId) => ({
      name: taskId,
      taskId: taskId as TaskId,
      agentId: "a1" as AgentId,
      resources: [],
      command: { value: "true" },
    }));
    const role = "*" as RoleName;
    const more = { framework, role, tasks, groupExecutor: executor };
    return this.order({ type: "launch", frameworkId: framework.id ?? F1, ...more });
  }

  /** The container that runs a command task. */
  containerOf(taskId: string): ContainerId {
    for (const { plan } of this.state.containers.values()) {
      if (plan.taskId === taskId) return plan.id;
    }
    throw new Error(`task ${taskId} has no container`);
  }

  /** The only container, or the newest. */
  get containerId(): ContainerId {
    const id = [...this.state.containers.keys()].at(-1);
    if (id === undefined) throw new Error("there is no container");
    return id;
  }

  held(containerId = this.containerId): this {
    const process = { pid: 7, startTicks: 9 };
    return this.do({ type: "container-held", containerId, process });
  }

  exited(exit?: { code?: number; signal?: string }, containerId = this.containerId): this {
    return this.do({
      type: "container-exited",
      containerId,
      ...(exit === undefined ? {} : { exit }),
    });
  }

  /** Acknowledges what was sent last. */
  acknowledge(): this {
    const { taskId, uuid } = this.updates.at(-1) ?? {};
    if (taskId === undefined || uuid === undefined) throw new Error("no update was sent");
    return this.order({ type: "acknowledge", frameworkId: F1, taskId, uuid });
  }

  kill(taskId: string, gracePeriodMs?: number): this {
    const order = { type: "kill", frameworkId: F1, taskId: taskId as TaskId } as const;
    return this.order(
      gracePeriodMs === undefined ? order : { ...order, killPolicy: { gracePeriodMs } },
    );
  }

  /** The executor in the newest container subscribes, on a new connection. */
  subscribe(executorId = "e1", unacknowledgedUpdates: TaskStatus[] = []): this {
    this.connection++;
    return this.executorCall({
      type: "subscribe",
      frameworkId: F1,
      executorId: executorId as ExecutorId,
      unacknowledgedTasks: [],
      unacknowledgedUpdates,
    });
  }

  /** A call of the executor in the newest container, on its newest connection. */
  executorCall(call: ExecutorCall): this {
    const { containerId, connection } = this;
    return this.do({ type: "executor-call", containerId, connection, call });
  }

  executorUpdate(status: TaskStatus): this {
    return this.executorCall({ type: "update", status });
  }

  /** The connection of the executor in the newest container breaks. */
  cutExecutor(): this {
    const { containerId, connection } = this;
    return this.do({ type: "executor-gone", containerId, connection });
  }

  /** The agent dies and another begins with what was checkpointed. */
  restart(info: Partial<AgentSetup["info"]> = {}): this {
    const entries: CheckpointEntry[] = [...this.store].map(([key, value]) => ({
      key,
      value: structuredClone(value),
    }));
    const forsaken = new Set(forsakenIn(entries));
    for (const { key } of forsaken) this.store.delete(key);
    const taken = entries.filter((entry) => !forsaken.has(entry));
    const now = { ...this.#setup, info: { ...this.#setup.info, ...info } };
    this.state = restore({ ...now, seed: "fedcba9876543210" }, taken);
    invariants(this.state);
    return this;
  }
}

function overTheWire<T extends { readonly type: string }>(message: T): T {
  const [frame] = encodeFrames([message], frameLimits());
  const decoded = decodeFrame(frame ?? new Uint8Array(), frameLimits());
  if (!decoded.ok) throw new Error(decoded.refusal.message);
  return decoded.messages[0] as unknown as T;
}
