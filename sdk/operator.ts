import { errors, remoteError, type TepuiError } from "../contract/errors.ts";
import { operatorCommands } from "../contract/operator/commands.ts";
import type {
  ClusterEvent,
  OperatorMethod,
  OperatorParams,
  OperatorReply,
  OperatorResult,
} from "../contract/operator-api.ts";
import { policyOrders } from "../contract/policy-api.ts";
import type { Clock, Timer } from "../contract/ports/clock.ts";
import type { Link } from "../contract/ports/transport.ts";
import type { CloseReason } from "../contract/wire-protocol.ts";
import { systemClock } from "../wire/index.ts";
import { type ConnectOptions, connect, masterAddresses, unreachable } from "./dial.ts";
import { EventQueue } from "./event-queue.ts";

/** How an `OperatorClient` connects. */
export interface OperatorOptions extends ConnectOptions {
  /** Shown in the master's log. */
  readonly name?: string;
  /** Time for the first connection; default 5 s. */
  readonly connectMs?: number;
  /** Time for an answer, reconnections included; default 30 s. */
  readonly requestMs?: number;
  readonly clock?: Clock;
}

/** Changes the cluster: must not be done twice because an answer was lost. */
const changes: ReadonlySet<OperatorMethod> = new Set<OperatorMethod>([
  ...operatorCommands,
  ...policyOrders,
]);

interface Pending {
  readonly method: OperatorMethod;
  readonly params: unknown;
  readonly resolve: (result: unknown) => void;
  readonly reject: (error: TepuiError) => void;
  readonly deadline: Timer;
}

/** Names of the methods that answer in pages, with the field that the list is in. */
const lists = {
  agents: "agents",
  frameworks: "frameworks",
  tasks: "tasks",
  offers: "offers",
} as const;
/** A method that answers in pages. */
export type ListMethod = keyof typeof lists;
/** One entry of a list. */
export type ListItem<Name extends ListMethod> =
  OperatorResult<Name> extends Record<Name, (infer Item)[]> ? Item : never;

const PAGE = 1_000;

/**
 * Asks a master what it knows and tells it what to do, as operators do. Questions that a broken
 * connection left unanswered are asked again of the master that is found next; orders are not.
 */
export class OperatorClient {
  readonly #options: OperatorOptions;
  readonly #clock: Clock;
  readonly #pending = new Map<number, Pending>();
  readonly #queues = new Set<EventQueue<ClusterEvent>>();
  #link: Link | undefined;
  #lastId = 0;
  #refused: TepuiError | undefined;
  #isOpen = false;
  #isClosed = false;

  private constructor(options: OperatorOptions) {
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
  }

  /**
   * Connects and resolves when a master has taken the connection.
   * @throws MASTER_UNREACHABLE, or the master's refusal.
   */
  static async connect(options: OperatorOptions = {}): Promise<OperatorClient> {
    const client = new OperatorClient(options);
    try {
      await client.#open();
    } catch (thrown) {
      await client.close();
      throw thrown;
    }
    return client;
  }

  /**
   * Asks one thing and waits for the answer.
   * @throws the master's refusal with the master's code, REQUEST_TIMED_OUT, REQUEST_INTERRUPTED.
   */
  request<Name extends OperatorMethod>(
    method: Name,
    params: OperatorParams<Name>,
  ): Promise<OperatorResult<Name>> {
    if (this.#isClosed) return Promise.reject(this.#refused ?? errors.CLIENT_CLOSED(method));
    const id = ++this.#lastId;
    const requestMs = this.#options.requestMs ?? 30_000;
    return new Promise((resolve, reject) => {
      const deadline = this.#clock.after(requestMs, () => {
        this.#pending.delete(id);
        reject(errors.REQUEST_TIMED_OUT(method, requestMs));
      });
      const settle = resolve as (result: unknown) => void;
      this.#pending.set(id, { method, params, resolve: settle, reject, deadline });
      this.#ask(id, method, params);
    });
  }

  /** Every entry of a list, page by page; entries that come or go meanwhile may be missed. */
  async *all<Name extends ListMethod>(
    method: Name,
    params: OperatorParams<Name>,
  ): AsyncGenerator<ListItem<Name>, void, void> {
    for (let offset = 0; ; ) {
      const page = { ...params, limit: PAGE, offset } as OperatorParams<Name>;
      const result = (await this.request(method, page)) as Record<string, unknown> & {
        more: boolean;
      };
      const items = result[lists[method]] as ListItem<Name>[];
      yield* items;
      // Of large entries fewer come at once than were asked for.
      offset += items.length;
      if (!result.more || items.length === 0) return;
    }
  }

  /**
   * What happens in the cluster from now on, over reconnections too; events of a gap are lost.
   * End the iteration with `break`, or by closing the client.
   */
  async events(): Promise<AsyncIterableIterator<ClusterEvent>> {
    const queue = new EventQueue<ClusterEvent>(() => this.#queues.delete(queue));
    this.#queues.add(queue);
    if (this.#queues.size === 1) await this.request("subscribe-events", {});
    return queue;
  }

  /** Ends the connection; what is still unanswered is rejected. */
  async close(): Promise<void> {
    this.#end(this.#refused ?? errors.CLIENT_CLOSED("an answer came not"));
    await this.#link?.close();
  }

  #open(): Promise<void> {
    const addresses = masterAddresses(this.#options.masters);
    const { connectMs = 5_000, name = "operator" } = this.#options;
    let failed: CloseReason | undefined;
    return new Promise((resolve, reject) => {
      const deadline = this.#clock.after(connectMs, () => {
        reject(unreachable(this.#options.masters, connectMs, failed));
      });
      this.#link = connect(
        this.#options,
        { peer: "operator", name, addresses },
        {
          onOpen: () => {
            deadline.cancel();
            this.#opened();
            resolve();
          },
          onMessages: (messages) => {
            for (const message of messages) this.#take(message as OperatorReply);
          },
          onDown: () => this.#down(),
          onAttemptFailed: (reason) => {
            failed = reason;
          },
          onClosed: (reason, refused) => {
            deadline.cancel();
            if (refused !== undefined) this.#refused = remoteError(refused, 403);
            const error = this.#refused ?? errors.CLIENT_CLOSED(reason.message || "connection");
            this.#end(error);
            reject(error);
          },
        },
      );
    });
  }

  #opened(): void {
    this.#isOpen = true;
    for (const [id, { method, params }] of this.#pending) this.#ask(id, method, params);
    if (this.#queues.size > 0) this.#link?.send({ ...request(++this.#lastId, "subscribe-events") });
  }

  #down(): void {
    this.#isOpen = false;
    for (const [id, pending] of this.#pending) {
      if (!changes.has(pending.method)) continue;
      this.#settle(id)?.reject(errors.REQUEST_INTERRUPTED(pending.method));
    }
  }

  #ask(id: number, method: OperatorMethod, params: unknown): void {
    if (this.#isOpen) this.#link?.send({ ...request(id, method), params } as { type: string });
  }

  #take(reply: OperatorReply | { type: "error"; id?: unknown }): void {
    if (reply.type === "event") {
      for (const queue of this.#queues) queue.push(reply.event);
      return;
    }
    if (reply.type === "error") {
      const error = reply as unknown as { id?: unknown; code: string; message: string };
      if (typeof error.id === "number") this.#settle(error.id)?.reject(remoteError(error));
      return;
    }
    const pending = this.#settle(reply.id);
    if (reply.problem !== undefined) pending?.reject(remoteError(reply.problem));
    else pending?.resolve(reply.result);
  }

  #settle(id: number): Pending | undefined {
    const pending = this.#pending.get(id);
    this.#pending.delete(id);
    pending?.deadline.cancel();
    return pending;
  }

  #end(error: TepuiError): void {
    this.#isClosed = true;
    this.#isOpen = false;
    for (const id of [...this.#pending.keys()]) this.#settle(id)?.reject(error);
    for (const queue of [...this.#queues]) queue.end();
    this.#queues.clear();
  }
}

function request(
  id: number,
  method: OperatorMethod,
): { type: "request"; id: number; method: string } {
  return { type: "request", id, method };
}
