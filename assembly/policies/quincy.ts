// Min-cost flow over frameworks, racks and agents, with preferences for where the data is. Isard
// et al., "Quincy: Fair Scheduling for Distributed Computing Clusters", SOSP 2009; solved from
// round to round by what changed, after Gog et al., "Firmament: Fast, Centralized Cluster
// Scheduling at Scale", OSDI 2016.
import {
  Answer, HEADER, KINDS, Slot, beginLayout, double, endLayout, placeF64, read, word, write,
} from "../abi";
import {
  clearMarks, dropChanged, dropSpare, joinAll, joinChanged, placeChanges,
} from "../quincy/changes";
import { beginClaims, keepWaiting, placeClaims, waitingHelps } from "../quincy/claims";
import { asCost, digestOfProgram, placeCosts, readProgram } from "../quincy/costs";
import { excludeSated, placeDemands } from "../quincy/demands";
import { flowEnd, keepFlow } from "../quincy/flow";
import { groupsFull, keepGroups } from "../quincy/groups";
import { beginPass, growTree, placeGuaranteed } from "../quincy/guaranteed";
import {
  Kept, beginKept, endKept, isSealed, keep, keepDouble, keepLong, kept, keptBytes, keptDouble,
  keptLong, seal,
} from "../quincy/kept";
import { beginLabels, keepPrices, placeLabels, prepareLabels } from "../quincy/labels";
import {
  anySpare, clearMarket, keepMarket, priceAll, priceChanges, settle, takesPart, updateClients,
} from "../quincy/market";
import {
  beginOffers, candidatesSeen, markGuaranteed, noteGrants, offerAll, placeOffers,
} from "../quincy/offers";
import { keepClaims } from "../quincy/passing";
import { keepQueue } from "../quincy/queue";
import { keepGroupPrices, placeSearch } from "../quincy/search";
import { placeSlots, setSlots } from "../quincy/slots";
import { clearWork } from "../quincy/work";
import { buildMasks, clientReady } from "../shared/eligible";
import { placeGiving, rowCount, rowsFull } from "../shared/giving";
import { defaultMinimum, digestOfMinimum, minimumOf } from "../shared/minimum";

/** Its name is the major version of the ABI, its value the minor. */
export const allocator_abi_v1: u32 = 0;
/** Schema 2: the network with its flow and prices, as quincy/kept.ts has it. */
export const state_schema: u32 = 2;

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
/** Was the program read by this instance? */
let hasRead = false;
/** Was the network handed over since the last round? Then the host's lists may be too short. */
let handedOver = false;

export function header(): usize { return HEADER; }

export function init(): i32 {
  beginLayout();
  placeGiving();
  placeCosts();
  placeGuaranteed();
  placeDemands();
  placeClaims();
  placeSlots();
  placeLabels();
  placeSearch();
  placeOffers();
  placeChanges();
  params = placeF64(Slot.ParamValues, Slot.ParamsMax);
  beginKept();
  keepWaiting();
  keepPrices();
  keepGroupPrices();
  keepClaims();
  keepMarket();
  keepQueue();
  keepGroups();
  keepFlow(SLOTS_MAX);
  endKept();
  const answer = endLayout();
  if (answer == Answer.OK) prepareLabels();
  return answer;
}

/** Takes the network over, with its flow, its prices, and since when clients wait. */
export function restore(schema: u32, bytes: u32): i32 {
  if (schema != state_schema || bytes != keptBytes()) return Answer.UNKNOWN_STATE;
  // What no round has left is nothing yet.
  if (kept(Kept.STARTED) != 0 && !isSealed(flowEnd())) return Answer.UNKNOWN_STATE;
  handedOver = true;
  hasRead = false;
  return Answer.OK;
}

/** One round: the rows of a cheapest flow, or of the cheapest found within the steps. */
export function allocate(): i32 {
  const candidates = read(Slot.Candidates), stepsMax = <u64>read(Slot.StepsMax);
  buildMasks(read(Slot.Clients));
  excludeSated();
  clearWork();
  beginLabels();
  const wait = asCost(param(WAIT, 1000)), waitSecond = asCost(param(WAIT_SECOND, 250));
  const share = asCost(param(SHARE, 20000)), priority = asCost(param(PRIORITY, 0));
  const slots = max<u32>(whole(param(SLOTS, 1), SLOTS_MAX), 1);
  const looked = updateNetwork(slots, wait, waitSecond, share, priority);
  let settled = settle(stepsMax);
  if (!settled && kept(Kept.IDLE_ROUNDS) < whole(param(PATIENCE, 4), IDLE_ROUNDS_MAX)) {
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
  const idle = more && rows == 0 && looked == 0;
  keep(Kept.IDLE_ROUNDS, idle ? kept(Kept.IDLE_ROUNDS) + 1 : 0);
  if (kept(Kept.IDLE_ROUNDS) > IDLE_ROUNDS_MAX) {
    keep(Kept.IDLE_ROUNDS, 0);
    more = false;
    write(Slot.LookAgain, 1);
  }
  handedOver = false;
  seal(flowEnd());
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
  const rack = price(param(RACK_TRANSFER, 1)), core = price(param(CORE_TRANSFER, 2));
  const reread = !hasRead || read(Slot.ProgramChanged) != 0 || isRepriced(rack, core);
  if (reread) readProgram(rack, core);
  hasRead = true;
  const anew = noteBasis(slots, rack, core);
  setSlots(slots, hasOwnMinimums());
  growTree();
  if (anew) clearMarket();
  beginPass(false);
  beginClaims(slots, wait, waitSecond, share, priority);
  if (anew) {
    updateClients();
    const looked = joinAll();
    priceAll();
    markLater();
    return looked;
  }
  markGuaranteed();
  dropChanged(handedOver || read(Slot.EverythingChanged) != 0);
  const cold = updateClients();
  dropSpare();
  const looked = joinChanged();
  if (cold) priceAll();
  else priceChanges();
  markLater();
  return looked;
}

/** What guarantees took off agents they may have again, if the kernel does not take the rows. */
function markLater(): void {
  clearMarks();
  markGuaranteed();
}

// @ts-ignore: decorator
@inline function isRepriced(rack: f64, core: f64): bool {
  return rack != keptDouble(Kept.RACK_PRICE) || core != keptDouble(Kept.CORE_PRICE);
}

/** Notes what the network is built on; true when that is not what it was. */
function noteBasis(slots: u32, rack: f64, core: f64): bool {
  const least = digestOfMinimums(), program = digestOfProgram();
  if (
    kept(Kept.STARTED) != 0 && !isRepriced(rack, core) && slots == kept(Kept.SLOTS) &&
    least == kept(Kept.MINIMUMS) && program == keptLong(Kept.PROGRAM)
  ) return false;
  keep(Kept.STARTED, 1);
  keep(Kept.SLOTS, slots);
  keep(Kept.MINIMUMS, least);
  keepDouble(Kept.RACK_PRICE, rack);
  keepDouble(Kept.CORE_PRICE, core);
  keepLong(Kept.PROGRAM, program);
  return true;
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
