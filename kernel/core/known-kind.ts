import type { AllocationTables } from "./tables.ts";

/** Kind of a scalar's name, if it has one by now: to ask binds none, as `kindOf` does. */
export function knownKind({ kindNames }: AllocationTables, name: string): number | undefined {
  const kind = kindNames.indexOf(name);
  return kind < 0 ? undefined : kind;
}
