import type { Expiries, ExpiryColumns } from "../core/filters.ts";
import type { ViewOf } from "./columns.ts";
import { EXPIRIES_MAX, Slot } from "./slots.ts";

/**
 * Keeps a policy's list of the refusals that end first, if it placed one; costs nothing else.
 * Bounded, because a column with a time for each pair would take 80 MB at 10,000 agents and 1,000
 * clients: what matters soon is at the head of the list.
 */
export class ExpiryWriter {
  readonly #header: Uint32Array;
  readonly #columns: ExpiryColumns | undefined;
  /** The source and its version that were written last. */
  #from: Expiries | undefined;
  #version = -1;

  /** A guest that wants the list places all three columns. */
  constructor(header: Uint32Array, view: ViewOf) {
    this.#header = header;
    const untilMs = view(Slot.FilterExpiry, new Float64Array(EXPIRIES_MAX));
    const agent = view(Slot.FilterExpiryAgent, new Uint32Array(EXPIRIES_MAX));
    const client = view(Slot.FilterExpiryClient, new Uint32Array(EXPIRIES_MAX));
    if (untilMs === undefined || agent === undefined || client === undefined) return;
    this.#columns = { untilMs, agent, client } as ExpiryColumns;
  }

  /** Writes what there is now, unless nothing has changed since the last time. */
  write(from: Expiries | undefined): void {
    if (this.#columns === undefined) return;
    if (from === this.#from && from?.version === this.#version) return;
    this.#from = from;
    this.#version = from?.version ?? -1;
    this.#header[Slot.Expiries] = from?.soonest(this.#columns) ?? 0;
  }
}
