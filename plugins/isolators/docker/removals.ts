import type { Logger } from "../../../contract/ports/log.ts";
import type { Engine } from "./engine.ts";
import { isUnreachable } from "./engine-client.ts";

/** What is removed from the engine: now, when the engine is back, or after a while. */
export class Removals {
  readonly #engine: Engine;
  readonly #log: Logger;
  readonly #closing = new AbortController();
  readonly #underWay = new Set<Promise<void>>();

  constructor(engine: Engine, log: Logger) {
    this.#engine = engine;
    this.#log = log;
  }

  /** Acts; an engine that is away is not waited for, and it is done when it is back. */
  async now(what: string, act: () => Promise<void>): Promise<void> {
    const acting = act();
    this.#underWay.add(acting);
    try {
      await acting;
    } catch (thrown) {
      if (!isUnreachable(thrown)) throw thrown;
      this.later(what, act);
    } finally {
      this.#underWay.delete(acting);
    }
  }

  /** Acts as soon as the engine is there; an agent that ends before leaves orphans to the next. */
  later(what: string, act: () => Promise<void>): void {
    const { signal } = this.#closing;
    this.#engine.patiently(act, { signal }).catch((cause: unknown) => {
      if (!signal.aborted) this.#log.error({ err: cause, what }, "cleaning up failed");
    });
  }

  /** Removes an ended container when it has been kept long enough. */
  after(name: string, delayMs: number): void {
    const { signal } = this.#closing;
    void this.#engine.pause(delayMs, signal).then(() => {
      if (!signal.aborted) this.later(name, () => this.#engine.remove(name));
    });
  }

  /** Finishes what is under way, and drops what waits. */
  async close(): Promise<void> {
    this.#closing.abort();
    await Promise.allSettled(this.#underWay);
  }
}
