import { randomBytes } from "node:crypto";
import { reasonOf, remoteError, TepuiError } from "../contract/errors.ts";
import type { ExecutorCall, ExecutorEvent } from "../contract/executor-api.ts";
import type { AgentId, ContainerId, TaskId, UpdateId } from "../contract/ids.ts";
import { limits } from "../contract/limits.ts";
import type { Clock, Timer } from "../contract/ports/clock.ts";
import type { Link } from "../contract/ports/transport.ts";
import type { AgentInfo } from "../contract/schema/agent.ts";
import type { FrameworkInfo } from "../contract/schema/framework.ts";
import type { ExecutorInfo, TaskInfo, TaskStatus } from "../contract/schema/task.ts";
import { encodedBytes } from "../contract/size.ts";
import { isTerminal } from "../contract/task-state.ts";
import type { CloseReason, Refused } from "../contract/wire-protocol.ts";
import { systemClock } from "../wire/index.ts";
import { type ConnectOptions, connect } from "./dial.ts";
import { type ExecutorEnvironment, executorEnvironment } from "./executor-environment.ts";
import { KeptUpdates } from "./kept-updates.ts";
import { checkOutgoing, checkSize } from "./outgoing.ts";
import { TypedEvents } from "./typed-events.ts";

/** Events of an `Executor`, with what their listeners are called with (v1-wire 7.4). */
export interface ExecutorEvents {
  /** At the first subscription and after each reconnection. */
  subscribed: [
    about: {
      executor: ExecutorInfo;
      framework: FrameworkInfo;
      agent: AgentInfo;
      containerId: ContainerId;
    },
  ];
  launch: [task: TaskInfo];
  /** Tasks that start together or not at all. */
  "launch-group": [tasks: readonly TaskInfo[]];
  kill: [taskId: TaskId, gracePeriodMs: number | undefined];
  message: [data: Uint8Array];
  /** The agent has stored the update. */
  acknowledged: [taskId: TaskId, uuid: UpdateId];
  disconnected: [reason: CloseReason];
  /** End all tasks and exit; the agent kills what is left after the grace period. */
  shutdown: [why: string];
  error: [error: TepuiError];
}

/** How an executor finds its agent; everything comes from the environment unless it is given. */
export interface ExecutorOptions
  extends Pick<ConnectOptions, "dial" | "redialMsMin" | "redialMsMax"> {
  readonly environment?: Readonly<Record<string, string | undefined>>;
  readonly clock?: Clock;
}

/** What an executor reports; the rest of a status is filled in. */
export type TaskUpdate = Pick<TaskStatus, "state"> &
  Partial<Omit<TaskStatus, "taskId" | "state" | "uuid" | "source">> & { readonly taskId: string };

/** A full queue or a lost acknowledgement is overcome by sending again this often. */
const RESEND_MS = 10_000;

/** Bytes of updates that come with a subscription; others follow it, however many there are. */
const SUBSCRIBE_BYTES = 256 << 10;

/**
 * The program on an agent that runs a framework's tasks (B40–B44). It subscribes to its agent and
 * subscribes again after each break, with the tasks and updates that the agent may not know of.
 * Updates are sent until the agent acknowledges that it has stored them.
 */
export class Executor extends TypedEvents<ExecutorEvents> {
  readonly environment: ExecutorEnvironment;
  readonly #options: ExecutorOptions;
  readonly #clock: Clock;
  /** Tasks that the agent may not know to be here, by what names them. */
  readonly #tasks = new Map<TaskId, TaskInfo>();
  readonly #updates = new KeptUpdates();
  #link: Link | undefined;
  #agentId: AgentId | undefined;
  #isOpen = false;
  #isOver = false;
  #alone: Timer | undefined;
  #resend: Timer | undefined;

  /** @throws EXECUTOR_ENVIRONMENT when the environment is not that of an executor. */
  constructor(options: ExecutorOptions = {}) {
    super();
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
    this.environment = executorEnvironment(options.environment ?? process.env);
  }

  /** Updates that the agent has not acknowledged. */
  get unacknowledged(): readonly TaskStatus[] {
    return this.#updates.all;
  }

  /** Starts to dial the agent. Listeners should be there before. */
  start(): this {
    const { agentEndpoint, executorId, token } = this.environment;
    const { dial, redialMsMin, redialMsMax } = this.#options;
    const options: ConnectOptions = {
      ...(dial === undefined ? {} : { dial }),
      ...(token === undefined ? {} : { token }),
      redialMsMin: redialMsMin ?? 100,
      redialMsMax: redialMsMax ?? this.environment.subscriptionBackoffMsMax,
    };
    const hello = { peer: "executor" as const, name: executorId, addresses: [agentEndpoint] };
    this.#link = connect(options, hello, {
      onOpen: () => this.#subscribe(),
      onMessages: (messages) => {
        for (const message of messages) this.#take(message as ExecutorEvent);
      },
      onDown: (reason) => this.#down(reason),
      onClosed: (reason, refused) => this.#ended(reason, refused),
    });
    this.#resend = this.#clock.every(RESEND_MS, () => {
      this.#updates.resend(this.#sendUpdate);
    });
    return this;
  }

  /**
   * Reports a state of a task; kept and resent until the agent has it. Answers its uuid.
   * @throws MESSAGE_INVALID when something in it has the wrong shape, MESSAGE_TOO_LARGE when no
   * agent would take it; nothing is kept then
   */
  sendUpdate(update: TaskUpdate): UpdateId {
    const uuid = randomBytes(16).toString("hex") as UpdateId;
    const status: TaskStatus = {
      ...update,
      taskId: update.taskId as TaskId,
      executorId: this.environment.executorId,
      source: "SOURCE_EXECUTOR",
      timestampMs: update.timestampMs ?? this.#clock.nowMs(),
      uuid,
      ...(this.#agentId === undefined ? {} : { agentId: this.#agentId }),
    };
    const call = { type: "update", status } as const;
    checkOutgoing("executor", call);
    checkSize("update", encodedBytes(status), limits.statusBytesMax);
    this.#updates.add(uuid, status);
    this.#updates.sendNext(status.taskId, this.#sendUpdate);
    return uuid;
  }

  /**
   * Sends bytes to the framework's scheduler; not reliable.
   * @throws MESSAGE_INVALID when they are none, MESSAGE_TOO_LARGE when no agent would take so many
   */
  sendMessage(data: Uint8Array): boolean {
    const call = { type: "message", data } as const;
    checkOutgoing("executor", call);
    checkSize("message", data.length, limits.messageBytesMax);
    return this.#send(call);
  }

  /**
   * Ends the connection; waits up to `deadlineMs` for updates to be acknowledged first, because an
   * executor that exits with a task's last update unsent fails that task.
   */
  async stop(deadlineMs = 5_000): Promise<void> {
    const untilMs = this.#clock.monotonicMs() + deadlineMs;
    let hasSentEnds = false;
    for (;;) {
      const leftMs = untilMs - this.#clock.monotonicMs();
      if (this.#updates.size === 0 || this.#isOver || leftMs <= 0) break;
      // Not all that waits before an end may be taken in time.
      if (!hasSentEnds && leftMs < deadlineMs / 2) {
        hasSentEnds = true;
        this.#updates.sendEnds(this.#sendUpdate);
      }
      await new Promise<void>((resolve) => this.#clock.after(20, resolve));
    }
    this.#finish();
    await this.#link?.close();
  }

  #send(call: ExecutorCall): boolean {
    if (!this.#isOpen || this.#link === undefined) return false;
    return this.#link.send(call);
  }

  /** False when it has to wait: the queue is full, or there is no connection. */
  readonly #sendUpdate = (status: TaskStatus): boolean => this.#send({ type: "update", status });

  #subscribe(): void {
    this.#isOpen = true;
    this.#alone?.cancel();
    try {
      this.#sendSubscribe();
      this.#updates.sendAll(this.#sendUpdate);
    } catch (thrown) {
      const isCoded = thrown instanceof TepuiError;
      const mistake = { code: "INTERNAL", message: reasonOf(thrown) };
      this.#fail(isCoded ? thrown : remoteError(mistake, 500));
    }
  }

  /** Of tasks, an agent looks for the names; of updates, as many come as have room. */
  #sendSubscribe(): void {
    const { frameworkId, executorId } = this.environment;
    const unacknowledgedUpdates: TaskStatus[] = [];
    let room = SUBSCRIBE_BYTES;
    this.#updates.rewind();
    this.#updates.sendAll((status, bytes) => {
      if (bytes > room) return false;
      room -= bytes;
      unacknowledgedUpdates.push(status);
      return true;
    });
    this.#send({
      type: "subscribe",
      frameworkId,
      executorId,
      unacknowledgedTasks: [...this.#tasks.values()],
      unacknowledgedUpdates,
    });
  }

  #take(event: ExecutorEvent): void {
    switch (event.type) {
      case "subscribed":
        this.#agentId = event.agent.id;
        this.tell("subscribed", event);
        return;
      case "launch":
        this.#know(event.task);
        this.tell("launch", event.task);
        return;
      case "launch-group":
        for (const task of event.tasks) this.#know(task);
        this.tell("launch-group", event.tasks);
        return;
      case "kill":
        this.tell("kill", event.taskId, event.killPolicy?.gracePeriodMs);
        return;
      case "acknowledged":
        this.#acknowledged(event.taskId, event.uuid);
        return;
      case "message":
        this.tell("message", event.data);
        return;
      case "shutdown":
        this.#shutDown("the agent asked for it");
        return;
      case "error":
        this.#fail(remoteError(event));
        return;
      default:
        return; // A newer agent may say more than this library knows.
    }
  }

  #know({ taskId, agentId }: TaskInfo): void {
    this.#tasks.set(taskId, { taskId, name: "", agentId, resources: [] });
  }

  #acknowledged(taskId: TaskId, uuid: UpdateId): void {
    const status = this.#updates.remove(uuid);
    this.#updates.sendNext(taskId, this.#sendUpdate);
    this.#updates.sendStalled(this.#sendUpdate);
    // The first acknowledged update proves that the agent knows the task (v1-wire 7.5).
    this.#tasks.delete(taskId);
    if (status !== undefined && isTerminal(status.state)) this.#tasks.delete(status.taskId);
    this.tell("acknowledged", taskId, uuid);
  }

  #down(reason: CloseReason): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    this.tell("disconnected", reason);
    const { checkpoint, recoveryTimeoutMs } = this.environment;
    if (!checkpoint) this.#shutDown("the agent is gone, and the framework does not checkpoint");
    else {
      this.#alone = this.#clock.after(recoveryTimeoutMs, () => {
        this.#shutDown(`the agent did not return within ${recoveryTimeoutMs} ms`);
      });
    }
  }

  #ended(reason: CloseReason, refused: Refused | undefined): void {
    if (refused !== undefined) this.#fail(remoteError(refused, 403));
    else if (reason.byPeer) this.#fail(remoteError(reason, 503));
  }

  #fail(error: TepuiError): void {
    if (this.#isOver) return;
    this.#finish();
    void this.#link?.close();
    this.tell("error", error);
  }

  #shutDown(why: string): void {
    if (this.#isOver) return;
    this.tell("shutdown", why);
  }

  #finish(): void {
    this.#isOver = true;
    this.#alone?.cancel();
    this.#resend?.cancel();
  }
}
