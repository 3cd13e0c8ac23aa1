import type { HttpResponse } from "uWebSockets.js";
import type { Clock } from "../../../contract/ports/clock.ts";

/** A socket is given so much of a body at a time. */
const PIECE_BYTES = 1024 * 1024;
/** So long may large bodies be copied to sockets before whatever else waits has its turn. */
const TURN_MS = 8;

/** An answer on its way out. */
interface Answer {
  readonly response: HttpResponse;
  readonly body: Uint8Array;
  /** What uWebSockets.js had written of the response before the body. */
  readonly start: number;
  sent: number;
  readonly done: () => void;
}

/**
 * Sends bodies as fast as their clients take them. A body stays where it is until it has been
 * taken: `end` would copy what the client does not take into a buffer of uWebSockets.js, once for
 * every request that a client pipelines without reading. A request that comes before the body is
 * through costs the connection instead, as does a client that takes nothing for ten seconds.
 *
 * A socket takes megabytes in one call, for milliseconds, and many ask for the same text at once:
 * all of them in one turn of the event loop would hold up everybody else. So bodies leave in
 * pieces, one body after the other, which is sooner for most than all of them at the same pace.
 */
export class HttpAnswers {
  readonly #clock: Clock;
  /** Those whose sockets take more, as far as is known. */
  readonly #ready = new Map<HttpResponse, Answer>();
  /** When those of this turn have had their time; `undefined` when none was sent in it yet. */
  #turnEndMs: number | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /**
   * Ends a response with a body and calls `done` when all of it has been taken. Must be called
   * corked, after the headers.
   */
  send(response: HttpResponse, body: Uint8Array, done: () => void): void {
    const answer = { response, body, start: response.getWriteOffset(), sent: 0, done };
    response.onWritable((offset) => {
      answer.sent = offset - answer.start;
      this.#ready.set(response, answer);
      this.#sendReady();
      return true;
    });
    if (body.length <= PIECE_BYTES) {
      sendPiece(answer);
      return;
    }
    this.#ready.set(response, answer);
    this.#sendReady();
  }

  /** The response was aborted: nothing may touch it any more. */
  forget(response: HttpResponse): void {
    this.#ready.delete(response);
  }

  #sendReady(): void {
    if (this.#turnEndMs === undefined) {
      this.#turnEndMs = this.#clock.monotonicMs() + TURN_MS;
      setImmediate(() => {
        this.#turnEndMs = undefined;
        if (this.#ready.size > 0) this.#sendReady();
      });
    }
    for (const [response, answer] of this.#ready) {
      let takesMore = true;
      while (takesMore) {
        if (this.#clock.monotonicMs() >= this.#turnEndMs) return;
        takesMore = sendPiece(answer);
      }
      this.#ready.delete(response);
    }
  }
}

/** Answers whether the socket takes more of it at once. */
function sendPiece(answer: Answer): boolean {
  const { response, body, sent, done } = answer;
  const end = Math.min(sent + PIECE_BYTES, body.length);
  let takesMore = false;
  response.cork(() => {
    const [isTaken, isThrough] = response.tryEnd(body.subarray(sent, end), body.length);
    if (isThrough) done();
    else if (isTaken) {
      answer.sent = end;
      takesMore = true;
    }
  });
  return takesMore;
}
