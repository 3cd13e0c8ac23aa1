import type { DecisionRows } from "../../kernel/allocation/policy.ts";
import { DecisionFlag } from "../../kernel/allocation/slots.ts";
import type { OfferColumns, OffersOut } from "../../kernel/core/offers-out.ts";
import { KINDS } from "../../kernel/core/tables/shape.ts";

/** Something that was offered and not answered. Vectors are in thousandths. */
export interface OpenOffer {
  readonly agent: number;
  readonly client: number;
  readonly sinceMs: number;
  /** All of it, and the part that is neither reserved nor revocable. */
  readonly sum: Float64Array;
  readonly unreserved: Float64Array;
}

/** What is offered and not answered where there is no master to know it. */
export class OfferBook<Offer extends OpenOffer> implements OffersOut {
  readonly #offers = new Set<Offer>();
  #version = 0;

  get version(): number {
    return this.#version;
  }

  [Symbol.iterator](): Iterator<Offer> {
    return this.#offers.values();
  }

  add(offer: Offer): void {
    this.#offers.add(offer);
    this.#version += 1;
  }

  /** Forgets an offer that was answered or came back. */
  remove(offer: Offer): void {
    if (this.#offers.delete(offer)) this.#version += 1;
  }

  /** The offers that a client holds of an agent. */
  of(agent: number, client: number): Offer[] {
    return [...this.#offers].filter((one) => one.agent === agent && one.client === client);
  }

  /** The offers that the rows of a round take back. */
  takenBy({ count, agents, clients, flags }: DecisionRows): Set<Offer> {
    const taken = new Set<Offer>();
    for (let row = 0; row < count; row++) {
      if (flags[row] !== DecisionFlag.RECLAIM) continue;
      const held = this.of(agents[row] as number, clients[row] as number);
      for (const offer of held) taken.add(offer);
    }
    return taken;
  }

  has(agent: number, client: number): boolean {
    return this.of(agent, client).length > 0;
  }

  list(into: OfferColumns): number {
    const rows = new Map<string, number>();
    for (const { agent, client, sinceMs, sum, unreserved } of this.#offers) {
      const pair = `${agent} ${client}`;
      const isNew = !rows.has(pair);
      const row = rows.get(pair) ?? rows.size;
      if (row === into.agent.length) continue;
      rows.set(pair, row);
      into.agent[row] = agent;
      into.client[row] = client;
      if (into.sinceMs) into.sinceMs[row] = sinceMs;
      for (const [to, from] of [
        [into.amounts, sum],
        [into.unreserved, unreserved],
      ] as const) {
        for (let kind = 0; to !== undefined && kind < KINDS; kind++) {
          const at = row * KINDS + kind;
          to[at] = (isNew ? 0 : (to[at] as number)) + (from[kind] as number);
        }
      }
    }
    return rows.size;
  }
}
