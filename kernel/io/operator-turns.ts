import type { OperatorMessage } from "../../contract/operator-api.ts";
import type { Clock } from "../../contract/ports/clock.ts";
import type { Peer } from "../../contract/ports/transport.ts";

/** So long operators are answered before the loop and everybody else have their turn. */
const TURN_MS = 10;
/** Questions of one operator that may wait. */
const WAITING_MAX = 32_768;

/**
 * Answers what operators ask as it comes, and for a bounded time a turn of the event loop: one
 * frame may hold thousands of questions, each about thousands of tasks. Who is gone, or was cut off
 * since it does not read, is asked for no more.
 */
export class OperatorTurns {
  readonly #clock: Clock;
  readonly #answer: (peer: Peer, message: OperatorMessage) => void;
  /** Who waits longest comes first. */
  readonly #waiting = new Map<Peer, OperatorMessage[]>();
  #isDue = false;

  constructor(clock: Clock, answer: (peer: Peer, message: OperatorMessage) => void) {
    this.#clock = clock;
    this.#answer = answer;
  }

  /** Takes the questions of one frame. */
  take(peer: Peer, messages: readonly OperatorMessage[]): void {
    const waiting = this.#waiting.get(peer) ?? [];
    for (const message of messages) waiting.push(message);
    this.#waiting.set(peer, waiting);
    if (waiting.length > WAITING_MAX) {
      this.#waiting.delete(peer);
      peer.close("OVERLOADED", `${WAITING_MAX} questions wait to be answered; ask fewer at once`);
    }
    if (!this.#isDue) this.#run();
  }

  #run(): void {
    const endMs = this.#clock.monotonicMs() + TURN_MS;
    for (const [peer, messages] of this.#waiting) {
      let count = 0;
      // The first is answered at once, however long the others took.
      for (const message of messages) {
        if (!peer.isOpen || (count > 0 && this.#clock.monotonicMs() >= endMs)) break;
        this.#answer(peer, message);
        count += 1;
      }
      this.#waiting.delete(peer);
      const rest = peer.isOpen ? messages.slice(count) : [];
      if (rest.length > 0) this.#waiting.set(peer, rest);
      if (this.#clock.monotonicMs() >= endMs) break;
    }
    if (this.#waiting.size === 0) return;
    this.#isDue = true;
    setImmediate(() => {
      this.#isDue = false;
      this.#run();
    });
  }
}
