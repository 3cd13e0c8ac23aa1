// The ranking of dominant resource fairness (E2): a node's key is its dominant share, over its
// weight where it is a role, then its number of grants, then its name or submission.
import { raise, setKey, setShare } from "./sorter";
import { dominantShare, grantsOf, isClient, isRole, rankOrder, usedOf, weightOf } from "./tree";

/** Sets a node's key from all that it holds. */
// @ts-ignore: decorator
@inline export function rankByDominantShare(node: u32): void {
  const value = dominantShare(usedOf(node));
  if (isClient(node)) setKey(node, value, grantsOf(node), rankOrder(node));
  else if (isRole(node)) setKey(node, value / weightOf(node), grantsOf(node), rankOrder(node));
  else setShare(node, value);
}

/** Puts a node where it belongs among its siblings after it was given something. */
// @ts-ignore: decorator
@inline export function raiseByDominantShare(node: u32): void {
  let value = dominantShare(usedOf(node));
  if (isRole(node)) value /= weightOf(node);
  raise(node, value);
}
