import { test } from "vitest";
import type { Isolator } from "../../contract/ports/isolator.ts";
import { checkRule, isolatorRules } from "./isolator/rules.ts";

/** Every rule of the port as a test of one isolator; `beside` as in `checkRule`. */
export function conformIsolator(
  name: string,
  make: () => Promise<Isolator>,
  beside: readonly Isolator[] = [],
): void {
  for (const rule of isolatorRules) {
    test(`${name}: ${rule.title}`, () => checkRule(rule, make, beside));
  }
}
