import { promisify } from "node:util";
import { gunzip } from "node:zlib";
import { errors, reasonOf } from "../../../../contract/errors.ts";
import type { Clock } from "../../../../contract/ports/clock.ts";
import type { HttpExchange } from "../../../../contract/ports/http.ts";
import { Refusal } from "./answers.ts";
import { atOnce, SMALL_BYTES, type Steps } from "./steps.ts";

const unzip = promisify(gunzip);

/** Large ones that may wait for their turn. */
const WAITING_MAX = 16;
/** A large one is decoded for so long at a time; then whatever else waits has its turn. */
const SLICE_MS = 3;
/** After a large one others are served for so many times as long as it took. */
const REST = 3;

/**
 * Reads bodies and has them decoded: small ones at once, large ones one at a time, in slices and
 * with pauses, so that who sends large ones does not take the process's time from the others.
 */
export class Bodies {
  readonly #clock: Clock;
  readonly #bytesMax: number;
  #waiting = 0;
  #turn: Promise<void> | undefined;

  constructor(clock: Clock, bytesMax: number) {
    this.#clock = clock;
    this.#bytesMax = bytesMax;
  }

  /**
   * What `decode` makes of the body, which was unpacked if it came compressed.
   * @throws BODY_TOO_LARGE; MESSAGE_INVALID when it does not unpack, or to more than it may; and
   * Refusal 503 when too many large ones are waiting.
   */
  async read<T>(exchange: HttpExchange, decode: (body: Uint8Array) => Steps<T>): Promise<T> {
    const sent = await exchange.readBody(this.#bytesMax);
    const isPacked = isGzip(exchange);
    const small = isPacked ? await unpackedIfSmall(sent) : ifSmall(sent);
    if (small !== undefined) return atOnce(decode(small));
    checkWanted(exchange);
    if (this.#waiting >= WAITING_MAX) {
      throw new Refusal(503, "Too many large requests at once", { "retry-after": "1" });
    }
    this.#waiting += 1;
    while (this.#turn !== undefined) await this.#turn;
    this.#waiting -= 1;
    let over = (): void => {};
    this.#turn = new Promise((resolve) => {
      over = resolve;
    });
    let workMs = 0;
    try {
      // Not before its turn: a few bytes may unpack to as many as a body may have.
      const steps = decode(isPacked ? await unpacked(sent, this.#bytesMax) : sent);
      for (;;) {
        checkWanted(exchange);
        const beganMs = this.#clock.monotonicMs();
        try {
          const { done, value } = this.#slice(steps, beganMs);
          if (done === true) return value;
        } finally {
          workMs += this.#clock.monotonicMs() - beganMs;
        }
        await new Promise((resolve) => setImmediate(resolve));
      }
    } finally {
      this.#clock.after(REST * workMs, () => {
        this.#turn = undefined;
        over();
      });
    }
  }

  #slice<T>(steps: Steps<T>, beganMs: number): IteratorResult<void, T> {
    for (;;) {
      const step = steps.next();
      if (step.done === true || this.#clock.monotonicMs() - beganMs >= SLICE_MS) return step;
    }
  }
}

/** Throws when nobody waits for the answer any more, or it was given for want of time. */
function checkWanted({ isAborted, isAnswered }: HttpExchange): void {
  if (isAborted || isAnswered) throw errors.REQUEST_ABORTED();
}

function ifSmall(body: Uint8Array): Uint8Array | undefined {
  return body.length <= SMALL_BYTES ? body : undefined;
}

/** @throws MESSAGE_INVALID for another encoding than gzip */
function isGzip({ headers }: HttpExchange): boolean {
  const encoding = headers["content-encoding"]?.trim().toLowerCase();
  if (encoding === undefined || encoding === "" || encoding === "identity") return false;
  if (encoding === "gzip") return true;
  throw errors.MESSAGE_INVALID(`Content-Encoding '${encoding}' is not supported`);
}

/** `undefined` for what unpacks to more than a small body, which it is not unpacked for. */
async function unpackedIfSmall(body: Uint8Array): Promise<Uint8Array | undefined> {
  if (body.length > SMALL_BYTES) return undefined;
  try {
    return await unzip(body, { maxOutputLength: SMALL_BYTES });
  } catch (thrown) {
    if (isTooMuch(thrown)) return undefined;
    throw notUnpacked(thrown);
  }
}

async function unpacked(body: Uint8Array, bytesMax: number): Promise<Uint8Array> {
  try {
    return await unzip(body, { maxOutputLength: bytesMax });
  } catch (thrown) {
    if (!isTooMuch(thrown)) throw notUnpacked(thrown);
    throw errors.MESSAGE_INVALID(`the body unpacks to more than ${bytesMax} bytes`);
  }
}

function isTooMuch(thrown: unknown): boolean {
  return (thrown as { code?: string }).code === "ERR_BUFFER_TOO_LARGE";
}

function notUnpacked(thrown: unknown): Error {
  return errors.MESSAGE_INVALID(`the body does not unpack: ${reasonOf(thrown)}`);
}
