import type { AgentMessage, AgentOrder } from "../../contract/agent-api.ts";
import type { AgentId, FrameworkId, TaskId, UpdateId } from "../../contract/ids.ts";
import { normalize, type Resource, type Resources } from "../../contract/resources.ts";
import type { FrameworkInfo } from "../../contract/schema/framework.ts";
import type { TaskRecord } from "../../contract/schema/task.ts";
import { isTerminal, type TaskState } from "../../contract/task-state.ts";

interface Running {
  readonly record: TaskRecord;
  state: TaskState;
  /** Updates that are not acknowledged, the oldest first; only the first is in flight (D5). */
  readonly stream: { readonly uuid: UpdateId; readonly state: TaskState }[];
}

/** An agent of the simulation, which keeps its tasks over lost connections. */
export class SimAgent {
  readonly name: string;
  /** Operations of frameworks change it. */
  total: Resources;
  id: AgentId | undefined;
  peer: number | undefined;
  registered = false;
  readonly tasks = new Map<string, Running>();
  readonly frameworks = new Map<FrameworkId, FrameworkInfo>();
  readonly #say: (message: AgentMessage) => void;
  readonly #uuid: () => UpdateId;

  constructor(
    name: string,
    total: Resources,
    say: (agent: SimAgent, message: AgentMessage) => void,
    uuid: () => UpdateId,
  ) {
    this.name = name;
    this.total = total;
    this.#say = (message) => say(this, message);
    this.#uuid = uuid;
  }

  /** Resources of what runs. */
  get running(): Resources[] {
    return [...this.tasks.values()]
      .filter(({ state }) => !isTerminal(state))
      .map(({ record }) => record.resources);
  }

  /** Tasks that run on a shared volume (E13). */
  get sharers(): number {
    return this.running.filter((held) => held.some(({ shared }) => shared === true)).length;
  }

  /** Connects, with the id that it has, or as a new agent. */
  register(): void {
    this.registered = false;
    const agent = {
      hostname: this.name,
      ip: this.name,
      port: 5051,
      resources: this.total as Resource[],
    };
    const version = "0.1.0";
    if (this.id === undefined) {
      this.#say({ type: "register", agent, version, capabilities: [] });
      return;
    }
    const tasks = [...this.tasks.values()].map(({ record, state, stream }) => {
      const told: TaskRecord = { ...record, state };
      const head = stream[0];
      if (head !== undefined) {
        told.statusUpdateState = head.state;
        told.statusUpdateUuid = head.uuid;
      }
      return told;
    });
    this.#say({
      type: "reregister",
      agent: { ...agent, id: this.id },
      version,
      capabilities: [],
      tasks,
      executors: [],
      frameworks: [...this.frameworks.values()],
      operations: [],
    });
  }

  /** A task comes to its next state. */
  move(task: Running, state: TaskState): void {
    if (isTerminal(task.state)) return;
    task.state = state;
    task.stream.push({ uuid: this.#uuid(), state });
    if (task.stream.length === 1) this.#send(task);
  }

  /** Sends the heads of all streams again (D5). */
  resend(): void {
    if (!this.registered) return;
    for (const task of this.tasks.values()) this.#send(task);
  }

  /** The machine started anew: nothing runs, and nobody remembers what did. */
  reboot(): void {
    this.tasks.clear();
  }

  obey(order: AgentOrder): void {
    switch (order.type) {
      case "registered":
      case "reregistered":
        this.id = order.agentId;
        this.registered = true;
        this.resend();
        if (order.type === "registered") return;
        for (const { frameworkId, taskId } of order.reconcile) this.#drop(frameworkId, taskId);
        return;
      case "launch":
        if (order.framework !== undefined) {
          this.frameworks.set(order.frameworkId, order.framework);
        }
        if (!this.frameworks.has(order.frameworkId)) throw new Error("framework was not told");
        for (const { taskId, resources } of order.tasks) {
          this.#start(order.frameworkId, taskId, order.role, resources);
        }
        return;
      case "kill": {
        const task = this.tasks.get(`${order.frameworkId} ${order.taskId}`);
        if (task === undefined) this.#drop(order.frameworkId, order.taskId);
        else this.move(task, "TASK_KILLED");
        return;
      }
      case "acknowledge": {
        const key = `${order.frameworkId} ${order.taskId}`;
        const task = this.tasks.get(key);
        if (task === undefined || task.stream[0]?.uuid !== order.uuid) return;
        task.stream.shift();
        if (task.stream.length > 0) this.#send(task);
        else if (isTerminal(task.state)) this.tasks.delete(key);
        return;
      }
      case "shutdown-framework":
        for (const key of [...this.tasks.keys()]) {
          if (key.startsWith(`${order.frameworkId} `)) this.tasks.delete(key);
        }
        this.frameworks.delete(order.frameworkId);
        return;
      case "apply-operation":
        this.total = normalize(order.resources);
        return;
      case "ping":
        if (order.connected) this.#say({ type: "pong" });
        else this.register();
        return;
      case "shutdown":
        throw new Error(`agent ${this.name} was shut down: ${order.message}`);
    }
  }

  #start(frameworkId: FrameworkId, taskId: TaskId, role: TaskRecord["role"], asked: Resource[]) {
    const key = `${frameworkId} ${taskId}`;
    if (this.tasks.has(key)) throw new Error(`task ${key} was launched twice`);
    const record: TaskRecord = {
      taskId,
      frameworkId,
      agentId: this.id as AgentId,
      name: taskId,
      role,
      resources: normalize(asked) as Resource[],
      state: "TASK_STAGING",
      statuses: [],
    };
    this.tasks.set(key, { record, state: "TASK_STAGING", stream: [] });
  }

  /** Answers for a task that it does not have (D11, B21). */
  #drop(frameworkId: FrameworkId, taskId: TaskId): void {
    const key = `${frameworkId} ${taskId}`;
    if (this.tasks.has(key)) return;
    this.#start(frameworkId, taskId, "*" as TaskRecord["role"], []);
    this.move(this.tasks.get(key) as Running, "TASK_DROPPED");
  }

  #send({ record, state, stream }: Running): void {
    const head = stream[0];
    if (head === undefined || !this.registered) return;
    const { taskId, frameworkId } = record;
    const agentId = this.id as AgentId;
    const status = { taskId, agentId, state: head.state, uuid: head.uuid } as const;
    this.#say({ type: "update", frameworkId, status, latestState: state });
  }
}
