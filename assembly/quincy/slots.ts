// Slots: the equal parts in which what is free on an agent is given away.
import {
  KINDS, Slot, double, placeVectors, read, reserve, setDouble, vector,
} from "../abi";
import { agentReady } from "../shared/eligible";
import { defaultMinimum, worthOffering } from "../shared/minimum";
import { freeOf, hasRevocable, revocableOf } from "../shared/remains";
import * as vectors from "../shared/vector";

/** Kinds that tasks always need, and that slots are reckoned by: cpus and memory. */
// @ts-ignore: decorator
@inline export const BASIC_KINDS: u32 = 2;

let agentTotal: usize = 0, part: usize = 0;
let slotsPerAgent: u32 = 1, ownMinimums = false;

/** Places what whole agents have. */
export function placeSlots(): void {
  agentTotal = placeVectors(Slot.AgentTotal, Slot.AgentsMax);
  part = reserve(64);
}

/** `slots` is what a whole agent makes; `own` says that somebody has a minimum of its own. */
export function setSlots(slots: u32, own: bool): void {
  slotsPerAgent = slots;
  ownMinimums = own;
}

/** Has some ready client a minimum of its own? */
// @ts-ignore: decorator
@inline export function anyOwnMinimum(): bool { return ownMinimums; }

/** How many slots what is free on the agent makes; one for what is only revocable. */
export function slotsIn(agent: u32): u32 {
  if (!agentReady(agent)) return 0;
  const free = freeOf(agent), usual = defaultMinimum();
  if (!isWorthSlots(free)) {
    if (!hasRevocable(agent)) return 0;
    return ownMinimums || worthOffering(withRevocable(agent), usual) ? 1 : 0;
  }
  let slots = fullSlots(agent, free);
  while (slots > 1 && !worthOffering(partOf(agent, slots), usual)) slots -= 1;
  return slots;
}

/** Could somebody want these unreserved resources without anything beside them? */
export function isWorthSlots(free: usize): bool {
  return worthOffering(free, defaultMinimum()) || (ownMinimums && vectors.some(free));
}

/** Slots that fit into what is free; at least one. */
function fullSlots(agent: u32, free: usize): u32 {
  let slots = slotsPerAgent;
  for (let kind: u32 = 0; kind < BASIC_KINDS && slots > 1; kind++) {
    const all = double(vector(agentTotal, agent), kind);
    if (!(all > 0)) continue;
    const fits = Math.floor((double(free, kind) * <f64>slotsPerAgent) / all);
    slots = <u32>min<f64>(<f64>slots, max<f64>(fits, 1));
  }
  return slots;
}

/** One of so many equal parts of what is free on an agent. Good until the next call. */
export function partOf(agent: u32, parts: u32): usize {
  const free = freeOf(agent);
  if (parts == 1) return free;
  for (let kind: u32 = 0; kind < KINDS; kind++) {
    setDouble(part, kind, Math.floor(double(free, kind) / <f64>parts));
  }
  return part;
}

/** All that is free on an agent, with what is revocable. Good until the next call. */
export function withRevocable(agent: u32): usize {
  vectors.copy(part, freeOf(agent));
  vectors.addTo(part, revocableOf(agent));
  return part;
}
