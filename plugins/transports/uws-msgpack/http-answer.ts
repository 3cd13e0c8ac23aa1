import type { HttpResponse } from "uWebSockets.js";
import type { Clock } from "../../../contract/ports/clock.ts";

/** A socket is given so much of a body at a time, and then the clock is looked at. */
const PIECE_BYTES = 512 * 1024;
/** So long may large bodies be copied to sockets before whatever else waits has its turn. */
const TURN_MS = 4;

/** An answer on its way out. */
interface Answer {
  readonly response: HttpResponse;
  readonly parts: readonly Uint8Array[];
  readonly length: number;
  /** What uWebSockets.js had written of the response before the body. */
  readonly start: number;
  sent: number;
  /** The part in which what comes next is, and where it begins in the body. */
  part: number;
  partStart: number;
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
   * Ends a response with a body of so many bytes, in parts, and calls `done` when all of it has
   * been taken. Must be called corked, after the headers.
   */
  send(
    response: HttpResponse,
    parts: readonly Uint8Array[],
    length: number,
    done: () => void,
  ): void {
    const start = response.getWriteOffset();
    const answer = { response, parts, length, start, sent: 0, part: 0, partStart: 0, done };
    response.onWritable((offset) => {
      answer.sent = offset - start;
      this.#ready.set(response, answer);
      this.#sendReady();
      return true;
    });
    if (length <= PIECE_BYTES) {
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
  const { response, length, done } = answer;
  const pieceEnd = answer.sent + PIECE_BYTES;
  let takesMore = true;
  response.cork(() => {
    while (takesMore && answer.sent < pieceEnd) {
      const bytes = next(answer, pieceEnd);
      const [isTaken, isThrough] = response.tryEnd(bytes, length);
      if (isThrough) done();
      takesMore = isTaken && !isThrough;
      if (takesMore) answer.sent += bytes.length;
    }
  });
  return takesMore;
}

/** What comes next of a body that has not been sent as a whole, up to the end of its part. */
function next(answer: Answer, pieceEnd: number): Uint8Array {
  const { parts, sent } = answer;
  let part = parts[answer.part] as Uint8Array;
  while (answer.partStart + part.length <= sent) {
    answer.partStart += part.length;
    answer.part += 1;
    part = parts[answer.part] as Uint8Array;
  }
  return part.subarray(sent - answer.partStart, pieceEnd - answer.partStart);
}
