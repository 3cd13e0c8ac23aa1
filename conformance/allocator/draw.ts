import { ClientFlag, KINDS } from "../../kernel/core/tables/shape.ts";
import type { Random } from "../random.ts";
import type { Features } from "./features.ts";

/** Thousandths of a unit of each kind; a MiB of memory and disk is the unit. */
const SIZES = [500, 64_000, 1_000_000, 1_000, 250, 1_000, 7, 100_000] as const;

/** Amounts of up to so many steps of each kind, in thousandths; some of them odd, some 0. */
export function drawAmounts(random: Random, stepsMax: number, features: Features): Float64Array {
  const amounts = new Float64Array(KINDS);
  for (let kind = 0; kind < (features.kinds === true ? KINDS : 2); kind++) {
    if (kind >= 2 && random.chance(0.5)) continue;
    const odd = random.chance(0.2) ? random.below(97) : 0;
    amounts[kind] = random.below(stepsMax + 1) * (SIZES[kind] as number) + odd;
  }
  return amounts;
}

/** A vector that is as large or smaller in every kind. */
export function drawPart(random: Random, whole: Float64Array): Float64Array {
  return whole.map((amount) => Math.floor(amount * random.next()));
}

/** Limits: some kinds without one, some at 0. */
export function drawLimit(random: Random, features: Features): Float64Array {
  return drawAmounts(random, 40, features).map((amount) =>
    random.chance(0.6) ? amount : Number.POSITIVE_INFINITY,
  );
}

const CAPABILITIES: readonly (readonly [keyof Features, number])[] = [
  ["revocable", ClientFlag.REVOCABLE],
  ["fences", ClientFlag.GPU],
  ["fences", ClientFlag.REGION_AWARE],
  ["reservations", ClientFlag.REFINEMENT],
  ["kinds", ClientFlag.SHARED],
  ["hints", ClientFlag.HAS_DEMAND],
];

/** Flags of a client that is ready, with some of the capabilities that matter here. */
export function drawClientFlags(random: Random, features: Features): number {
  let flags: number = ClientFlag.ACTIVE;
  for (const [feature, flag] of CAPABILITIES) {
    if (features[feature] === true && random.chance(0.5)) flags |= flag;
  }
  return flags;
}
