import type { HttpResponse } from "uWebSockets.js";
import type { Clock, Timer } from "../../../contract/ports/clock.ts";
import type { HttpStream, StreamEnd } from "../../../contract/ports/http.ts";
import { askForPatience, PATIENCE_MS } from "./http-body.ts";
import { FAIR_BYTES, type HttpMemory } from "./http-memory.ts";

/** Bounds of a stream; `memory` is shared with others. */
export interface StreamLimits {
  readonly streamBytesMax: number;
  readonly memory: HttpMemory;
}

/** Above this many waiting bytes `write` answers false. */
const HIGH_WATER_BYTES = FAIR_BYTES;

/** Of what many share, a socket is given so much at a time: what it does not take, it copies. */
const PIECE_BYTES = 256 * 1024;

/** Bytes that many streams send, as far as this one has. */
interface Shared {
  readonly bytes: Uint8Array;
  sent: number;
}

/**
 * A chunked answer over uWebSockets.js. It hands the socket a chunk only while the socket takes
 * more, and keeps what waits in a queue of its own: what uWebSockets.js buffers can neither be
 * measured nor bounded from here.
 */
export class UwsStream implements HttpStream {
  readonly #response: HttpResponse;
  readonly #limits: StreamLimits;
  #begin: (() => void) | undefined;
  #queue: (string | Uint8Array | Shared)[] = [];
  #queuedBytes = 0;
  /** The socket said that it takes no more for now. */
  #blocked = false;
  #flushDue = false;
  #ending = false;
  #how: StreamEnd | undefined;
  #isFull = false;
  #patience: Timer | undefined;
  readonly #drained: (() => void)[] = [];
  readonly #ended: ((how: StreamEnd) => void)[] = [];

  /**
   * `begin` writes status and headers; it runs together with the first chunk, in one system call.
   */
  constructor(response: HttpResponse, limits: StreamLimits, isGone: boolean, begin: () => void) {
    this.#response = response;
    this.#limits = limits;
    this.#begin = begin;
    if (isGone) {
      this.#how = "aborted";
      return;
    }
    response.onWritable(() => {
      this.#blocked = false;
      this.#flush();
      return true;
    });
  }

  /** Waits for a reader that takes nothing, for as long as its connection stands. */
  beginPatience(clock: Clock): void {
    if (this.#how !== undefined) return;
    this.#patience = clock.every(PATIENCE_MS, () => {
      if (this.#blocked) askForPatience(this.#response);
    });
  }

  get bufferedBytes(): number {
    return this.#queuedBytes;
  }

  get isOpen(): boolean {
    return this.#how === undefined && !this.#ending;
  }

  write(chunk: string | Uint8Array): boolean {
    if (!this.isOpen || chunk.length === 0) return this.isOpen && !this.#isFull;
    this.#queue.push(typeof chunk === "string" ? chunk : Uint8Array.from(chunk));
    this.#count(Buffer.byteLength(chunk));
    const { streamBytesMax, memory } = this.#limits;
    const isCrowded = memory.isFull && this.#queuedBytes > FAIR_BYTES;
    if (this.#queuedBytes > streamBytesMax || isCrowded) {
      this.#cutOff();
      return false;
    }
    this.#flushLater();
    if (this.#queuedBytes > HIGH_WATER_BYTES) this.#isFull = true;
    return !this.#isFull;
  }

  writeShared(bytes: Uint8Array): void {
    if (!this.isOpen || bytes.length === 0) return;
    const { memory } = this.#limits;
    this.#queue.push({ bytes, sent: 0 });
    memory.share(bytes);
    if (memory.isFull && bytes.length > FAIR_BYTES) this.#cutOff();
    else this.#flushLater();
  }

  end(): void {
    if (!this.isOpen) return;
    this.#ending = true;
    this.#flushLater();
  }

  abort(): void {
    if (this.#how !== undefined) return;
    this.#finish("aborted");
    this.#response.close();
  }

  onDrained(act: () => void): void {
    this.#drained.push(act);
  }

  onEnd(act: (how: StreamEnd) => void): void {
    if (this.#how === undefined) this.#ended.push(act);
    else act(this.#how);
  }

  /** The response was aborted: nothing may touch it any more. */
  gone(): void {
    this.#finish("aborted");
  }

  /**
   * All that is written in one run of code leaves in one system call, still a chunk for each write.
   */
  #flushLater(): void {
    if (this.#flushDue || this.#blocked) return;
    this.#flushDue = true;
    queueMicrotask(() => {
      this.#flushDue = false;
      if (!this.#blocked) this.#flush();
    });
  }

  #flush(): void {
    if (this.#how !== undefined) return;
    // Corking, even with nothing to write, also pushes out what the socket itself still holds.
    this.#response.cork(() => {
      this.#begin?.();
      this.#begin = undefined;
      let taken = 0;
      while (taken < this.#queue.length && !this.#blocked) {
        const chunk = this.#queue[taken] as string | Uint8Array | Shared;
        if (typeof chunk !== "string" && "sent" in chunk) {
          if (!this.#sendPiece(chunk)) continue;
        } else {
          this.#count(-Buffer.byteLength(chunk));
          this.#blocked = !this.#response.write(chunk);
        }
        taken += 1;
      }
      this.#queue.splice(0, taken);
      if (this.#ending && this.#queue.length === 0) {
        this.#finish("ended");
        this.#response.end();
      }
    });
    if (!this.#isFull || this.#blocked || this.#how !== undefined) return;
    this.#isFull = false;
    for (const act of this.#drained) act();
  }

  /** Sends the next piece of what is shared; answers whether it was the last. */
  #sendPiece(shared: Shared): boolean {
    const { bytes, sent } = shared;
    shared.sent = Math.min(sent + PIECE_BYTES, bytes.length);
    this.#blocked = !this.#response.write(bytes.subarray(sent, shared.sent));
    if (shared.sent < bytes.length) return false;
    this.#limits.memory.unshare(bytes);
    return true;
  }

  #cutOff(): void {
    this.#finish("SLOW_READER");
    this.#response.close();
  }

  #count(bytes: number): void {
    this.#queuedBytes += bytes;
    this.#limits.memory.take(bytes);
  }

  #finish(how: StreamEnd): void {
    if (this.#how !== undefined) return;
    this.#how = how;
    this.#patience?.cancel();
    for (const chunk of this.#queue) {
      if (typeof chunk === "string" || !("sent" in chunk)) continue;
      if (chunk.sent < chunk.bytes.length) this.#limits.memory.unshare(chunk.bytes);
    }
    this.#queue = [];
    this.#count(-this.#queuedBytes);
    queueMicrotask(() => {
      for (const act of this.#ended) act(how);
    });
  }
}
