import { compile, type Validator } from "../../contract/check.ts";
import { errors, reasonOf, remoteError, TepuiError } from "../../contract/errors.ts";
import type { Problem } from "../../contract/framework-api.ts";
import { limits } from "../../contract/limits.ts";
import { didYouMean } from "../../contract/nearest.ts";
import type { OperatorCommandName } from "../../contract/operator/commands.ts";
import {
  type ClusterEvent,
  type OperatorMessage,
  type OperatorMethod,
  type OperatorParams,
  type OperatorResult,
  operatorMethods,
} from "../../contract/operator-api.ts";
import type { Peer } from "../../contract/ports/transport.ts";
import { problemOf } from "../core/calls.ts";
import type { OperatorCommand } from "../core/event.ts";

/**
 * Methods that are served between two turns of the loop and not by the core: those that only read,
 * answered at once, and those of the policies, some of which have to wait for a disk.
 */
export type OperatorQueries = {
  [Name in Exclude<OperatorMethod, OperatorCommandName | "subscribe-events">]: (
    params: OperatorParams<Name>,
  ) => OperatorResult<Name> | Promise<OperatorResult<Name>>;
};

/** Somebody who waits for an answer. */
interface Asker {
  /** The connection that asked; absent when it was a plugin of this process. */
  readonly peer?: Peer;
  answer(result: unknown, problem: Problem | undefined): void;
}

/** Hears what happens in the cluster. */
export type EventListener = (event: ClusterEvent) => void;

function problemIn(thrown: unknown): Problem {
  return problemOf(thrown instanceof TepuiError ? thrown : errors.INTERNAL(reasonOf(thrown)));
}

/** Answers operators: reads from the state, hands changes to the core, streams events. */
export class Operators {
  readonly #queries: OperatorQueries;
  readonly #command: (token: number, command: OperatorCommand) => void;
  readonly #onListeners: (count: number) => void;
  readonly #onLateAnswer: () => void;
  readonly #validators = new Map<string, Validator<unknown>>();
  readonly #asked = new Map<number, Asker>();
  readonly #listeners = new Set<Peer>();
  readonly #watchers = new Set<EventListener>();
  #nextToken = 1;

  /**
   * `onListeners` hears how many listen to events, so that nothing is made for nobody;
   * `onLateAnswer` of answers that wait for a flush and that no turn of the loop is due to flush.
   */
  constructor(
    queries: OperatorQueries,
    command: (token: number, command: OperatorCommand) => void,
    onListeners: (count: number) => void,
    onLateAnswer: () => void,
  ) {
    this.#queries = queries;
    this.#command = command;
    this.#onListeners = onListeners;
    this.#onLateAnswer = onLateAnswer;
    for (const [name, method] of Object.entries(operatorMethods)) {
      this.#validators.set(name, compile(method.params, `${name} parameters`, "wire"));
    }
  }

  /** Takes one request; its answer goes out with the next flush, or when the change is durable. */
  request(peer: Peer, { id, method, params }: OperatorMessage): void {
    const answer: Asker["answer"] = (result, problem) => respond(peer, id, result, problem);
    try {
      if (method === "subscribe-events") this.#listen(peer, answer);
      else this.#serve({ peer, answer }, method, params);
    } catch (thrown) {
      answer(undefined, problemIn(thrown));
    }
  }

  /**
   * Does what a plugin of this process asks for an operator of its own.
   * @throws TepuiError with the problem, when it is refused.
   */
  ask<Name extends OperatorMethod>(
    method: Name,
    params: OperatorParams<Name>,
  ): Promise<OperatorResult<Name>> {
    return new Promise((resolve, reject) => {
      const answer: Asker["answer"] = (result, problem) => {
        if (problem === undefined) resolve(result as OperatorResult<Name>);
        else reject(remoteError(problem));
      };
      this.#serve({ answer }, method, params);
    });
  }

  /** Tells a plugin of this process what happens from now on; answers how to stop that. */
  watch(listener: EventListener): () => void {
    this.#watchers.add(listener);
    this.#countListeners();
    return () => {
      if (this.#watchers.delete(listener)) this.#countListeners();
    };
  }

  /** Passes the core's answer on to whoever asked; a peer that has gone is not told. */
  reply(token: number, result: unknown, problem: Problem | undefined): void {
    const asked = this.#asked.get(token);
    this.#asked.delete(token);
    if (asked?.peer?.isOpen !== false) asked?.answer(result, problem);
  }

  /** Tells every listener. */
  publish(event: ClusterEvent): void {
    for (const tell of this.#watchers) tell(event);
    for (const peer of this.#listeners) tellEvent(peer, event);
  }

  /** Forgets a peer that is gone. */
  closed(peer: Peer): void {
    if (this.#listeners.delete(peer)) this.#countListeners();
    for (const [token, asked] of this.#asked) {
      if (asked.peer === peer) this.#asked.delete(token);
    }
  }

  #countListeners(): void {
    this.#onListeners(this.#listeners.size + this.#watchers.size);
  }

  #serve(asker: Asker, method: string, params: unknown = {}): void {
    const validator = this.#validators.get(method);
    if (validator === undefined) {
      throw errors.METHOD_UNKNOWN(method, didYouMean(method, this.#validators.keys()));
    }
    const checked = validator.check(params);
    if (!checked.ok) {
      const problem = checked.problems[0];
      throw errors.PARAMS_INVALID(method, problem?.message ?? "wrong shape", problem?.path);
    }
    if (method === "subscribe-events") {
      throw errors.PARAMS_INVALID(method, "events are watched, not asked for");
    }
    if (method in this.#queries) {
      const query = this.#queries[method as keyof OperatorQueries] as (asked: unknown) => unknown;
      const result = query(checked.value);
      if (result instanceof Promise) this.#answerLater(asker, result);
      else asker.answer(result, undefined);
    } else {
      const token = this.#nextToken++;
      this.#asked.set(token, asker);
      this.#command(token, { method, params: checked.value } as OperatorCommand);
    }
  }

  #answerLater({ peer, answer }: Asker, result: Promise<unknown>): void {
    const tell = (value: unknown, problem: Problem | undefined): void => {
      if (peer?.isOpen === false) return;
      answer(value, problem);
      this.#onLateAnswer();
    };
    result.then(
      (value) => tell(value, undefined),
      (thrown: unknown) => tell(undefined, problemIn(thrown)),
    );
  }

  #listen(peer: Peer, answer: Asker["answer"]): void {
    if (!this.#listeners.has(peer) && this.#listeners.size >= limits.eventSubscribersMax) {
      // The oldest makes room for the newest (H2).
      const [oldest] = this.#listeners;
      if (oldest !== undefined) {
        this.#listeners.delete(oldest);
        oldest.close("TOO_MANY_CONNECTIONS", "a newer listener took the last place");
      }
    }
    this.#listeners.add(peer);
    this.#countListeners();
    answer({}, undefined);
  }
}

function respond(peer: Peer, id: number, result: unknown, problem: Problem | undefined): void {
  const answer = problem === undefined ? { result } : { problem };
  try {
    peer.send({ type: "response", id, ...answer } as never);
  } catch (thrown) {
    // The answer fits no frame: say so in one that does.
    peer.send({ type: "response", id, problem: problemIn(thrown) } as never);
  }
}

/** Each listener has its own size of frame: one for whom an event is too large spoils no other. */
function tellEvent(peer: Peer, event: ClusterEvent): void {
  try {
    peer.send({ type: "event", event } as never);
  } catch {
    // The event fits no frame of this listener: it is told of it without its details.
    const { kind, timeMs } = event;
    const bare = { kind, timeMs, message: "too large to be shown" };
    peer.send({ type: "event", event: bare } as never);
  }
}
