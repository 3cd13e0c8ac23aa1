// Hierarchical queues with guaranteed and maximum capacity, after the Hadoop Capacity Scheduler.
// Roles are the queues: a quota guarantee is a queue's capacity, a limit its maximum. The queue
// that uses the smallest part of its capacity is served next; what others leave, it may use beyond
// it, and what it was offered beyond it and has not answered is taken back for those that are below
// theirs.
import {
  Answer, HEADER, KINDS, Slot, beginLayout, double, endLayout, placeF64, placeVectors, read,
  reserve, setDouble, vector,
} from "../abi";
import { buildMasks, clientReady } from "../shared/eligible";
import { beginGiving, firstOf, give, placeGiving, rowCount } from "../shared/giving";
import { placeReclaim, reclaim } from "../shared/reclaim";
import { charge, discharge } from "../shared/limits";
import { beginRound, limitRooms } from "../shared/remains";
import {
  NOBODY, before, memberCount, neediest, parentOf, replay, setKey, setShare,
} from "../shared/sorter";
import {
  beginShares, buildTree, clientsFrom, creditTree, debitTree, dominantShare, hasOwnMinimums,
  isClient, isRole, placeTree, rankOrder, usedOf, weightOf, wholeCluster,
} from "../shared/tree";
import { beginTurns, noteTurn, placeTurns, turnOf } from "../shared/turns";
import * as vectors from "../shared/vector";

/** Its name is the major version of the ABI, its value the minor. */
export const allocator_abi_v1: u32 = 2;
/** There is no private state. */
export const state_schema: u32 = 1;

// Parameters, by index.
// @ts-ignore: decorator
@inline const USER_LIMIT: u32 = 0;
// @ts-ignore: decorator
@inline const FAIR_QUEUES: u32 = 1;
// @ts-ignore: decorator
@inline const SLOW_START: u32 = 2;
// @ts-ignore: decorator
@inline const RECLAIM: u32 = 3;
// @ts-ignore: decorator
@inline const RECLAIM_AFTER_MS: u32 = 4;

/** Where the keys of queues without capacity begin: behind all parts of any capacity. */
// @ts-ignore: decorator
@inline const NO_CAPACITY: f64 = reinterpret<f64>(((1023 + 200) as u64) << 52);

let params: usize = 0, roleGuarantee: usize = 0;
/** Per queue: its capacity; what its children are guaranteed; the weights of those without. */
let capacity: usize = 0, promised: usize = 0, weights: usize = 0;
/** Per queue: 1 once its capacity is known. */
let known: usize = 0;
/** Per client: what the user limit leaves it. */
let rooms: usize = 0;
let fairQueues = false, usersLimited = false;

export function header(): usize { return HEADER; }

export function init(): i32 {
  beginLayout();
  placeGiving();
  placeTree();
  placeTurns();
  placeReclaim();
  roleGuarantee = placeVectors(Slot.RoleGuarantee, Slot.RolesMax);
  params = placeF64(Slot.ParamValues, Slot.ParamsMax);
  const queues = read(Slot.RolesMax) * 2;
  capacity = reserve(queues << 6);
  promised = reserve(queues << 6);
  weights = reserve(queues << 6);
  known = reserve(queues);
  rooms = reserve(read(Slot.ClientsMax) << 6);
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
  beginShares(0);
  fairQueues = param(FAIR_QUEUES) != 0;
  beginTurns(param(SLOW_START) != 0);
  buildTree<Queues>();
  const userLimit = param(USER_LIMIT);
  usersLimited = userLimit > 0;
  if (usersLimited) limitUsers(userLimit);
  beginGiving(hasOwnMinimums());
  give<Queues>();
  if (param(RECLAIM) != 0) reclaim<Queues>(param(RECLAIM_AFTER_MS));
  return rowCount();
}

function param(index: u32): f64 {
  return read(Slot.Params) > index ? double(params, index) : 0;
}

/** Leaves each framework what it does not have yet of its part of the queue. */
function limitUsers(part: f64): void {
  const clients = read(Slot.Clients), from = clientsFrom();
  for (let client: u32 = 0; client < clients; client++) {
    if (!clientReady(client)) continue;
    const queue = parentOf(from + client), room = vector(rooms, client);
    for (let kind: u32 = 0; kind < KINDS; kind++) {
      const counts = double(wholeCluster(), kind) < Infinity;
      const most = Math.floor(part * double(capacityOf(queue), kind));
      const has = double(usedOf(from + client), kind);
      setDouble(room, kind, counts ? most - has : Infinity);
    }
  }
  limitRooms(rooms);
}

function guaranteeOf(queue: u32, kind: u32): f64 {
  return isRole(queue) ? double(vector(roleGuarantee, queue), kind) : 0;
}

/**
 * A queue's capacity: its guarantee. Kinds without one have their part, by weight, of what the
 * guarantees of the siblings leave of the capacity above.
 */
function capacityOf(queue: u32): usize {
  const at = vector(capacity, queue);
  if (load<u8>(known + <usize>queue)) return at;
  store<u8>(known + <usize>queue, 1);
  const parent = parentOf(queue), above = capacityOf(parent);
  for (let kind: u32 = 0; kind < KINDS; kind++) {
    let has = guaranteeOf(queue, kind);
    if (has == 0) {
      const left = max<f64>(double(above, kind) - double(vector(promised, parent), kind), 0);
      has = (left * weightOf(queue)) / double(vector(weights, parent), kind);
    }
    setDouble(at, kind, has);
  }
  return at;
}

/** The greatest part of its capacity that a queue uses, over the kinds. */
function partUsed(queue: u32): f64 {
  const all = capacityOf(queue), uses = usedOf(queue);
  let part: f64 = 0;
  for (let kind: u32 = 0; kind < KINDS; kind++) {
    if (double(wholeCluster(), kind) == Infinity) continue;
    const has = double(all, kind);
    if (!(has > 0)) return NO_CAPACITY * (1 + dominantShare(uses) / weightOf(queue));
    part = max<f64>(part, double(uses, kind) / has);
  }
  return part;
}

function keyOf(node: u32): f64 {
  if (!isClient(node)) return partUsed(node);
  return fairQueues ? dominantShare(usedOf(node)) : turnOf(node - clientsFrom());
}

class Queues {
  /** Sums up what the children of every queue are guaranteed, and the weights of the others. */
  prepare(): void {
    const queues = clientsFrom();
    memory.fill(promised, 0, queues << 6);
    memory.fill(weights, 0, queues << 6);
    memory.fill(known, 0, queues);
    for (let queue: u32 = 1; queue < queues; queue++) {
      const parent = parentOf(queue);
      if (parent == NOBODY) continue;
      for (let kind: u32 = 0; kind < KINDS; kind++) {
        const guarantee = guaranteeOf(queue, kind);
        const sums = vector(guarantee > 0 ? promised : weights, parent);
        const adds = guarantee > 0 ? guarantee : weightOf(queue);
        setDouble(sums, kind, double(sums, kind) + adds);
      }
    }
    store<u8>(known, 1);
    for (let kind: u32 = 0; kind < KINDS; kind++) {
      const whole = double(wholeCluster(), kind);
      setDouble(capacity, kind, whole < Infinity ? whole : 0);
    }
  }

  rank(node: u32): void { setKey(node, keyOf(node), 0, rankOrder(node)); }

  granted(node: u32): void {
    setShare(node, keyOf(node));
    replay(node);
  }

  // @ts-ignore: decorator
  @inline nobody(): bool { return memberCount(0) == 0; }

  // @ts-ignore: decorator
  @inline first(): u32 { return neediest(0, clientsFrom()) - clientsFrom(); }

  // @ts-ignore: decorator
  @inline next(): u32 { return firstOf<Queues>(); }

  // @ts-ignore: decorator
  @inline before(a: u32, b: u32): bool { return before(clientsFrom() + a, clientsFrom() + b); }

  // @ts-ignore: decorator
  @inline part(node: u32): f64 { return partUsed(node); }

  debit(client: u32, all: usize, unreserved: usize): void {
    if (usersLimited) vectors.addTo(vector(rooms, client), all);
    discharge(client, unreserved);
    debitTree<Queues>(client, all);
  }

  restore(client: u32, all: usize, unreserved: usize): void {
    if (usersLimited) vectors.subtractFrom(vector(rooms, client), all);
    charge(client, unreserved);
    creditTree<Queues>(client, all);
  }

  // @ts-ignore: decorator
  @inline credit(client: u32, quantity: usize): void {
    if (usersLimited) vectors.subtractFrom(vector(rooms, client), quantity);
    noteTurn(client);
    creditTree<Queues>(client, quantity);
  }
}
