// Weighted max-min fair sharing between pools with minimum shares, after the Hadoop Fair Scheduler.
// Roles are the pools, their quota guarantees the minimum shares. Pools below their minimum come
// first, the least satisfied of them first of all; the others by use over weight.
import {
  Answer, HEADER, KINDS, RoleFlag, Slot, beginLayout, double, endLayout, placeF64, placeVectors,
  read, vector,
} from "../abi";
import { buildMasks } from "../shared/eligible";
import { beginGiving, firstOf, give, placeGiving } from "../shared/giving";
import { flagsOfRole } from "../shared/limits";
import { beginRound } from "../shared/remains";
import { before, memberCount, neediest, replay, setKey, setShare } from "../shared/sorter";
import {
  beginShares, buildTree, clientsFrom, creditTree, dominantShare, hasOwnMinimums, isRole, placeTree,
  submitOrder, usedOf, weightOf, wholeCluster,
} from "../shared/tree";

/** Its name is the major version of the ABI, its value the minor. */
export const allocator_abi_v1: u32 = 0;
/** There is no private state. */
export const state_schema: u32 = 1;

// The sorter has one share for each node, not negative. So that every pool below its minimum comes
// before every other, ratios of the one kind are scaled far below the other, exactly: by a power of
// two, with room for quotients of any two quantities.
// @ts-ignore: decorator
@inline const NEEDY_SCALE: f64 = reinterpret<f64>(((1023 - 600) as u64) << 52);
// @ts-ignore: decorator
@inline const LEAST_SHARE: f64 = reinterpret<f64>(((1023 - 300) as u64) << 52);

let params: usize = 0, roleGuarantee: usize = 0;

export function header(): usize { return HEADER; }

export function init(): i32 {
  beginLayout();
  placeGiving();
  placeTree();
  roleGuarantee = placeVectors(Slot.RoleGuarantee, Slot.RolesMax);
  params = placeF64(Slot.ParamValues, Slot.ParamsMax);
  return endLayout();
}

/** There is nothing to take over. */
export function restore(schema: u32, bytes: u32): i32 {
  return schema == state_schema && bytes == 0 ? Answer.OK : Answer.UNKNOWN_STATE;
}

/** One round over the candidates; see the ABI. */
export function allocate(): i32 {
  beginRound(read(Slot.Roles));
  buildMasks(read(Slot.Clients));
  const resource = read(Slot.Params) > 0 ? <i32>double(params, 0) : -1;
  // The share of one kind is the dominant share when all others are left out.
  beginShares(resource < 0 ? 0 : ~(<u32>1 << resource));
  buildTree<Fair>();
  beginGiving(hasOwnMinimums());
  return give<Fair>();
}

/** Pools below their minimum by how much of it they have, then the others by use over weight. */
function keyOf(node: u32): f64 {
  const share = dominantShare(usedOf(node)) / weightOf(node);
  if (isRole(node) && (flagsOfRole(node) & RoleFlag.GUARANTEED)) {
    const ratio = satisfaction(node);
    if (ratio < 1) return ratio * NEEDY_SCALE;
  }
  return max<f64>(share, LEAST_SHARE);
}

/** The least of used/guaranteed over the kinds that count and are guaranteed; 1 for none. */
function satisfaction(role: u32): f64 {
  let least: f64 = 1;
  for (let kind: u32 = 0; kind < KINDS; kind++) {
    const guaranteed = double(vector(roleGuarantee, role), kind);
    if (guaranteed > 0 && double(wholeCluster(), kind) < Infinity) {
      least = min<f64>(least, double(usedOf(role), kind) / guaranteed);
    }
  }
  return least;
}

class Fair {
  // @ts-ignore: decorator
  @inline prepare(): void {}

  // @ts-ignore: decorator
  @inline nobody(): bool { return memberCount(0) == 0; }

  // @ts-ignore: decorator
  @inline first(): u32 { return neediest(0, clientsFrom()) - clientsFrom(); }

  // @ts-ignore: decorator
  @inline next(): u32 { return firstOf<Fair>(); }

  // @ts-ignore: decorator
  @inline before(a: u32, b: u32): bool { return before(clientsFrom() + a, clientsFrom() + b); }

  // @ts-ignore: decorator
  @inline credit(client: u32, quantity: usize): void { creditTree<Fair>(client, quantity); }

  rank(node: u32): void { setKey(node, keyOf(node), 0, submitOrder(node)); }

  granted(node: u32): void {
    setShare(node, keyOf(node));
    replay(node);
  }
}
