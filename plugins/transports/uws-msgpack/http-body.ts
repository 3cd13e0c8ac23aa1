import type { HttpResponse } from "uWebSockets.js";
import { errors, type TepuiError } from "../../../contract/errors.ts";
import type { Clock, Timer } from "../../../contract/ports/clock.ts";
import { FAIR_BYTES, type HttpMemory } from "./http-memory.ts";

/**
 * uWebSockets.js gives up a connection when for ten seconds less than 16 KiB come in each of them,
 * or nothing that was written is taken. Telling it to pause or to read sets that clock back, so who
 * is to be waited for is asked for again this often.
 */
export const PATIENCE_MS = 3_000;

/** See `PATIENCE_MS`. A socket that was not paused must be, or it forgets what it has to write. */
export function askForPatience(response: HttpResponse, isPaused = false): void {
  response.pause();
  if (!isPaused) response.resume();
}

/**
 * The body of a request that goes on: handed out as it comes, at its reader's pace. While more than
 * `FAIR_BYTES` wait the socket is not read, so what waits is never more than that and what the
 * system had read already.
 */
export class UwsBody implements AsyncIterable<Uint8Array> {
  readonly #response: HttpResponse;
  readonly #memory: HttpMemory;
  readonly #patience: Timer;
  #waiting: Buffer[] = [];
  #bytes = 0;
  #isPaused = false;
  /** All of it has come, or nobody wants what still comes. */
  #isOver = false;
  #fault: TepuiError | undefined;
  #wake: (() => void) | undefined;

  /** Must be made inside the request's callback, before anything of the body is dropped. */
  constructor(response: HttpResponse, clock: Clock, memory: HttpMemory) {
    this.#response = response;
    this.#memory = memory;
    this.#patience = clock.every(PATIENCE_MS, () => askForPatience(response, this.#isPaused));
    // Without this, a socket that is paused would be given up when it can be written to.
    response.onWritable(() => true);
    response.onData((chunk, isLast) => this.#take(chunk, isLast));
  }

  /** Bytes that wait for the reader. */
  get waitingBytes(): number {
    return this.#bytes;
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Uint8Array> {
    try {
      for (;;) {
        if (this.#fault !== undefined) throw this.#fault;
        const chunk = this.#waiting.shift();
        if (chunk === undefined) {
          if (this.#isOver) return;
          await new Promise<void>((wake) => {
            this.#wake = wake;
          });
          continue;
        }
        this.#count(-chunk.length);
        if (this.#isPaused && this.#bytes <= FAIR_BYTES / 2) this.#set(false);
        yield chunk;
      }
    } finally {
      this.drop();
    }
  }

  /** The request was answered, or its reader wants no more: what still comes is dropped. */
  drop(): void {
    if (this.#isPaused) this.#set(false);
    this.#end();
  }

  /** The response was aborted: nothing may touch it any more. */
  gone(): void {
    const wasOver = this.#isOver;
    this.#isPaused = false;
    this.#end();
    if (!wasOver) this.#fault = errors.REQUEST_ABORTED();
  }

  #take(chunk: ArrayBuffer, isLast: boolean): void {
    if (this.#isOver) return;
    if (chunk.byteLength > 0) {
      // Copied, because the chunk's memory is taken back when this callback returns.
      this.#waiting.push(Buffer.from(new Uint8Array(chunk)));
      this.#count(chunk.byteLength);
    }
    if (isLast) {
      this.#isOver = true;
      this.#patience.cancel();
    } else if (!this.#isPaused && this.#bytes > FAIR_BYTES) this.#set(true);
    this.#awake();
  }

  #set(isPaused: boolean): void {
    this.#isPaused = isPaused;
    if (isPaused) this.#response.pause();
    else this.#response.resume();
  }

  #end(): void {
    this.#isOver = true;
    this.#patience.cancel();
    this.#waiting = [];
    this.#count(-this.#bytes);
    this.#awake();
  }

  #count(bytes: number): void {
    this.#bytes += bytes;
    this.#memory.take(bytes);
  }

  #awake(): void {
    this.#wake?.();
    this.#wake = undefined;
  }
}
