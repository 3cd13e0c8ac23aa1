import { EventEmitter } from "node:events";

/**
 * An event emitter whose listeners get what their event carries. A listener that throws does not
 * disturb the connection that the event came from: the error surfaces as an uncaught exception of
 * its own turn, as it would from any other emitter. The same goes for an `error` event that nobody
 * listens to.
 */
export class TypedEvents<Events extends { [Name in keyof Events]: unknown[] }> {
  readonly #emitter = new EventEmitter();

  /** Calls `act` at each event of that name. */
  on<Name extends keyof Events & string>(name: Name, act: (...args: Events[Name]) => void): this {
    this.#emitter.on(name, act as (...args: unknown[]) => void);
    return this;
  }

  /** Calls `act` at the next event of that name only. */
  once<Name extends keyof Events & string>(name: Name, act: (...args: Events[Name]) => void): this {
    this.#emitter.once(name, act as (...args: unknown[]) => void);
    return this;
  }

  /** Stops calling `act`. */
  off<Name extends keyof Events & string>(name: Name, act: (...args: Events[Name]) => void): this {
    this.#emitter.off(name, act as (...args: unknown[]) => void);
    return this;
  }

  /** How many listeners an event has. */
  listenerCount(name: keyof Events & string): number {
    return this.#emitter.listenerCount(name);
  }

  /** Tells the listeners; for the class that the events belong to. */
  protected tell<Name extends keyof Events & string>(name: Name, ...args: Events[Name]): void {
    try {
      this.#emitter.emit(name, ...(args as unknown[]));
    } catch (thrown) {
      setImmediate(() => {
        throw thrown;
      });
    }
  }
}
