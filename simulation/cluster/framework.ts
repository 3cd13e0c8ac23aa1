import type { FrameworkEvent, FrameworkEventOf } from "../../contract/framework-api.ts";
import type { TaskId } from "../../contract/ids.ts";
import { printAttributeValue } from "../../contract/resources/attributes.ts";
import { normalize, type Resources, scalarOf, trySubtract } from "../../contract/resources.ts";
import type { FrameworkInfo } from "../../contract/schema/framework.ts";
import type { Offer } from "../../contract/schema/offer.ts";
import type { Attribute, Resource } from "../../contract/schema/resource.ts";
import type { TaskInfo } from "../../contract/schema/task.ts";
import { isTerminal } from "../../contract/task-state.ts";
import type {
  WantedAttributes,
  WorkloadCapability,
  WorkloadFramework,
  WorkloadJob,
} from "../workload/model.ts";
import { type SimulatedTask, taskIdOf, type World } from "./world.ts";

/** Tasks that wait and are alike, so that an offer is tried once for all of them. */
interface Shape {
  readonly resources: Resources;
  readonly attributes: WantedAttributes;
  /** In the order of arrival; those before `head` are launched. */
  readonly tasks: SimulatedTask[];
  head: number;
}

/** What an offer or an agent has. */
interface Room {
  readonly resources: Resources;
  readonly attributes?: readonly Attribute[] | undefined;
}

/** A framework that runs what arrives, first come first served, wherever it fits. */
export class SimulatedFramework {
  readonly about: WorkloadFramework;
  readonly peer: number;
  readonly #description: FrameworkInfo;
  readonly #world: World;
  readonly #shapes = new Map<string, Shape>();
  readonly #launched = new Set<SimulatedTask>();
  /** Tasks that wait. */
  waiting = 0;
  #isSubscribed = false;
  #isSuppressed = false;
  /** It has refused offers since it last asked for some. */
  #hasRefused = false;

  constructor(about: WorkloadFramework, description: FrameworkInfo, peer: number, world: World) {
    this.about = about;
    this.#description = description;
    this.peer = peer;
    this.#world = world;
  }

  /** Subscribes; with nothing to do, without asking for offers. */
  join(): void {
    const framework = this.#description;
    const { roles } = framework;
    this.#isSuppressed = this.about.idle === "suppress" && this.waiting === 0;
    this.#world.call(this.peer, {
      type: "subscribe",
      framework,
      ...(this.#isSuppressed ? { suppressedRoles: roles } : {}),
    });
  }

  /** Leaves with all its tasks. */
  leave(): void {
    this.#world.call(this.peer, { type: "teardown" });
    this.#isSubscribed = false;
    this.#shapes.clear();
    this.waiting = 0;
    // What is on its way is stopped with the rest.
    for (const task of this.#launched) this.#world.launching(task, false);
  }

  /** Tasks arrive. Offers are asked for again, whatever was refused before. */
  arrive(job: WorkloadJob, tasks: readonly SimulatedTask[]): void {
    // One by one: there may be more than a call takes as arguments.
    const queue = this.#queue(job).tasks;
    for (const task of tasks) queue.push(task);
    this.waiting += tasks.length;
    this.#ask();
  }

  /** Whether it is there, and may be offered something. */
  get isThere(): boolean {
    return this.#isSubscribed;
  }

  /** Whether it has capabilities. */
  has(capabilities: readonly WorkloadCapability[]): boolean {
    return capabilities.every((each) => this.#description.capabilities?.includes(each));
  }

  /** Tasks that wait, and that one of these would have room for if nothing ran there. */
  fitting(agents: readonly Room[]): number {
    let count = 0;
    for (const shape of this.#shapes.values()) {
      if (agents.some((room) => suits(room, shape))) count += shape.tasks.length - shape.head;
    }
    return count;
  }

  /** The master says something. */
  hear(event: FrameworkEvent): void {
    switch (event.type) {
      case "subscribed":
        this.#isSubscribed = true;
        this.#ask();
        return;
      case "offers":
        for (const offer of event.offers) this.#answer(offer);
        return;
      case "update":
        this.#updated(event.status);
        return;
      case "error":
      case "rejected":
        throw new Error(`framework ${this.about.name} was refused: ${JSON.stringify(event)}`);
      default:
    }
  }

  #queue(job: WorkloadJob): Shape {
    const key = JSON.stringify([job.resources, job.attributes]);
    const known = this.#shapes.get(key);
    if (known !== undefined) return known;
    const list = Object.entries(job.resources).map(([name, scalar]) => ({ name, scalar }));
    const { attributes } = job;
    const shape = { resources: normalize(list), attributes, tasks: [], head: 0 };
    this.#shapes.set(key, shape);
    return shape;
  }

  #ask(): void {
    if (!this.#isSubscribed || this.waiting === 0) return;
    if (!this.#isSuppressed && !this.#hasRefused) return;
    this.#isSuppressed = false;
    this.#hasRefused = false;
    this.#world.call(this.peer, { type: "revive" });
  }

  #answer(offer: Offer): void {
    const tasks: TaskInfo[] = [];
    let left: Resources = offer.resources;
    for (const shape of this.#shapes.values()) {
      if (shape.head === shape.tasks.length || !suits(offer, shape)) continue;
      left = this.#fill(shape, offer, left, tasks);
    }
    this.#forgetLaunched();
    const filters = { refuseMs: this.about.refuseMs };
    const offerIds = [offer.id];
    if (tasks.length === 0) this.#world.call(this.peer, { type: "decline", offerIds, filters });
    else {
      const operations = [{ type: "LAUNCH" as const, tasks }];
      this.#world.call(this.peer, { type: "accept", offerIds, operations, filters });
    }
    this.#hasRefused = true;
    if (this.waiting > 0 || this.about.idle !== "suppress" || this.#isSuppressed) return;
    this.#isSuppressed = true;
    this.#world.call(this.peer, { type: "suppress" });
  }

  /** Takes as many tasks of a shape as fit; returns what is left then. */
  #fill(shape: Shape, { agentId }: Offer, before: Resources, tasks: TaskInfo[]): Resources {
    let left = before;
    while (shape.head < shape.tasks.length) {
      const after = trySubtract(left, shape.resources);
      if (after === undefined) break;
      left = after;
      const task = shape.tasks[shape.head++] as SimulatedTask;
      this.waiting -= 1;
      this.#world.launching(task, true);
      this.#launched.add(task);
      tasks.push({
        name: task.name,
        taskId: taskIdOf(task) as TaskId,
        agentId,
        resources: shape.resources as Resource[],
        command: { value: "simulated" },
      });
    }
    return left;
  }

  #forgetLaunched(): void {
    for (const [key, shape] of this.#shapes) {
      if (shape.head === shape.tasks.length) this.#shapes.delete(key);
    }
  }

  #updated(status: FrameworkEventOf<"update">["status"]): void {
    const { taskId, agentId, uuid, state } = status;
    if (uuid !== undefined && agentId !== undefined) {
      this.#world.call(this.peer, { type: "acknowledge", agentId, taskId, uuid });
    }
    if (state === "TASK_ERROR") throw new Error(`task ${taskId}: ${status.message}`);
    const task = this.#world.taskOf(taskId);
    this.#launched.delete(task);
    if (!isTerminal(state) || state === "TASK_FINISHED" || state === "TASK_KILLED") return;
    if (taskIdOf(task) !== taskId) return;
    this.#world.launching(task, false);
    // Lost with its agent, or before it got there: it runs again, as a new attempt.
    task.attempt += 1;
    this.arrive(task.job, [task]);
  }
}

/** Whether any task of a shape could run there. */
function suits({ resources, attributes }: Room, shape: Shape): boolean {
  for (const { name, scalar = 0 } of shape.resources) {
    if (scalarOf(resources, name) < scalar) return false;
  }
  return Object.entries(shape.attributes).every(([name, text]) =>
    attributes?.some((one) => one.name === name && printAttributeValue(one) === text),
  );
}
