// Which clients may be offered anything on which agents: bit masks over the clients, so that a
// whole agent is settled with a few words (C11, C19, C20).
import {
  AgentFlag, ClientFlag, Slot, placeFilters, placeU32, read, reserve, setWord, word,
} from "../abi";

let clientFlags: usize = 0, agentFlags: usize = 0, filtered: usize = 0, filterCount: usize = 0;
/** Four masks: for plain agents, gpu-fenced ones, those of other regions, and both. */
let masks: usize = 0;
let maskBytes: u32 = 0;
/** Clients of the agent at hand. */
let allowed: usize = 0;

/** Places flags and filters, and reserves the masks. */
export function placeEligibility(): void {
  agentFlags = placeU32(Slot.AgentFlags, Slot.AgentsMax);
  clientFlags = placeU32(Slot.ClientFlags, Slot.ClientsMax);
  filtered = placeFilters();
  filterCount = placeU32(Slot.FilterCount, Slot.AgentsMax);
  maskBytes = read(Slot.ClientsMax) >> 3;
  masks = reserve(maskBytes * 4);
  allowed = reserve(maskBytes);
}

// @ts-ignore: decorator
@inline export function flagsOfAgent(agent: u32): u32 { return word(agentFlags, agent); }

// @ts-ignore: decorator
@inline export function flagsOfClient(client: u32): u32 { return word(clientFlags, client); }

/** May this client be offered anything in this round? */
// @ts-ignore: decorator
@inline export function clientReady(client: u32): bool {
  const wanted: u32 = ClientFlag.PRESENT | ClientFlag.ACTIVE;
  return (word(clientFlags, client) & (wanted | ClientFlag.SUPPRESSED)) == wanted;
}

/** May this agent be offered in this round? */
// @ts-ignore: decorator
@inline export function agentReady(agent: u32): bool {
  const wanted: u32 = AgentFlag.PRESENT | AgentFlag.ACTIVE;
  return (word(agentFlags, agent) & (wanted | AgentFlag.DRAINING)) == wanted;
}

/** Rebuilds the masks from the flags. Once a round. */
export function buildMasks(clients: u32): void {
  memory.fill(masks, 0, maskBytes * 4);
  for (let client: u32 = 0; client < clients; client++) {
    if (!clientReady(client)) continue;
    const flags = word(clientFlags, client);
    const gpu = (flags & ClientFlag.GPU) != 0, region = (flags & ClientFlag.REGION_AWARE) != 0;
    const bit: u32 = 1 << (client & 31), at = client >> 5;
    setBits(masks, at, bit);
    if (gpu) setBits(masks + maskBytes, at, bit);
    if (region) setBits(masks + maskBytes * 2, at, bit);
    if (gpu && region) setBits(masks + maskBytes * 3, at, bit);
  }
}

/** Takes a client out of this round; those of the agent at hand stay as they are. */
export function exclude(client: u32): void {
  const at = client >> 5, bit: u32 = 1 << (client & 31);
  for (let mask: usize = 0; mask < 4; mask++) {
    const row = masks + mask * maskBytes;
    setWord(row, at, word(row, at) & ~bit);
  }
}

// @ts-ignore: decorator
@inline function setBits(mask: usize, at: u32, bits: u32): void {
  setWord(mask, at, word(mask, at) | bits);
}

/** The mask of an agent with these flags, filters not counted. */
// @ts-ignore: decorator
@inline export function maskFor(flags: u32): usize {
  // GPU_FENCED and REMOTE_REGION are neighbouring bits: together the number of the mask.
  return masks + <usize>(((flags >> 3) & 3) * maskBytes);
}

// @ts-ignore: decorator
@inline export function mayServe(mask: usize, agent: u32, client: u32): bool {
  const at = client >> 5, bit = client & 31;
  if (!((word(mask, at) >> bit) & 1)) return false;
  // Most agents are filtered by nobody; their rows of bits need not even be fetched.
  if (word(filterCount, agent) == 0) return true;
  return !((word(filtered + <usize>agent * maskBytes, at) >> bit) & 1);
}

/** Gathers the clients that the agent may serve; false when there are none. */
export function gatherAllowed(mask: usize, agent: u32): bool {
  const row = filtered + <usize>agent * maskBytes;
  let any = i64x2.splat(0);
  // A client row count is a multiple of 64, so the tail is 8 bytes when it is not 16.
  let at: usize = 0;
  for (; at + 16 <= <usize>maskBytes; at += 16) {
    const bits = v128.andnot(v128.load(mask + at), v128.load(row + at));
    v128.store(allowed + at, bits);
    any = v128.or(any, bits);
  }
  let rest: u64 = 0;
  if (at < <usize>maskBytes) {
    rest = load<u64>(mask + at) & ~load<u64>(row + at);
    store<u64>(allowed + at, rest);
  }
  return v128.any_true(any) || rest != 0;
}

/** Is the agent filtered by anybody? */
// @ts-ignore: decorator
@inline export function isFiltered(agent: u32): bool { return word(filterCount, agent) != 0; }

/** The agent's row of filter bits, `filterBytes` of them. */
// @ts-ignore: decorator
@inline export function filtersOf(agent: u32): usize {
  return filtered + <usize>agent * maskBytes;
}

/** A multiple of 8. */
// @ts-ignore: decorator
@inline export function filterBytes(): u32 { return maskBytes; }

// @ts-ignore: decorator
@inline export function allowedWord(at: u32): u32 { return word(allowed, at); }

/** Clients that may be offered anything, 32 to a word. */
// @ts-ignore: decorator
@inline export function readyWord(at: u32): u32 { return word(masks, at); }

/** Is this one of the clients of the agent at hand? */
// @ts-ignore: decorator
@inline export function isAllowed(client: u32): bool {
  return ((word(allowed, client >> 5) >> (client & 31)) & 1) != 0;
}

/** Takes a client off those of the agent at hand. */
// @ts-ignore: decorator
@inline export function disallow(client: u32): void {
  const at = client >> 5;
  setWord(allowed, at, word(allowed, at) & ~(1 << (client & 31)));
}
