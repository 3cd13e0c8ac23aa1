// Hierarchical weighted dominant resource fairness, with Mesos semantics (E2–E5, E8, E9, E11).
// Ghodsi et al., "Dominant Resource Fairness: Fair Allocation of Multiple Resource Types", NSDI
// 2011. Each agent goes whole to the client that the role tree puts first; before that, roles below
// their guarantee are given what they lack, and what they lack still is held back from all.
import {
  Answer, HEADER, Presence, Slot, beginLayout, double, endLayout, placeF64, placeState, read,
} from "../abi";
import { rankByDominantShare, raiseByDominantShare } from "../shared/dominant";
import { buildMasks } from "../shared/eligible";
import { beginGiving, firstOf, give, placeGiving } from "../shared/giving";
import { giveGuaranteed, placeGuarantees } from "../shared/guarantees";
import { beginRound, placeKept } from "../shared/remains";
import { before, memberCount, neediest } from "../shared/sorter";
import {
  beginShares, buildTree, clientsFrom, creditTree, hasOwnMinimums, placeTree,
} from "../shared/tree";

/** Its name is the major version of the ABI, its value the minor. */
export const allocator_abi_v1: u32 = 0;
/** Counts the meanings of the private state. Schema 1: rounds run, as a u64. */
export const state_schema: u32 = 1;

// @ts-ignore: decorator
@inline const STATE_BYTES: u32 = 64;

let state: usize = 0, params: usize = 0;

export function header(): usize { return HEADER; }

export function init(): i32 {
  beginLayout();
  placeGiving();
  placeKept();
  placeTree();
  placeGuarantees();
  params = placeF64(Slot.ParamValues, Slot.ParamsMax);
  state = placeState(STATE_BYTES);
  return endLayout();
}

/** Takes over what an earlier instance left, already copied to the state's address. */
export function restore(schema: u32, bytes: u32): i32 {
  return schema == state_schema && bytes == STATE_BYTES ? Answer.OK : Answer.UNKNOWN_STATE;
}

/**
 * One round over the candidates, in the order given. Returns the number of decision rows; when the
 * steps or the rows ran out before the candidates, More is 1 and Looked says how many were done.
 */
export function allocate(): i32 {
  store<u64>(state, load<u64>(state) + 1);
  beginRound(read(Slot.Roles));
  buildMasks(read(Slot.Clients));
  beginShares(read(Slot.Params) > 0 ? <u32>double(params, 0) : 0);
  buildTree<Drf>();
  beginGiving(hasOwnMinimums());
  if (read(Slot.Presence) & Presence.GUARANTEES) giveGuaranteed<Drf>();
  return give<Drf>();
}

/** The order of E2: share, then number of grants, then name or submission. */
class Drf {
  // @ts-ignore: decorator
  @inline prepare(): void {}

  // @ts-ignore: decorator
  @inline nobody(): bool { return memberCount(0) == 0; }

  // @ts-ignore: decorator
  @inline first(): u32 { return neediest(0, clientsFrom()) - clientsFrom(); }

  // @ts-ignore: decorator
  @inline next(): u32 { return firstOf<Drf>(); }

  // @ts-ignore: decorator
  @inline before(a: u32, b: u32): bool { return before(clientsFrom() + a, clientsFrom() + b); }

  // @ts-ignore: decorator
  @inline credit(client: u32, quantity: usize): void { creditTree<Drf>(client, quantity); }

  rank(node: u32): void { rankByDominantShare(node); }

  // @ts-ignore: decorator
  @inline granted(node: u32): void { raiseByDominantShare(node); }
}
