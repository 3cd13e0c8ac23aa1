import type { OfferDecision } from "../../core/event.ts";
import { KINDS } from "../../core/tables/shape.ts";

/** Bits of a decision. */
const Bit = { WHOLE: 1, RESERVED: 2, REVOCABLE: 4, RECLAIM: 8 } as const;

/** The decisions of a round as one list of numbers. */
export function flattened(decisions: readonly OfferDecision[]): number[] {
  const flat: number[] = [];
  for (const decision of decisions) flatten(decision, flat);
  return flat;
}

function flatten({ agentRow, clientRow, whole, ...part }: OfferDecision, flat: number[]): void {
  if (whole) {
    flat.push(agentRow, clientRow, Bit.WHOLE);
    return;
  }
  if (part.reclaim) {
    flat.push(agentRow, clientRow, Bit.RECLAIM);
    return;
  }
  const bits = (part.reserved ? Bit.RESERVED : 0) | (part.revocable ? Bit.REVOCABLE : 0);
  flat.push(agentRow, clientRow, bits);
  for (let kind = 0; kind < KINDS; kind++) flat.push(part.amounts?.[kind] ?? 0);
}

/** The decisions that were flattened. */
export function unflattened(flat: readonly number[]): OfferDecision[] {
  const decisions: OfferDecision[] = [];
  for (let at = 0; at < flat.length; ) {
    const [agentRow = 0, clientRow = 0, bits = 0] = flat.slice(at, at + 3);
    at += 3;
    if ((bits & Bit.WHOLE) !== 0) {
      decisions.push({ agentRow, clientRow, whole: true });
      continue;
    }
    if ((bits & Bit.RECLAIM) !== 0) {
      decisions.push({ agentRow, clientRow, whole: false, reclaim: true });
      continue;
    }
    const amounts = flat.slice(at, at + KINDS);
    at += KINDS;
    const reserved = (bits & Bit.RESERVED) !== 0;
    const revocable = (bits & Bit.REVOCABLE) !== 0;
    decisions.push({ agentRow, clientRow, whole: false, amounts, reserved, revocable });
  }
  return decisions;
}
