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
import { Pace } from "./pace.ts";

/** What a simulated framework is. */
export interface SimulatedFrameworkOptions {
  readonly master: string;
  readonly name: string;
  readonly role: string;
  readonly cpusMilli: number;
  readonly memMilli: number;
  readonly tasksPerOfferMax: number;
  /**
   * Tasks a second that come due and are launched as soon as an offer is there; without it every
   * offer is filled at once.
   */
  readonly perSecond?: number;
  /**
   * Called with milliseconds to RUNNING, as its acknowledgement is sent: from ACCEPT, or with
   * `perSecond` from when the task was due.
   */
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
  readonly #pace: Pace | undefined;
  /** Offers that wait for work to come due. */
  readonly #held = new Map<string, Offer>();
  #count = 0;
  #launching = true;

  constructor(options: SimulatedFrameworkOptions) {
    this.#options = options;
    this.#resources = [
      { name: "cpus", scalar: options.cpusMilli },
      { name: "mem", scalar: options.memMilli },
    ];
    const { perSecond } = options;
    this.#pace = perSecond === undefined ? undefined : new Pace(perSecond, () => this.#serve());
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
    this.#pace?.stop();
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
      case "rescind":
        this.#held.delete(event.offerId);
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
    const fits = this.#fits(offer);
    if (!this.#launching || fits === 0) {
      this.#send({ type: "decline", offerIds: [offer.id], filters: { refuseMs: 0 } });
    } else if (this.#pace === undefined) {
      this.#launch(offer, Array<number>(fits).fill(performance.now()));
    } else {
      this.#held.set(offer.id, offer);
      this.#serve();
    }
  }

  /** Launches what is due, as far as offers are there. */
  #serve(): void {
    const pace = this.#pace;
    if (pace === undefined) return;
    for (const [id, offer] of this.#held) {
      if (pace.waiting === 0) return;
      this.#held.delete(id);
      this.#launch(offer, pace.take(this.#fits(offer)));
    }
  }

  #fits({ resources }: Offer): number {
    const { cpusMilli, memMilli, tasksPerOfferMax } = this.#options;
    return Math.min(
      tasksPerOfferMax,
      Math.floor(scalarOf(resources, "cpus") / cpusMilli),
      Math.floor(scalarOf(resources, "mem") / memMilli),
    );
  }

  /** Launches one task for each of these times, from which its latency counts. */
  #launch(offer: Offer, sinceMs: readonly number[]): void {
    const tasks: TaskInfo[] = [];
    for (const since of sinceMs) {
      const taskId = `${this.#options.name}-${this.#count++}` as TaskId;
      this.#acceptedMs.set(taskId, since);
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
    const filters = { refuseMs: 0 };
    this.#send({ type: "accept", offerIds: [offer.id], operations, filters });
  }
}
