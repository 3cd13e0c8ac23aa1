// Quota guarantees come before the flow, and are none of its business: roles below theirs are
// served as under `drf`, lowest share first, and what they lack still is held back from the flow.
import { Presence, Slot, read, reserve, vector } from "../abi";
import { placeChances, sumWeights } from "../shared/chances";
import { beginGiving, rowCount } from "../shared/giving";
import { giveGuaranteed, placeGuarantees } from "../shared/guarantees";
import { beginRound, placeKept, sharedSurplus } from "../shared/remains";
import { before, raise, setKey, setShare } from "../shared/sorter";
import {
  beginShares, buildTree, clientsFrom, creditTree, dominantShare, grantsOf, isClient, isRole,
  placeTree, rankOrder, usedOf, weightOf,
} from "../shared/tree";
import * as vectors from "../shared/vector";
import { beginDemands, noteGiven } from "./demands";

let guaranteedRows: u32 = 0;
/** Column: what each client has, with what guarantees have given it in this round. */
let held: usize = 0;

/** Places the role tree, with guarantees. */
export function placeGuaranteed(): void {
  placeKept();
  placeTree();
  placeChances();
  placeGuarantees();
  held = reserve(read(Slot.ClientsMax) << 6);
}

/** Grows the tree of the round: for its weights, and for the order in which guarantees are met. */
export function growTree(): void {
  beginShares(0);
  buildTree<ByShare>();
}

/**
 * Starts the offers of a round, or starts them once more: with the rows that guarantees ask for,
 * the same ones each time. `again`: the tree has been used up by the time before.
 */
export function beginPass(again: bool): void {
  beginRound(read(Slot.Roles));
  beginGiving(false);
  beginDemands();
  memory.copy(held, read(Slot.ClientUsed), read(Slot.Clients) << 6);
  if (anyGuarantees()) {
    if (again) growTree();
    giveGuaranteed<ByShare>();
  }
  guaranteedRows = rowCount();
}

/** Rows, from the first, that guarantees asked for. */
// @ts-ignore: decorator
@inline export function rowsGuaranteed(): u32 { return guaranteedRows; }

/** What a client has, with what guarantees have given it in this round. */
// @ts-ignore: decorator
@inline export function heldBy(client: u32): usize { return vector(held, client); }

/** What the flow may give away in all; 0 for as much as there is. */
// @ts-ignore: decorator
@inline export function headroom(): usize { return sharedSurplus(); }

// @ts-ignore: decorator
@inline function anyGuarantees(): bool {
  return (read(Slot.Presence) & Presence.GUARANTEES) != 0;
}

/** The order of `drf`. */
class ByShare {
  // @ts-ignore: decorator
  @inline prepare(): void { sumWeights(); }

  // @ts-ignore: decorator
  @inline before(a: u32, b: u32): bool { return before(clientsFrom() + a, clientsFrom() + b); }

  credit(client: u32, quantity: usize): void {
    creditTree<ByShare>(client, quantity);
    vectors.addTo(heldBy(client), quantity);
    noteGiven(client, quantity);
  }

  rank(node: u32): void {
    if (!anyGuarantees()) return;
    const value = dominantShare(usedOf(node)) / weightOf(node);
    if (isClient(node) || isRole(node)) setKey(node, value, grantsOf(node), rankOrder(node));
    else setShare(node, value);
  }

  // @ts-ignore: decorator
  @inline granted(node: u32): void { raise(node, dominantShare(usedOf(node)) / weightOf(node)); }
}
