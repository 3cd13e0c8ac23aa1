import type { AgentMessage, AgentOrder } from "../../contract/agent-api.ts";
import type { AgentId, FrameworkId, TaskId, UpdateId } from "../../contract/ids.ts";
import type { Link } from "../../contract/ports/transport.ts";
import type { Attribute, Resource } from "../../contract/schema/resource.ts";
import type { TaskState } from "../../contract/task-state.ts";
import { dial } from "../../wire/index.ts";
import type { Ledger } from "./ledger.ts";
import { nextUpdateId } from "./update-ids.ts";

/** What a simulated agent is. */
export interface SimulatedAgentOptions {
  readonly master: string;
  readonly hostname: string;
  readonly resources: readonly Resource[];
  readonly attributes?: readonly Attribute[];
  /** How long a task runs after its RUNNING was acknowledged. */
  readonly taskMs: number;
  /** Where it keeps books of what its tasks hold. */
  readonly ledger?: Ledger;
}

interface SimulatedTask {
  readonly frameworkId: FrameworkId;
  readonly taskId: TaskId;
  state: TaskState;
  uuid: UpdateId;
}

/**
 * An agent that speaks the real wire and runs nothing: tasks are RUNNING at once, and FINISHED
 * `taskMs` after that was acknowledged. One update in flight a task, as a real agent has it (D5).
 */
export class SimulatedAgent {
  readonly #options: SimulatedAgentOptions;
  readonly #link: Link;
  readonly #tasks = new Map<string, SimulatedTask>();
  readonly #registered: Promise<void>;
  #id: AgentId | undefined;

  constructor(options: SimulatedAgentOptions) {
    this.#options = options;
    let registered = (): void => {};
    this.#registered = new Promise((resolve) => {
      registered = resolve;
    });
    this.#link = dial(
      {
        addresses: [options.master],
        peer: "agent",
        name: options.hostname,
        software: "tepui-bench",
      },
      {
        onOpen: () => this.#register(),
        onMessages: (messages) => {
          for (const message of messages) this.#on(message as AgentOrder, registered);
        },
      },
    );
  }

  /** Resolves when the master has admitted it. */
  get registered(): Promise<void> {
    return this.#registered;
  }

  /** Leaves without a word. */
  async close(): Promise<void> {
    await this.#link.close();
  }

  #send(message: AgentMessage): void {
    this.#link.send(message);
  }

  #register(): void {
    const { hostname, resources, attributes = [], ledger } = this.#options;
    // Coming back, it says that nothing runs there any more, and that is so.
    this.#tasks.clear();
    ledger?.agent(hostname, resources);
    const agent = {
      ...{ hostname, ip: "127.0.0.1", port: 1 },
      resources: [...resources],
      attributes: [...attributes],
    };
    const capabilities = ["MULTI_ROLE", "HIERARCHICAL_ROLE", "RESERVATION_REFINEMENT"] as const;
    const registration = { agent, version: "1.0.0", capabilities: [...capabilities] };
    if (this.#id === undefined) this.#send({ type: "register", ...registration });
    else {
      this.#send({
        type: "reregister",
        ...registration,
        agent: { ...agent, id: this.#id },
        tasks: [],
        executors: [],
        frameworks: [],
        operations: [],
      });
    }
  }

  #on(order: AgentOrder, registered: () => void): void {
    switch (order.type) {
      case "registered":
      case "reregistered":
        this.#id = order.agentId;
        registered();
        return;
      case "ping":
        this.#send({ type: "pong" });
        return;
      case "launch":
        for (const { taskId, resources } of order.tasks) {
          const { frameworkId } = order;
          this.#options.ledger?.hold(this.#options.hostname, taskId, resources);
          const task = {
            frameworkId,
            taskId,
            state: "TASK_RUNNING",
            uuid: nextUpdateId(),
          } as const;
          this.#tasks.set(`${frameworkId}/${taskId}`, { ...task });
          this.#update(task);
        }
        return;
      case "kill":
        this.#end(`${order.frameworkId}/${order.taskId}`, "TASK_KILLED");
        return;
      case "acknowledge":
        this.#acknowledged(`${order.frameworkId}/${order.taskId}`, order.uuid);
        return;
      default:
    }
  }

  #acknowledged(key: string, uuid: UpdateId): void {
    const task = this.#tasks.get(key);
    if (task === undefined || task.uuid !== uuid) return;
    if (task.state !== "TASK_RUNNING") this.#tasks.delete(key);
    else if (this.#options.taskMs === 0) this.#end(key, "TASK_FINISHED");
    else setTimeout(() => this.#end(key, "TASK_FINISHED"), this.#options.taskMs).unref();
  }

  #end(key: string, state: TaskState): void {
    const task = this.#tasks.get(key);
    if (task === undefined || task.state !== "TASK_RUNNING") return;
    task.state = state;
    task.uuid = nextUpdateId();
    this.#options.ledger?.release(this.#options.hostname, task.taskId);
    this.#update(task);
  }

  #update(task: Readonly<SimulatedTask>): void {
    const { frameworkId, taskId, state, uuid } = task;
    const agentId = this.#id as AgentId;
    this.#send({
      type: "update",
      frameworkId,
      latestState: state,
      status: {
        taskId,
        state,
        uuid,
        agentId,
        source: "SOURCE_EXECUTOR",
        timestampMs: Date.now(),
      },
    });
  }
}
