// The role tree of a round, for policies that share by it: roles with ready clients below, and
// those clients, each with all that it uses. A policy says how a node ranks among its siblings (see
// giving.ts on how its methods are bound):
//   prepare(): void        once, when all nodes hang in the tree and none is ranked yet
//   rank(node): void       sets the node's key in the sorter, from `usedOf(node)`
//   granted(node): void    the same after a grant, and has its matches played again
import {
  KINDS, Slot, double, placeF64, placeLine, placeU32, placeVectors, read, reserve, setDouble,
  vector, word,
} from "../abi";
import { clientReady } from "./eligible";
import { defaultMinimum, minimumOf } from "./minimum";
import { parentRole, roleOf } from "./limits";
import {
  NOBODY, addGrants, attach, clearSorter, memberCount, openTournament, parentOf, play,
  reserveSorter, seat, setDepth, setKey,
} from "./sorter";
import * as vectors from "./vector";

let clusterTotal: usize = 0, whole: usize = 0;
let roleRank: usize = 0, roleOrder: usize = 0, roleWeight: usize = 0, roleGrants: usize = 0;
let roleUsed: usize = 0;
let clientOrder: usize = 0, clientGrants: usize = 0, clientUsed: usize = 0;
/** What every node has while the round runs: roles, own-clients nodes, clients. */
let used: usize = 0;
/** Per role: 1 when a child of it takes part in the round. */
let hasChildren: usize = 0;
let roles: u32 = 0, clients: u32 = 0, fromClients: u32 = 0;
let ownMinimums = false, fewKinds = false;

/** Places the columns of roles and clients that shares are made of. */
export function placeTree(): void {
  roleRank = placeU32(Slot.RoleRank, Slot.RolesMax);
  roleOrder = placeF64(Slot.RoleSubmitOrder, Slot.RolesMax);
  roleWeight = placeF64(Slot.RoleWeight, Slot.RolesMax);
  roleGrants = placeF64(Slot.RoleAllocations, Slot.RolesMax);
  roleUsed = placeVectors(Slot.RoleUsed, Slot.RolesMax);
  clientOrder = placeF64(Slot.ClientSubmitOrder, Slot.ClientsMax);
  clientGrants = placeF64(Slot.ClientAllocations, Slot.ClientsMax);
  clientUsed = placeVectors(Slot.ClientUsed, Slot.ClientsMax);
  clusterTotal = placeLine(Slot.ClusterTotal);
  whole = reserve(64);
  const nodes = read(Slot.RolesMax) * 2 + read(Slot.ClientsMax);
  used = reserve(nodes << 6);
  hasChildren = reserve(read(Slot.RolesMax));
  reserveSorter(nodes);
}

/** Reads the cluster's total; shares leave out the kinds whose bits are set in `excluded`. */
export function beginShares(excluded: u32): void {
  fewKinds = read(Slot.Kinds) <= 4;
  for (let kind: u32 = 0; kind < KINDS; kind++) {
    const total = double(clusterTotal, kind);
    const counts = total > 0 && ((excluded >> kind) & 1) == 0;
    setDouble(whole, kind, counts ? total : Infinity);
  }
}

/** All there is in the cluster per kind, Infinity where a kind does not count. */
// @ts-ignore: decorator
@inline export function wholeCluster(): usize { return whole; }

/** The greatest of quantity/total over the kinds that count. */
// @ts-ignore: decorator
@inline export function dominantShare(quantity: usize): f64 {
  if (fewKinds) return vectors.dominantShareOf4(quantity, whole);
  return vectors.dominantShare(quantity, whole);
}

// @ts-ignore: decorator
@inline export function usedOf(node: u32): usize { return vector(used, node); }

/** Number of the first client's node; nodes before it are roles and own-clients nodes. */
// @ts-ignore: decorator
@inline export function clientsFrom(): u32 { return fromClients; }

// @ts-ignore: decorator
@inline export function isRole(node: u32): bool { return node < roles; }

// @ts-ignore: decorator
@inline export function isClient(node: u32): bool { return node >= fromClients; }

/** Weight of a node among its siblings: only roles have one. */
// @ts-ignore: decorator
@inline export function weightOf(node: u32): f64 {
  return node < roles ? double(roleWeight, node) : 1;
}

/** Grants to a role or a client up to this round. */
export function grantsOf(node: u32): f64 {
  if (node < roles) return double(roleGrants, node);
  return double(clientGrants, node - fromClients);
}

/** By name for roles, by submission for clients. Own-clients nodes come first of all. */
export function rankOrder(node: u32): f64 {
  if (node < roles) return <f64>word(roleRank, node);
  return node < fromClients ? -1 : double(clientOrder, node - fromClients);
}

/** By submission, for roles too. Own-clients nodes come first of all. */
export function submitOrder(node: u32): f64 {
  if (node < roles) return double(roleOrder, node);
  return node < fromClients ? -1 : double(clientOrder, node - fromClients);
}

/** Has some ready client a minimum of its own? Known once the tree is built. */
// @ts-ignore: decorator
@inline export function hasOwnMinimums(): bool { return ownMinimums; }

/** Builds the sorter of the round from the clients that may be offered anything. */
export function buildTree<P>(): void {
  roles = read(Slot.Roles);
  clients = read(Slot.Clients);
  fromClients = roles * 2;
  clearSorter(fromClients + clients);
  memory.fill(hasChildren, 0, roles);
  memory.copy(used, roleUsed, roles << 6);
  memory.fill(used + (<usize>roles << 6), 0, roles << 6);
  memory.copy(used + (<usize>fromClients << 6), clientUsed, clients << 6);
  attachRoles();
  attachClients();
  for (let node: u32 = 0; node < fromClients; node++) {
    if (memberCount(node) != 0) openTournament(node);
  }
  const policy = changetype<P>(0);
  policy.prepare();
  for (let node: u32 = 1; node < fromClients + clients; node++) {
    const parent = parentOf(node);
    if (parent == NOBODY) continue;
    seat(node);
    setDepth(node);
    if (memberCount(parent) > 1) policy.rank(node);
  }
  for (let node: u32 = 0; node < fromClients; node++) {
    if (memberCount(node) > 1) play(node);
  }
}

function attachRoles(): void {
  const usual = defaultMinimum();
  ownMinimums = false;
  for (let client: u32 = 0; client < clients; client++) {
    if (!clientReady(client)) continue;
    if (minimumOf(client) != usual) ownMinimums = true;
    let role = roleOf(client);
    while (role != 0 && parentOf(role) == NOBODY) {
      const parent = parentRole(role);
      attach(role, parent);
      store<u8>(hasChildren + <usize>parent, 1);
      role = parent;
    }
  }
}

function attachClients(): void {
  for (let client: u32 = 0; client < clients; client++) {
    if (!clientReady(client)) continue;
    const role = roleOf(client);
    let home = role;
    if (load<u8>(hasChildren + <usize>role)) {
      // They compete as if they were a role named ".", of weight 1 and before all others.
      home = roles + role;
      if (parentOf(home) == NOBODY) {
        attach(home, role);
        setKey(home, 0, 0, -1);
      }
      addGrants(home, double(clientGrants, client));
      vectors.addTo(vector(used, home), vector(used, fromClients + client));
    }
    attach(fromClients + client, home);
  }
}

/** Adds a grant to a client's node and to everything above it. */
// @ts-ignore: decorator
@inline export function creditTree<P>(client: u32, quantity: usize): void {
  const policy = changetype<P>(0);
  let node = fromClients + client;
  while (node != 0) {
    const parent = parentOf(node);
    vectors.addTo(vector(used, node), quantity);
    // Whoever has no sibling is never compared.
    if (memberCount(parent) > 1) policy.granted(node);
    node = parent;
  }
}

/** Takes off a client's node, and off everything above it, what it would give back. */
export function debitTree<P>(client: u32, quantity: usize): void {
  const policy = changetype<P>(0);
  let node = fromClients + client;
  while (node != 0) {
    const parent = parentOf(node);
    vectors.subtractFrom(vector(used, node), quantity);
    if (memberCount(parent) > 1) policy.granted(node);
    node = parent;
  }
}
