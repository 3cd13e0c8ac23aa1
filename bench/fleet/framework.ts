import type { FrameworkCall, FrameworkEvent } from "../../contract/framework-api.ts";
import type { RoleName, TaskId } from "../../contract/ids.ts";
import type { Link } from "../../contract/ports/transport.ts";
import { scalarOf } from "../../contract/resources.ts";
import type { Offer } from "../../contract/schema/offer.ts";
import type { Resource } from "../../contract/schema/resource.ts";
import type { TaskInfo } from "../../contract/schema/task.ts";
import { isTerminal } from "../../contract/task-state.ts";
import { dial } from "../../wire/index.ts";
import type { Ledger } from "./ledger.ts";

/** What a simulated framework is. */
export interface SimulatedFrameworkOptions {
  readonly master: string;
  readonly name: string;
  readonly role: string;
  readonly cpusMilli: number;
  readonly memMilli: number;
  readonly tasksPerOfferMax: number;
  /** Called with milliseconds from ACCEPT to RUNNING, as its acknowledgement is sent. */
  readonly onRunning: (latencyMs: number) => void;
  readonly onEnded: () => void;
  /** Where it keeps books of its tasks. */
  readonly ledger?: Ledger;
  /** Sees every offer before it is answered. */
  readonly onOffer?: (offer: Offer) => void;
}

/** A framework that fills every offer with small tasks, and acknowledges at once. */
export class SimulatedFramework {
  readonly #options: SimulatedFrameworkOptions;
  readonly #link: Link;
  readonly #acceptedMs = new Map<string, number>();
  readonly #resources: Resource[];
  #count = 0;
  #launching = true;

  constructor(options: SimulatedFrameworkOptions) {
    this.#options = options;
    this.#resources = [
      { name: "cpus", scalar: options.cpusMilli },
      { name: "mem", scalar: options.memMilli },
    ];
    this.#link = dial(
      {
        addresses: [options.master],
        peer: "framework",
        name: options.name,
        software: "tepui-bench",
      },
      {
        onOpen: () => this.#subscribe(),
        onMessages: (messages) => {
          for (const message of messages) this.#on(message as FrameworkEvent);
        },
      },
    );
  }

  /** Takes no more offers; what runs goes on. */
  pause(): void {
    this.#launching = false;
  }

  /** Ends the framework and its tasks. */
  async close(): Promise<void> {
    this.#send({ type: "teardown" });
    await this.#link.close();
  }

  #send(call: FrameworkCall): void {
    this.#link.send(call);
  }

  #subscribe(): void {
    const roles = [this.#options.role as RoleName];
    const capabilities = ["MULTI_ROLE" as const];
    const { name } = this.#options;
    this.#send({ type: "subscribe", framework: { name, user: "root", roles, capabilities } });
  }

  #on(event: FrameworkEvent): void {
    switch (event.type) {
      case "offers":
        for (const offer of event.offers) {
          this.#options.onOffer?.(offer);
          this.#take(offer);
        }
        return;
      case "update": {
        const { taskId, agentId, uuid, state } = event.status;
        if (uuid === undefined || agentId === undefined) return;
        this.#send({ type: "acknowledge", agentId, taskId, uuid });
        if (state === "TASK_RUNNING") {
          const accepted = this.#acceptedMs.get(taskId);
          if (accepted !== undefined) this.#options.onRunning(performance.now() - accepted);
          this.#acceptedMs.delete(taskId);
        } else if (isTerminal(state)) {
          this.#options.ledger?.end(taskId, state, uuid);
          this.#options.onEnded();
        }
        return;
      }
      default:
    }
  }

  #take(offer: Offer): void {
    const { cpusMilli, memMilli, tasksPerOfferMax } = this.#options;
    const fits = Math.min(
      tasksPerOfferMax,
      Math.floor(scalarOf(offer.resources, "cpus") / cpusMilli),
      Math.floor(scalarOf(offer.resources, "mem") / memMilli),
    );
    const filters = { refuseMs: 0 };
    if (!this.#launching || fits === 0) {
      this.#send({ type: "decline", offerIds: [offer.id], filters });
      return;
    }
    const now = performance.now();
    const tasks: TaskInfo[] = [];
    for (let count = 0; count < fits; count++) {
      const taskId = `${this.#options.name}-${this.#count++}` as TaskId;
      this.#acceptedMs.set(taskId, now);
      this.#options.ledger?.launch(taskId);
      tasks.push({
        name: "bench",
        taskId,
        agentId: offer.agentId,
        resources: this.#resources,
        command: { value: "true" },
      });
    }
    const operations = [{ type: "LAUNCH" as const, tasks }];
    this.#send({ type: "accept", offerIds: [offer.id], operations, filters });
  }
}
