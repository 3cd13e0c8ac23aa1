import type { OfferColumns, OffersOut } from "../core/offers-out.ts";
import { KINDS } from "../core/tables/shape.ts";
import type { ViewOf } from "./columns.ts";
import { Slot } from "./slots.ts";

/**
 * Keeps a policy's list of the offers that are out, if it placed one; costs nothing else. Bounded
 * by what the header says: there are rarely more, and those that are left out are the newest.
 */
export class OfferWriter {
  readonly #header: Uint32Array;
  readonly #columns: OfferColumns | undefined;
  #from: OffersOut | undefined;
  #version = -1;

  /** A guest that wants the list places agents and clients, and of the others what it likes. */
  constructor(header: Uint32Array, view: ViewOf) {
    this.#header = header;
    const rows = header[Slot.OffersMax] as number;
    const agent = view(Slot.OfferAgent, new Uint32Array(rows));
    const client = view(Slot.OfferClient, new Uint32Array(rows));
    const doubles = (slot: number, width: number) =>
      view(slot, new Float64Array(rows * width)) as Float64Array | undefined;
    const sinceMs = doubles(Slot.OfferSince, 1);
    const amounts = doubles(Slot.OfferAmounts, KINDS);
    const unreserved = doubles(Slot.OfferUnreserved, KINDS);
    if (agent === undefined || client === undefined) return;
    this.#columns = { agent, client, sinceMs, amounts, unreserved } as OfferColumns;
  }

  /** Writes what is out now, unless nothing has changed since the last time. */
  write(from: OffersOut | undefined): void {
    if (this.#columns === undefined) return;
    const isSame = from === this.#from && from?.version === this.#version;
    this.#header[Slot.OffersChanged] = isSame ? 0 : 1;
    if (isSame) return;
    this.#from = from;
    this.#version = from?.version ?? -1;
    this.#header[Slot.Offers] = from?.list(this.#columns) ?? 0;
  }
}
