import { printQuantities } from "../../../contract/resources/text.ts";
import type { Quantities } from "../../../contract/schema/framework.ts";
import { KINDS, type Vector } from "../tables/shape.ts";
import type { AllocationTables } from "../tables.ts";

/** A share of the cluster with as many digits as it takes to compare it with others. */
export function shareText(share: number): string {
  return String(Number(share.toPrecision(4)));
}

/** Amounts by kind as amounts by name, without what there is none of, or has no bound. */
export function namedAmounts(tables: AllocationTables, vector: Vector, from = 0): Quantities {
  const named: Record<string, number> = {};
  for (const [kind, name] of tables.kindNames.entries()) {
    const amount = vector[from * KINDS + kind] ?? 0;
    if (amount > 0 && amount < Number.POSITIVE_INFINITY) named[name] = amount;
  }
  return named;
}

/** Amounts as people write them: `cpus:2;mem:64`; `nothing` when there are none. */
export function amountsText(quantities: Quantities): string {
  return Object.keys(quantities).length === 0 ? "nothing" : printQuantities([quantities]);
}

/** `one`, or as many `others`. */
export function countText(count: number, one: string, others = `${one}s`): string {
  return `${count} ${count === 1 ? one : others}`;
}
