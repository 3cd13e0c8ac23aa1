import type { Milli, Resource, Resources } from "../schema/resource.ts";
import { normalize } from "./arithmetic.ts";

/** Amounts by resource name, in thousandths, whoever they are reserved for: quotas, minima. */
export type Quantities = Readonly<Record<string, Milli>>;

/** Decimal to thousandths, halves up: 0.0005 is 1 and 0.00049 is 0 (E20). */
export function toMilli(value: number): Milli {
  return Math.round(value * 1000);
}

/** Thousandths to decimal. */
export function fromMilli(milli: Milli): number {
  return milli / 1000;
}

/** Sum of the scalars of that name over all identities, in thousandths; 0 when there are none. */
export function scalarOf(resources: Resources, name: string): Milli {
  let sum = 0;
  for (const resource of resources) {
    if (resource.name === name && resource.scalar !== undefined) sum += resource.scalar;
  }
  return sum;
}

/** Plain resources from decimals: `fromScalars({ cpus: 0.5, mem: 64 })`. */
export function fromScalars(decimals: Readonly<Record<string, number>>): Resources {
  return normalize(
    Object.entries(decimals).map(([name, value]): Resource => ({ name, scalar: toMilli(value) })),
  );
}

/** Sums of all scalars by name, in thousandths. */
export function quantitiesOf(resources: Resources): Quantities {
  const sums = new Map<string, Milli>();
  for (const { name, scalar } of resources) {
    if (scalar !== undefined) sums.set(name, (sums.get(name) ?? 0) + scalar);
  }
  return Object.fromEntries(sums);
}

/** Sums of all scalars by name, as decimals, the way the Mesos state endpoints show them. */
export function toScalars(resources: Resources): Readonly<Record<string, number>> {
  return Object.fromEntries(
    Object.entries(quantitiesOf(resources)).map(([name, milli]) => [name, fromMilli(milli)]),
  );
}

/**
 * True when the resources hold at least one of the alternatives, as an agent's leftovers must to
 * be offered; no alternatives means no minimum (C13).
 */
export function holdsAny(resources: Resources, alternatives: readonly Quantities[]): boolean {
  if (alternatives.length === 0) return true;
  return alternatives.some((quantities) => {
    for (const name in quantities) {
      if (scalarOf(resources, name) < (quantities[name] as Milli)) return false;
    }
    return true;
  });
}
