import type { ContainerId } from "../../../contract/ids.ts";
import { labels } from "./create-body.ts";
import type { Engine } from "./engine.ts";
import type { EngineEvent } from "./engine-types.ts";
import { jsonLines } from "./json-lines.ts";

/** Pause before the events are asked for again after a stream of them broke off. */
const AGAIN_MS = 500;
/** The engine may begin to tell a moment after it has answered, so each stream reaches back. */
const BACK_SECONDS = 5;

/** Listens to the engine for containers in which the kernel killed for lack of memory. */
export class OomWatch {
  readonly #engine: Engine;
  readonly #scope: string;
  readonly #nowMs: () => number;
  readonly #onOutOfMemory: (id: ContainerId) => void;
  readonly #closing = new AbortController();
  #running: Promise<void> | undefined;

  constructor(
    engine: Engine,
    scope: string,
    nowMs: () => number,
    onOutOfMemory: (id: ContainerId) => void,
  ) {
    this.#engine = engine;
    this.#scope = scope;
    this.#nowMs = nowMs;
    this.#onOutOfMemory = onOutOfMemory;
  }

  /** Begins to listen; the same container may be told of more than once. */
  start(): void {
    this.#running ??= this.#run();
  }

  /** Ends listening. */
  async close(): Promise<void> {
    this.#closing.abort();
    await this.#running;
  }

  async #run(): Promise<void> {
    const { signal } = this.#closing;
    while (!signal.aborted) {
      try {
        await this.#engine.patiently(() => this.#listen(), { signal });
      } catch {
        // It broke off. What it would have told is in the state of an ended container as well.
      }
      await this.#engine.pause(AGAIN_MS, signal);
    }
  }

  async #listen(): Promise<void> {
    const filters = JSON.stringify({
      type: ["container"],
      event: ["oom"],
      label: [`${labels.scope}=${this.#scope}`],
    });
    const since = Math.floor(this.#nowMs() / 1000) - BACK_SECONDS;
    const stream = await this.#engine.client.stream("GET", "/events", {
      query: { filters, since },
      timeoutMs: 0,
      signal: this.#closing.signal,
    });
    for await (const event of jsonLines<EngineEvent>(stream)) {
      const id = event.Actor?.Attributes?.[labels.container];
      if (id !== undefined) this.#onOutOfMemory(id as ContainerId);
    }
  }
}
