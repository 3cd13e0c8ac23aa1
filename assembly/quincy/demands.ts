// What clients have asked for and were not given yet in this round. Where one says nothing, it
// wants all that there is.
import { ClientFlag, Slot, placeVectors, read, reserve, vector } from "../abi";
import { clientReady, exclude, flagsOfClient } from "../shared/eligible";
import * as vectors from "../shared/vector";

let demand: usize = 0, wanted: usize = 0;

/** Places what clients ask for. */
export function placeDemands(): void {
  demand = placeVectors(Slot.ClientDemand, Slot.ClientsMax);
  wanted = reserve(read(Slot.ClientsMax) << 6);
}

/** Starts a pass over the offers of a round, in which nobody was given anything yet. */
export function beginDemands(): void { memory.copy(wanted, demand, read(Slot.Clients) << 6); }

/** Takes those out of the round who say that they want nothing. */
export function excludeSated(): void {
  for (let client: u32 = 0; client < read(Slot.Clients); client++) {
    if (!clientReady(client) || !hasDemand(client)) continue;
    if (!vectors.some(vector(demand, client))) exclude(client);
  }
}

// @ts-ignore: decorator
@inline export function hasDemand(client: u32): bool {
  return (flagsOfClient(client) & ClientFlag.HAS_DEMAND) != 0;
}

/** What a client that says something asked for before the round. */
// @ts-ignore: decorator
@inline export function demandOf(client: u32): usize { return vector(demand, client); }

/** What of that it was not given yet. */
// @ts-ignore: decorator
@inline export function wantedOf(client: u32): usize { return vector(wanted, client); }

// @ts-ignore: decorator
@inline export function isSated(client: u32): bool {
  return hasDemand(client) && !vectors.some(wantedOf(client));
}

/** Notes what a client was given. */
// @ts-ignore: decorator
@inline export function noteGiven(client: u32, quantity: usize): void {
  if (hasDemand(client)) vectors.subtractFrom(wantedOf(client), quantity);
}
