// First in, first out: agents go whole to the framework that was submitted first, until it has what
// it asked for. With back-fill, what it cannot use goes to those behind it.
import {
  Answer, ClientFlag, HEADER, Slot, beginLayout, double, endLayout, placeF64, placeVectors, read,
  reserve, vector,
} from "../abi";
import {
  buildMasks, clientReady, exclude, flagsOfClient, isAllowed,
} from "../shared/eligible";
import { beginGiving, canServe, firstOf, give, placeGiving } from "../shared/giving";
import { defaultMinimum, minimumOf } from "../shared/minimum";
import { beginRound } from "../shared/remains";
import {
  NOBODY, attach, before, clearSorter, deserted, memberCount, neediest, openTournament, play,
  replay, reserveSorter, seat, setDepth, setKey, setShare, shareOf, unseat,
} from "../shared/sorter";
import { beginTurns, noteTurn, placeTurns, turnOf } from "../shared/turns";
import * as vectors from "../shared/vector";

/** Its name is the major version of the ABI, its value the minor. */
export const allocator_abi_v1: u32 = 0;
/** There is no private state. */
export const state_schema: u32 = 1;

// Parameters, by index.
// @ts-ignore: decorator
@inline const BACK_FILL: u32 = 0;
// @ts-ignore: decorator
@inline const PRIORITIES: u32 = 1;
// @ts-ignore: decorator
@inline const SLOW_START: u32 = 2;

/** Nodes of the sorter are clients, shifted by one: node 0 is the queue itself. */
// @ts-ignore: decorator
@inline const FROM: u32 = 1;

let params: usize = 0, clientOrder: usize = 0, clientPriority: usize = 0, clientDemand: usize = 0;
/** Per client: what it asked for and has not been given. Where it says nothing, it wants all. */
let wanted: usize = 0;
let backFill = true;

export function header(): usize { return HEADER; }

export function init(): i32 {
  beginLayout();
  placeGiving();
  placeTurns();
  clientOrder = placeF64(Slot.ClientSubmitOrder, Slot.ClientsMax);
  clientPriority = placeF64(Slot.ClientPriority, Slot.ClientsMax);
  clientDemand = placeVectors(Slot.ClientDemand, Slot.ClientsMax);
  params = placeF64(Slot.ParamValues, Slot.ParamsMax);
  wanted = reserve(read(Slot.ClientsMax) << 6);
  reserveSorter(read(Slot.ClientsMax) + FROM);
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
  backFill = read(Slot.Params) <= BACK_FILL || double(params, BACK_FILL) != 0;
  // Without back-filling the first in line keeps all others waiting, whatever it does with it.
  beginTurns(backFill && read(Slot.Params) > SLOW_START && double(params, SLOW_START) != 0);
  beginGiving(lineUp(read(Slot.Params) > PRIORITIES && double(params, PRIORITIES) != 0));
  return give<Fifo>();
}

/** Lines up those that want something; true when one of them has a minimum of its own. */
function lineUp(byPriority: bool): bool {
  const clients = read(Slot.Clients), usual = defaultMinimum();
  let ownMinimums = false;
  clearSorter(clients + FROM);
  memory.copy(wanted, clientDemand, clients << 6);
  for (let client: u32 = 0; client < clients; client++) {
    if (!clientReady(client)) continue;
    if (isSated(client)) exclude(client);
    else {
      attach(client + FROM, 0);
      if (minimumOf(client) != usual) ownMinimums = true;
    }
  }
  if (memberCount(0) == 0) return ownMinimums;
  openTournament(0);
  for (let client: u32 = 0; client < clients; client++) {
    if (!clientReady(client) || isSated(client)) continue;
    seat(client + FROM);
    setDepth(client + FROM);
    // The second key of the sorter takes the priority, the higher the earlier.
    const priority = byPriority ? double(clientPriority, client) : 0;
    setKey(client + FROM, 0, -priority, double(clientOrder, client));
  }
  play(0);
  return ownMinimums;
}

function isSated(client: u32): bool {
  if (!(flagsOfClient(client) & ClientFlag.HAS_DEMAND)) return false;
  return !vectors.some(vector(wanted, client));
}

/** Has a client go behind those in earlier turns. */
function takeTurn(client: u32): void {
  const turn = turnOf(client);
  if (turn == shareOf(client + FROM)) return;
  setShare(client + FROM, turn);
  replay(client + FROM);
}

class Fifo {
  // @ts-ignore: decorator
  @inline nobody(): bool { return memberCount(0) == 0 || deserted(0); }

  // @ts-ignore: decorator
  @inline first(): u32 { return neediest(0, FROM) - FROM; }

  next(): u32 {
    if (backFill) return firstOf<Fifo>();
    if (deserted(0)) return NOBODY;
    // Whoever is first stays first, even if it can use nothing here.
    const client = neediest(0, FROM) - FROM;
    return isAllowed(client) && canServe(client) ? client : NOBODY;
  }

  // @ts-ignore: decorator
  @inline before(a: u32, b: u32): bool { return before(a + FROM, b + FROM); }

  credit(client: u32, quantity: usize): void {
    noteTurn(client);
    takeTurn(client);
    if (!(flagsOfClient(client) & ClientFlag.HAS_DEMAND)) return;
    vectors.subtractFrom(vector(wanted, client), quantity);
    if (!isSated(client)) return;
    unseat(client + FROM);
    exclude(client);
  }
}
