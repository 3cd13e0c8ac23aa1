// Weighted random: every agent goes to a client drawn by lot. Weights count among siblings of the
// role tree, as they do for sharing; seed and round decide, so that every draw can be replayed.
import {
  Answer, HEADER, Slot, beginLayout, double, endLayout, read, reserve, setDouble, setWord, word,
} from "../abi";
import { chanceOf, placeChances, sumWeights } from "../shared/chances";
import { allowedWord, buildMasks, clientReady } from "../shared/eligible";
import { beginGiving, canServe, give, placeGiving } from "../shared/giving";
import { beginRandom, draw } from "../shared/random";
import { beginRound } from "../shared/remains";
import { NOBODY } from "../shared/sorter";
import { beginShares, buildTree, hasOwnMinimums, placeTree } from "../shared/tree";

/** Its name is the major version of the ABI, its value the minor. */
export const allocator_abi_v1: u32 = 0;
/** There is no private state. */
export const state_schema: u32 = 1;

/** Per client: how likely it is to be drawn. */
let chance: usize = 0;
/** Ready clients, and the sum of their chances up to and with each. */
let entrants: usize = 0, sums: usize = 0;
let entries: u32 = 0;

export function header(): usize { return HEADER; }

export function init(): i32 {
  beginLayout();
  placeGiving();
  placeTree();
  const clients = read(Slot.ClientsMax);
  placeChances();
  chance = reserve(clients << 3);
  entrants = reserve(clients << 2);
  sums = reserve(clients << 3);
  return endLayout();
}

/** There is nothing to take over. */
export function restore(schema: u32, bytes: u32): i32 {
  return schema == state_schema && bytes == 0 ? Answer.OK : Answer.UNKNOWN_STATE;
}

/** One round over the candidates; see the ABI. */
export function allocate(): i32 {
  beginRound(read(Slot.Roles));
  beginRandom();
  buildMasks(read(Slot.Clients));
  beginShares(0);
  buildTree<Lottery>();
  findChances();
  beginGiving(hasOwnMinimums());
  return give<Lottery>();
}

function findChances(): void {
  const clients = read(Slot.Clients);
  let sum: f64 = 0;
  entries = 0;
  for (let client: u32 = 0; client < clients; client++) {
    if (!clientReady(client)) continue;
    const likely = chanceOf(client);
    setDouble(chance, client, likely);
    sum += likely;
    setWord(entrants, entries, client);
    setDouble(sums, entries, sum);
    entries += 1;
  }
}

class Lottery {
  // @ts-ignore: decorator
  @inline prepare(): void { sumWeights(); }

  // @ts-ignore: decorator
  @inline rank(node: u32): void {}

  // @ts-ignore: decorator
  @inline nobody(): bool { return entries == 0; }

  /** Draws from all, whether they can use the agent or not: mostly they can. */
  first(): u32 {
    const lot = draw() * double(sums, entries - 1);
    let low: u32 = 0, high = entries - 1;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (double(sums, middle) > lot) high = middle;
      else low = middle + 1;
    }
    return word(entrants, low);
  }

  /** Draws from those that can use the agent: each takes the lead from those before by its part. */
  next(): u32 {
    const clients = read(Slot.Clients);
    let leader = NOBODY, sum: f64 = 0;
    for (let at: u32 = 0; at << 5 < clients; at++) {
      for (let bits = allowedWord(at); bits != 0; bits &= bits - 1) {
        const client = (at << 5) + ctz(bits);
        if (!canServe(client)) continue;
        const likely = double(chance, client);
        sum += likely;
        if (draw() * sum < likely) leader = client;
      }
    }
    return leader;
  }

  // @ts-ignore: decorator
  @inline credit(client: u32, quantity: usize): void {}
}
