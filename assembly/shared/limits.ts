// Where roles stand in their tree, and what their limits leave: quotas count what was consumed
// before the round and what the round gives (E9).
import {
  KINDS, Presence, RoleFlag, Slot, double, placeU32, placeVectors, read, reserve, setDouble, vector,
  word,
} from "../abi";
import * as vectors from "./vector";

let roleFlags: usize = 0, roleParent: usize = 0, roleLimit: usize = 0, roleConsumed: usize = 0;
let clientRole: usize = 0;
/** Copy of the quota consumption, which grows as the round gives. */
let consumed: usize = 0;
let limitsSet = false;

/** Places the columns of roles that limits are made of. */
export function placeLimits(): void {
  roleFlags = placeU32(Slot.RoleFlags, Slot.RolesMax);
  roleParent = placeU32(Slot.RoleParent, Slot.RolesMax);
  roleLimit = placeVectors(Slot.RoleLimit, Slot.RolesMax);
  roleConsumed = placeVectors(Slot.RoleConsumed, Slot.RolesMax);
  clientRole = placeU32(Slot.ClientRole, Slot.ClientsMax);
  consumed = reserve(read(Slot.RolesMax) << 6);
}

// @ts-ignore: decorator
@inline export function roleOf(client: u32): u32 { return word(clientRole, client); }

// @ts-ignore: decorator
@inline export function parentRole(role: u32): u32 { return word(roleParent, role); }

// @ts-ignore: decorator
@inline export function flagsOfRole(role: u32): u32 { return word(roleFlags, role); }

/** What quotas counted for the role before this round. */
// @ts-ignore: decorator
@inline export function consumedBefore(role: u32): usize { return vector(roleConsumed, role); }

/** The most that quotas may count for the role; Infinity where there is no limit. */
// @ts-ignore: decorator
@inline export function limitOf(role: u32): usize { return vector(roleLimit, role); }

/** Starts a round: limits count what was consumed before it. */
export function beginLimits(roles: u32): void {
  limitsSet = (read(Slot.Presence) & Presence.LIMITS) != 0;
  if (limitsSet) memory.copy(consumed, roleConsumed, roles << 6);
}

/** Is there a limit on the client's role or above it? */
// @ts-ignore: decorator
@inline export function limitedAbove(client: u32): bool {
  return limitsSet && someLimitAbove(client);
}

function someLimitAbove(client: u32): bool {
  let role = word(clientRole, client);
  while (role != 0) {
    if (word(roleFlags, role) & RoleFlag.LIMITED) return true;
    role = word(roleParent, role);
  }
  return false;
}

/** Has limits count unreserved resources that a client gets. */
export function charge(client: u32, quantity: usize): void {
  if (!limitsSet) return;
  for (let role = word(clientRole, client); role != 0; role = word(roleParent, role)) {
    vectors.addTo(vector(consumed, role), quantity);
  }
}

/** Has limits count that a client would give unreserved resources back. */
export function discharge(client: u32, quantity: usize): void {
  if (!limitsSet) return;
  for (let role = word(clientRole, client); role != 0; role = word(roleParent, role)) {
    vectors.subtractFrom(vector(consumed, role), quantity);
  }
}

/** Lowers a quantity to what the limits above a client leave; true when that changed it. */
// @ts-ignore: decorator
@inline export function cutToLimits(quantity: usize, client: u32): bool {
  return limitsSet && cut(quantity, word(clientRole, client));
}

function cut(quantity: usize, from: u32): bool {
  let changed = false;
  for (let role = from; role != 0; role = word(roleParent, role)) {
    if (!(word(roleFlags, role) & RoleFlag.LIMITED)) continue;
    for (let kind: u32 = 0; kind < KINDS; kind++) {
      const room = double(vector(roleLimit, role), kind) - double(vector(consumed, role), kind);
      if (double(quantity, kind) <= room) continue;
      setDouble(quantity, kind, max<f64>(room, 0));
      changed = true;
    }
  }
  return changed;
}
