import type { Standing } from "./history.ts";

/** Bounds of the supervision; rounds are the clock, so that it replays. */
export interface SupervisorLimits {
  /** Longest wait between attempts. */
  readonly waitRoundsMax: number;
  /** Verified rounds after which earlier faults are forgiven. */
  readonly healthyRounds: number;
  /** Rounds in a row that may ask for more without deciding or finishing anything. */
  readonly stalledRoundsMax: number;
}

/** Limits unless told otherwise. */
export const DEFAULT_SUPERVISION: SupervisorLimits = {
  waitRoundsMax: 64,
  healthyRounds: 100,
  stalledRoundsMax: 8,
};

const STANDINGS: readonly Standing[] = ["live", "restored", "cold", "previous", "built-in"];

/** Who is trusted after a fault in this standing. */
export function standingAfter(standing: Standing, hasPrevious: boolean): Standing {
  const next = STANDINGS[STANDINGS.indexOf(standing) + 1] ?? "built-in";
  return next === "previous" && !hasPrevious ? "built-in" : next;
}
