import { errors, remoteError, type TepuiError } from "../contract/errors.ts";
import type { FrameworkCall, FrameworkEvent, FrameworkEventOf } from "../contract/framework-api.ts";
import type { AgentId, FrameworkId, OfferId, RoleName, TaskId } from "../contract/ids.ts";
import type { Clock } from "../contract/ports/clock.ts";
import type { Link } from "../contract/ports/transport.ts";
import type { FrameworkInfo, OfferConstraints } from "../contract/schema/framework.ts";
import type { Offer, OperationStatus } from "../contract/schema/offer.ts";
import type { TaskInfo, TaskStatus } from "../contract/schema/task.ts";
import { isTerminal } from "../contract/task-state.ts";
import type { CloseReason, Refused } from "../contract/wire-protocol.ts";
import { systemClock } from "../wire/index.ts";
import { acknowledgementOf } from "./acknowledgement.ts";
import { connect, masterAddresses, unreachable } from "./dial.ts";
import { frameworkInfo } from "./framework-info.ts";
import { checkOutgoing } from "./outgoing.ts";
import { RecentUpdates } from "./recent-updates.ts";
import { Reconciliation, type Unanswered } from "./reconciliation.ts";
import type { SchedulerEvents } from "./scheduler-events.ts";
import type { SchedulerOptions, SchedulerState } from "./scheduler-options.ts";
import { droppedStatus } from "./task-request.ts";
import { TypedEvents } from "./typed-events.ts";
import { whenSubscribed } from "./when-subscribed.ts";

/**
 * The half of a `Scheduler` that stays subscribed: it dials, subscribes again after every break,
 * keeps the books of offers and tasks, acknowledges and reconciles. The calls are in `Scheduler`.
 */
export abstract class Subscription extends TypedEvents<SchedulerEvents> {
  protected readonly options: SchedulerOptions;
  protected readonly clock: Clock;
  protected readonly seen = new RecentUpdates();
  protected readonly reconciliation: Reconciliation;
  /** Launched and not known to have ended. */
  protected readonly tasks = new Map<TaskId, AgentId | undefined>();
  protected readonly offers = new Map<OfferId, Offer>();
  protected readonly suppressed = new Set<RoleName>();
  protected readonly replies = new Map<number, (error: TepuiError | undefined) => void>();
  protected info: FrameworkInfo;
  protected constraints: OfferConstraints | undefined;
  #link: Link | undefined;
  #state: SchedulerState = "new";
  #subscriptions = 0;
  #failure: CloseReason | undefined;

  constructor(options: SchedulerOptions) {
    super();
    this.options = options;
    this.clock = options.clock ?? systemClock;
    this.info = frameworkInfo(options);
    this.constraints = options.offerConstraints;
    const refused = options.wantsOffers === false ? this.info.roles : [];
    for (const role of refused) this.suppressed.add(role);
    const times = {
      firstMs: options.reconcileMsMin ?? 1_000,
      mostMs: options.reconcileMsMax ?? 60_000,
    };
    this.reconciliation = new Reconciliation(
      times,
      this.clock,
      options.random ?? Math.random,
      (tasks) => this.send({ type: "reconcile", tasks: [...tasks] }),
      (asked) => this.tell("reconciled", asked),
    );
  }

  get state(): SchedulerState {
    return this.#state;
  }

  /** The id that the master gave; `undefined` before the first subscription. */
  get frameworkId(): FrameworkId | undefined {
    return this.info.id;
  }

  /** Offers that have been neither answered nor taken back. */
  get outstandingOffers(): readonly Offer[] {
    return [...this.offers.values()];
  }

  /** Ids of the tasks that were launched and are not known to have ended. */
  get liveTasks(): readonly TaskId[] {
    return [...this.tasks.keys()];
  }

  /**
   * Tasks that the master has been asked about since the subscription and does not speak of: a new
   * master waits, for ten minutes by default, until their agents are back (B26, D13).
   */
  get unanswered(): Unanswered {
    return this.reconciliation.unanswered;
  }

  /** Starts to dial. Listeners should be there before. */
  start(): this {
    if (this.#state !== "new") throw errors.CLIENT_CLOSED("start()");
    this.#state = "connecting";
    const addresses = masterAddresses(this.options.masters);
    const hello = { peer: "framework" as const, name: this.info.name, addresses };
    this.#link = connect(this.options, hello, {
      onOpen: (_welcome, address) => this.#opened(address),
      onMessages: (messages) => {
        for (const message of messages) this.#take(message as FrameworkEvent);
      },
      onDown: (reason) => this.#down(reason),
      onAttemptFailed: (reason) => {
        this.#failure = reason;
      },
      onClosed: (reason, refused) => this.#ended(reason, refused),
    });
    return this;
  }

  /**
   * Starts and resolves at the first subscription.
   * @throws MASTER_UNREACHABLE after `deadlineMs`, CLIENT_CLOSED once it is stopped, or the error
   *   that ended the subscription.
   */
  async ready(deadlineMs = 30_000): Promise<FrameworkId> {
    if (this.#state === "new") this.start();
    if (this.#state === "closed") throw errors.CLIENT_CLOSED("ready()");
    if (this.info.id !== undefined && this.#state === "subscribed") return this.info.id;
    return whenSubscribed(this, this.clock, deadlineMs, () =>
      unreachable(this.options.masters, deadlineMs, this.#failure),
    );
  }

  /** Acknowledges an update; for manual acknowledgement. Some need none (D7). */
  acknowledge(status: TaskStatus | OperationStatus): boolean {
    const call = acknowledgementOf(status);
    if (call === undefined) return false;
    this.seen.add(call.uuid);
    return this.send(call);
  }

  /** Ends the connection; the tasks live on until the failover timeout (B4, B5). */
  async stop(): Promise<void> {
    await this.#link?.close();
    this.#close();
  }

  protected send(call: FrameworkCall): boolean {
    checkOutgoing("framework", call);
    if (this.#state !== "subscribed" || this.#link === undefined) return false;
    return this.#link.send(call);
  }

  protected drop(tasks: readonly TaskInfo[]): void {
    for (const task of tasks) this.#update(droppedStatus(task, this.clock.nowMs()));
  }

  #opened(address: string): void {
    this.#state = "subscribing";
    this.tell("connected", address);
    const constraints = this.constraints;
    const call = {
      type: "subscribe",
      framework: this.info,
      suppressedRoles: this.info.roles.filter((role) => this.suppressed.has(role)),
      ...(constraints === undefined ? {} : { offerConstraints: constraints }),
    } as FrameworkCall;
    try {
      checkOutgoing("framework", call);
      this.#link?.send(call);
    } catch (thrown) {
      // No other connection would take it.
      this.#fail(thrown as TepuiError);
    }
  }

  #take(event: FrameworkEvent): void {
    switch (event.type) {
      case "subscribed":
        this.#subscribed(event);
        return;
      case "offers":
        for (const offer of event.offers) this.offers.set(offer.id, offer);
        this.tell("offers", event.offers);
        return;
      case "rescind":
        this.offers.delete(event.offerId);
        this.tell("rescind", event.offerId);
        return;
      case "inverse-offers":
        this.tell("inverse-offers", event.inverseOffers);
        return;
      case "rescind-inverse-offer":
        this.tell("rescind-inverse-offer", event.inverseOfferId);
        return;
      case "update":
        this.#update(event.status);
        return;
      case "operation-update":
        this.#hear(event.status, () => this.tell("operation-update", event.status));
        return;
      case "message":
        this.tell("message", event);
        return;
      case "failure":
        this.tell("failure", event);
        return;
      case "rejected":
        this.tell("rejected", event.call, event.problem);
        return;
      case "framework-updated":
        this.#updated(event);
        return;
      case "error":
        this.#refused(event);
        return;
      default:
        return; // A newer master may say more than this library knows.
    }
  }

  #subscribed({ frameworkId, master }: FrameworkEventOf<"subscribed">): void {
    this.info = { ...this.info, id: frameworkId };
    this.#state = "subscribed";
    const again = this.#subscriptions++ > 0;
    this.tell("subscribed", { frameworkId, master, again });
    this.#reconcileAll();
  }

  #update(status: TaskStatus): void {
    const { taskId, state } = status;
    if (isTerminal(state) || state === "TASK_UNKNOWN") this.tasks.delete(taskId);
    // A framework that took up an earlier id learns of its tasks by their updates.
    else this.tasks.set(taskId, status.agentId ?? this.tasks.get(taskId));
    this.reconciliation.answered(taskId);
    this.#hear(status, () => this.tell("update", status));
  }

  /** One that is sent again is acknowledged again, and told once. */
  #hear(status: TaskStatus | OperationStatus, tell: () => void): void {
    const isRepeated = status.uuid !== undefined && this.seen.has(status.uuid);
    if (!isRepeated) tell();
    if (isRepeated || this.options.acknowledgement !== "manual") this.acknowledge(status);
  }

  /**
   * An ERROR ends the subscription (B1); one that names a message of ours is about that alone. It
   * cannot say which tasks were in it, so all are asked about.
   */
  #refused(event: FrameworkEventOf<"error"> & { readonly of?: string }): void {
    const { of: call, code, message } = event;
    if (call === undefined || call === "subscribe") {
      this.#fail(remoteError(event));
    } else {
      this.tell("rejected", call, { code, message });
      if (call === "accept") this.#reconcileAll();
    }
  }

  #reconcileAll(): void {
    const known = this.options.reconciles === false ? [] : [...this.tasks];
    this.reconciliation.start(
      known.map(([taskId, agentId]) => ({ taskId, ...(agentId === undefined ? {} : { agentId }) })),
    );
  }

  #updated({ requestId, problem }: FrameworkEventOf<"framework-updated">): void {
    this.replies.get(requestId)?.(problem === undefined ? undefined : remoteError(problem));
    this.replies.delete(requestId);
  }

  #down(reason: CloseReason): void {
    const wasUp = this.#state === "subscribed" || this.#state === "subscribing";
    this.#state = "connecting";
    this.#forgetConnection();
    if (wasUp) this.tell("disconnected", reason);
  }

  #forgetConnection(): void {
    this.offers.clear();
    this.reconciliation.pause();
    const waiting = [...this.replies.values()];
    this.replies.clear();
    for (const reply of waiting) reply(errors.REQUEST_INTERRUPTED("update-framework"));
  }

  #fail(error: TepuiError): void {
    if (this.#state === "closed") return;
    void this.#link?.close();
    this.tell("error", error);
    this.#close();
  }

  #ended(reason: CloseReason, refused?: Refused): void {
    if (refused !== undefined) this.#fail(remoteError(refused, 403));
    else if (reason.byPeer) this.#fail(remoteError(reason, 503));
    else this.#close();
  }

  #close(): void {
    if (this.#state === "closed") return;
    this.#state = "closed";
    this.#forgetConnection();
    this.reconciliation.stop();
    this.tell("closed");
  }
}
