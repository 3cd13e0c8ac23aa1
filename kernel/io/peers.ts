import type { Peer } from "../../contract/ports/transport.ts";
import type { PeerNumber } from "../core/event.ts";

/**
 * Connections of all transports under one numbering: each transport numbers its own peers, and the
 * core must be able to tell them apart.
 */
export class Peers {
  readonly #byNumber = new Map<PeerNumber, Peer>();
  readonly #numbers = new WeakMap<Peer, PeerNumber>();
  #next: PeerNumber = 1;

  /** Gives a peer its number. */
  add(peer: Peer): PeerNumber {
    const number = this.#next++;
    this.#byNumber.set(number, peer);
    this.#numbers.set(peer, number);
    return number;
  }

  /** The number of a peer that was added, also after it was removed. */
  numberOf(peer: Peer): PeerNumber | undefined {
    return this.#numbers.get(peer);
  }

  /** The peer, while it is connected. */
  get(number: PeerNumber): Peer | undefined {
    return this.#byNumber.get(number);
  }

  /** Forgets a peer that is gone and returns its number. */
  remove(peer: Peer): PeerNumber | undefined {
    const number = this.#numbers.get(peer);
    if (number !== undefined) this.#byNumber.delete(number);
    return number;
  }

  /** How many are connected. */
  get size(): number {
    return this.#byNumber.size;
  }
}
