// What part of the cluster the weights of the role tree give each client: the product, over the way
// from it to the root, of a node's part of the weights of its siblings. Only what hangs in the tree
// of the round counts, so the parts of all ready clients sum up to 1.
import { double, read, reserve, setDouble, Slot } from "../abi";
import { NOBODY, parentOf } from "./sorter";
import { clientsFrom, weightOf } from "./tree";

/** Per node of the tree: the weights of its members together. */
let weights: usize = 0;

/** Reserves what `sumWeights` fills; goes with `placeTree`. */
export function placeChances(): void {
  weights = reserve((read(Slot.RolesMax) * 2 + read(Slot.ClientsMax)) << 3);
}

/** Sums the weights up below every node. All nodes hang in the tree already. */
export function sumWeights(): void {
  const nodes = clientsFrom() + read(Slot.Clients);
  memory.fill(weights, 0, nodes << 3);
  for (let node: u32 = 1; node < nodes; node++) {
    const parent = parentOf(node);
    if (parent != NOBODY) setDouble(weights, parent, double(weights, parent) + weightOf(node));
  }
}

/** The part of a ready client, above 0 and at most 1. */
export function chanceOf(client: u32): f64 {
  let node = clientsFrom() + client, chance: f64 = 1;
  while (node != 0) {
    const parent = parentOf(node);
    chance *= weightOf(node) / double(weights, parent);
    node = parent;
  }
  return chance;
}
