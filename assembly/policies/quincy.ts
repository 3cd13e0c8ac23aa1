// Min-cost flow over frameworks, racks and agents, with preferences for where the data is. Isard
// et al., "Quincy: Fair Scheduling for Distributed Computing Clusters", SOSP 2009; solved from
// round to round by what changed, after Gog et al., "Firmament: Fast, Centralized Cluster
// Scheduling at Scale", OSDI 2016.
import {
  Answer, HEADER, KINDS, Slot, beginLayout, double, endLayout, placeF64, read, word, write,
} from "../abi";
import {
  beginClaims, claimStateBytes, placeClaims, waitingHelps,
} from "../quincy/claims";
import { asCost, placeCosts, readProgram } from "../quincy/costs";
import { placeFlow } from "../quincy/flow";
import { groupsFull, placeGroups } from "../quincy/groups";
import { beginLabels, placeLabels, prepareLabels } from "../quincy/labels";
import {
  anySpare, clearMarket, dropChanged, dropSpare, joinAll, joinChanged, placeMarket,
  prepareMarket, priceAll, priceChanges, settle, takesPart, updateClients,
} from "../quincy/market";
import { beginOffers, candidatesSeen, noteGrants, offerAll, placeOffers } from "../quincy/offers";
import { placePassing } from "../quincy/passing";
import { placeQueue } from "../quincy/queue";
import { placeSearch } from "../quincy/search";
import { placeSlots } from "../quincy/slots";
import { clearWork } from "../quincy/work";
import { buildMasks, clientReady } from "../shared/eligible";
import { placeGiving, rowCount, rowsFull } from "../shared/giving";
import { defaultMinimum, digestOfMinimum, minimumOf } from "../shared/minimum";
import { beginRound } from "../shared/remains";

/** Its name is the major version of the ABI, its value the minor. */
export const allocator_abi_v1: u32 = 0;
/** Schema 1: per client its submit order plus 1, and since when it waits, two f64. */
export const state_schema: u32 = 1;

// Parameters, by index, with what they are when the host gives none.
// @ts-ignore: decorator
@inline const SLOTS: u32 = 0;
// @ts-ignore: decorator
@inline const RACK_TRANSFER: u32 = 1;
// @ts-ignore: decorator
@inline const CORE_TRANSFER: u32 = 2;
// @ts-ignore: decorator
@inline const WAIT: u32 = 3;
// @ts-ignore: decorator
@inline const WAIT_SECOND: u32 = 4;
// @ts-ignore: decorator
@inline const SHARE: u32 = 5;
// @ts-ignore: decorator
@inline const PRIORITY: u32 = 6;
// @ts-ignore: decorator
@inline const PATIENCE: u32 = 7;

// @ts-ignore: decorator
@inline const SLOTS_MAX: u32 = 8;
/** As many idle rounds as there may be: the host takes a ninth for a standstill. */
// @ts-ignore: decorator
@inline const IDLE_ROUNDS_MAX: u32 = 8;
/** How often limits and demand may change the flow of one round. */
// @ts-ignore: decorator
@inline const PASSES_MAX: u32 = 8;

let params: usize = 0;
let started = false, minimums: u32 = 0;
/** Parameters that the network was built with. An operator may change them between two rounds. */
let builtSlots: u32 = 0, builtRack: f64 = 0, builtCore: f64 = 0;
/** Rounds in a row that ended without a decision, and not with the end of the work. */
let idleRounds: u32 = 0;

export function header(): usize { return HEADER; }

export function init(): i32 {
  beginLayout();
  placeGiving();
  placeCosts();
  placeClaims();
  placeFlow(SLOTS_MAX);
  placeSlots();
  placeGroups();
  placeLabels();
  placeSearch();
  placePassing();
  placeOffers();
  placeQueue();
  placeMarket();
  params = placeF64(Slot.ParamValues, Slot.ParamsMax);
  const answer = endLayout();
  if (answer != Answer.OK) return answer;
  prepareLabels();
  prepareMarket();
  return answer;
}

/** Takes over since when clients wait. */
export function restore(schema: u32, bytes: u32): i32 {
  return schema == state_schema && bytes == claimStateBytes() ? Answer.OK : Answer.UNKNOWN_STATE;
}

/** One round: the rows of a cheapest flow, or of the cheapest found within the steps. */
export function allocate(): i32 {
  const candidates = read(Slot.Candidates), stepsMax = <u64>read(Slot.StepsMax);
  beginRound(read(Slot.Roles));
  buildMasks(read(Slot.Clients));
  clearWork();
  beginLabels();
  const wait = asCost(param(WAIT, 1000)), waitSecond = asCost(param(WAIT_SECOND, 250));
  const share = asCost(param(SHARE, 20000)), priority = asCost(param(PRIORITY, 0));
  const slots = max<u32>(whole(param(SLOTS, 1), SLOTS_MAX), 1);
  const looked = updateNetwork(slots, wait, waitSecond, share, priority);
  let settled = settle(stepsMax);
  if (!settled && idleRounds < whole(param(PATIENCE, 4), IDLE_ROUNDS_MAX)) {
    return goOn(true, 0, 0);
  }
  beginOffers(stepsMax);
  for (let pass: u32 = 0; offerAll() && pass < PASSES_MAX; pass++) {
    if (!settle(stepsMax)) settled = false;
  }
  noteGrants();
  if (groupsFull() || (anySpare() && anybodyWaits())) write(Slot.LookAgain, 1);
  const done = min<u32>(looked, candidatesSeen());
  const more = !settled || rowsFull() || done < candidates;
  return goOn(more, settled && !rowsFull() ? done : 0, rowCount());
}

/**
 * Ends a round with so many rows. `more`: there is work left, beside the first candidates, which
 * are done. Never so often without a decision that it looks like a halt: then it waits for a batch.
 */
function goOn(more: bool, looked: u32, rows: u32): u32 {
  idleRounds = more && rows == 0 && looked == 0 ? idleRounds + 1 : 0;
  if (idleRounds > IDLE_ROUNDS_MAX) {
    idleRounds = 0;
    more = false;
    write(Slot.LookAgain, 1);
  }
  write(Slot.More, more ? 1 : 0);
  write(Slot.Looked, more ? looked : read(Slot.Candidates));
  return rows;
}

function param(index: u32, otherwise: f64): f64 {
  return read(Slot.Params) > index ? double(params, index) : otherwise;
}

/** A whole number from a parameter, at most this; 0 for what is none. */
function whole(value: f64, most: u32): u32 {
  return value > 0 ? <u32>min<f64>(value, <f64>most) : 0;
}

/** A price from a parameter: not below 0, and 0 for what is no number. */
function price(value: f64): f64 { return value > 0 ? value : 0; }

/** Brings the network up to date; the number of candidates, from the first, that are in it. */
function updateNetwork(
  slots: u32, wait: i32, waitSecond: i32, share: i32, priority: i32,
): u32 {
  const least = digestOfMinimums(), own = hasOwnMinimums();
  const rack = price(param(RACK_TRANSFER, 1)), core = price(param(CORE_TRANSFER, 2));
  const repriced = rack != builtRack || core != builtCore || slots != builtSlots;
  const reread = !started || repriced || read(Slot.ProgramChanged) != 0;
  const anew = reread || read(Slot.EverythingChanged) != 0 || least != minimums;
  started = true;
  minimums = least;
  builtSlots = slots;
  builtRack = rack;
  builtCore = core;
  let looked: u32 = 0;
  if (reread) readProgram(rack, core);
  if (anew) {
    clearMarket(slots, own);
    beginClaims(slots, wait, waitSecond, share, priority);
    updateClients();
    looked = joinAll();
    priceAll();
    return looked;
  }
  beginClaims(slots, wait, waitSecond, share, priority);
  dropChanged();
  const cold = updateClients();
  dropSpare();
  looked = joinChanged();
  if (cold) priceAll();
  else priceChanges();
  return looked;
}

function anybodyWaits(): bool {
  for (let client: u32 = 0; client < read(Slot.Clients); client++) {
    if (takesPart(client) && waitingHelps(client)) return true;
  }
  return false;
}

function hasOwnMinimums(): bool {
  for (let client: u32 = 0; client < read(Slot.Clients); client++) {
    if (clientReady(client) && minimumOf(client) != defaultMinimum()) return true;
  }
  return false;
}

/** Changes, in all likelihood, when anybody's minimum does. */
function digestOfMinimums(): u32 {
  let digest = digestOfMinimum(defaultMinimum());
  for (let client: u32 = 0; client < read(Slot.Clients); client++) {
    if (!clientReady(client) || minimumOf(client) == defaultMinimum()) continue;
    digest = (digest ^ client) * 0x9e3779b1 + digestOfMinimum(minimumOf(client));
  }
  return digest;
}
