import type { Rule } from "../rule.ts";
import { effortRules } from "./effort.ts";
import { extremeRules } from "./extremes.ts";
import { fullTableRules } from "./full-tables.ts";
import { givingRules } from "./giving.ts";
import { growthRules } from "./growth.ts";
import { reclaimRules } from "./reclaiming.ts";
import { startingRules } from "./starting.ts";
import { stateRules } from "./state.ts";
import type { AllocatorSubject } from "./subject.ts";

/** What every allocation policy must do. */
export const allocatorRules: readonly Rule<AllocatorSubject>[] = [
  ...startingRules,
  ...givingRules,
  ...reclaimRules,
  ...stateRules,
  ...growthRules,
  ...effortRules,
  ...extremeRules,
  ...fullTableRules,
];
