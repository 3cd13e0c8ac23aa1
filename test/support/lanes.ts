import type { Random } from "../../conformance/random.ts";
import type { AgentOrder } from "../../contract/agent-api.ts";
import type { FrameworkEvent } from "../../contract/framework-api.ts";
import type { ClusterInput } from "../../kernel/core/event.ts";

/** Something on its way from the master. */
export type Item =
  | { readonly to: number; readonly order: AgentOrder }
  | { readonly to: number; readonly event: FrameworkEvent };

/** Connections that keep the order of each direction, and lose everything when they end. */
export class Lanes {
  #next = 1;
  readonly #down = new Map<number, Item[]>();
  readonly #up = new Map<number, ClusterInput[]>();

  /** Open connections. */
  get peers(): number[] {
    return [...this.#down.keys()];
  }

  /** A new connection. */
  open(): number {
    const peer = this.#next++;
    this.#down.set(peer, []);
    this.#up.set(peer, []);
    return peer;
  }

  close(peer: number): void {
    this.#down.delete(peer);
    this.#up.delete(peer);
  }

  /** Puts something on its way from the master. */
  send(item: Item): void {
    this.#down.get(item.to)?.push(item);
  }

  /** Puts something on its way to the master. */
  put(peer: number, input: ClusterInput): void {
    this.#up.get(peer)?.push(input);
  }

  /** The next message of some connection or other. */
  take(random: Random): ClusterInput | Item | undefined {
    const lanes = [...this.#up.values(), ...this.#down.values()].filter((lane) => lane.length > 0);
    return lanes.length === 0 ? undefined : random.pick(lanes).shift();
  }
}
