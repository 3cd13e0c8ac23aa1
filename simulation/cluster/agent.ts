import type { AgentMessage, AgentOrder, AgentOrderOf } from "../../contract/agent-api.ts";
import type { AgentId, FrameworkId, UpdateId } from "../../contract/ids.ts";
import type { Resource } from "../../contract/schema/resource.ts";
import type { TaskState } from "../../contract/task-state.ts";
import type { WorkloadAgents } from "../workload/model.ts";
import { NO_AGENT, type SimulatedTask, taskIdOf, type World } from "./world.ts";

interface Running {
  readonly frameworkId: FrameworkId;
  readonly task: SimulatedTask;
  state: TaskState;
  /** Of the update that waits for its acknowledgement; one is in flight at a time (D5). */
  uuid: UpdateId | undefined;
  /** Its end, while the update before that is not acknowledged. */
  next: TaskState | undefined;
}

/** What an agent of a simulation is. */
export interface SimulatedAgentOptions {
  readonly name: string;
  readonly peer: number;
  readonly resources: readonly Resource[];
  readonly attributes: WorkloadAgents["attributes"];
  readonly domain: WorkloadAgents["domain"];
}

/** An agent that runs tasks by letting their time pass. */
export class SimulatedAgent {
  readonly peer: number;
  readonly #options: SimulatedAgentOptions;
  readonly #world: World;
  readonly #running = new Map<string, Running>();
  #id: AgentId = NO_AGENT;

  constructor(options: SimulatedAgentOptions, world: World) {
    this.peer = options.peer;
    this.#options = options;
    this.#world = world;
  }

  /** Registers with the master. */
  join(): void {
    const { name, resources, attributes, domain } = this.#options;
    this.#say({
      type: "register",
      agent: {
        hostname: name,
        ip: name,
        port: 0,
        resources: [...resources],
        attributes: [...attributes],
        ...(domain === undefined ? {} : { domain }),
      },
      version: "simulated",
      capabilities: [],
    });
  }

  /** Goes for good, with all that runs on it. */
  leave(): void {
    this.#say({ type: "unregister" });
    for (const { task, state } of this.#running.values()) {
      if (state === "TASK_RUNNING") this.#world.ended(task, "TASK_LOST");
    }
    this.#running.clear();
  }

  /** Does what the master says. */
  obey(order: AgentOrder): void {
    switch (order.type) {
      case "registered":
      case "reregistered":
        this.#id = order.agentId;
        return;
      case "ping":
        this.#say({ type: "pong" });
        return;
      case "launch":
        this.#launch(order);
        return;
      case "acknowledge":
        this.#acknowledged(order.taskId, order.uuid);
        return;
      case "kill":
        this.#end(order.taskId, "TASK_KILLED");
        return;
      case "shutdown-framework":
        for (const [key, { frameworkId, task }] of this.#running) {
          if (frameworkId !== order.frameworkId) continue;
          this.#running.delete(key);
          this.#world.ended(task, "TASK_KILLED");
        }
        return;
      default:
    }
  }

  #launch({ frameworkId, tasks }: AgentOrderOf<"launch">): void {
    for (const { taskId } of tasks) {
      const task = this.#world.taskOf(taskId);
      const running: Running = {
        frameworkId,
        task,
        state: "TASK_RUNNING",
        uuid: undefined,
        next: undefined,
      };
      this.#running.set(taskId, running);
      this.#world.started(task);
      this.#update(running);
      const endMs = this.#world.nowMs + task.job.durationMs;
      this.#world.at(endMs, () => this.#end(taskId, "TASK_FINISHED"));
    }
  }

  #end(taskId: string, state: TaskState): void {
    const running = this.#running.get(taskId);
    if (running?.state !== "TASK_RUNNING") return;
    running.state = state;
    this.#world.ended(running.task, state);
    if (running.uuid === undefined) this.#update(running);
    else running.next = state;
  }

  #acknowledged(taskId: string, uuid: UpdateId): void {
    const running = this.#running.get(taskId);
    if (running === undefined || running.uuid !== uuid) return;
    running.uuid = undefined;
    if (running.next !== undefined) {
      running.next = undefined;
      this.#update(running);
    } else if (running.state !== "TASK_RUNNING") this.#running.delete(taskId);
  }

  #update(running: Running): void {
    const { frameworkId, task, state } = running;
    const uuid = this.#world.nextUuid();
    running.uuid = uuid;
    this.#say({
      type: "update",
      frameworkId,
      latestState: state,
      status: {
        taskId: taskIdOf(task) as never,
        state,
        uuid,
        agentId: this.#id,
        source: "SOURCE_EXECUTOR",
        timestampMs: this.#world.nowMs,
      },
    });
  }

  #say(message: AgentMessage): void {
    this.#world.say(this.peer, message);
  }
}
