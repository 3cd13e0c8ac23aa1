import type { OperatorResult } from "../../../contract/operator-api.ts";
import type { PairFacts } from "../../../contract/ports/policy-companion.ts";
import type { ClusterState } from "../state.ts";

/** What an explanation needs beside the state. */
export interface Asked {
  readonly nowMs: number;
  /** The policy that decides. */
  readonly policy: PolicyRef;
  /** What the policies go by that decide or have made offers. */
  readonly heedsOf: (policy: PolicyRef) => Heeds;
  /** What the policy that decides has to say of a pair that it did not bring together. */
  readonly explainPair?: (pair: PairFacts) => string | undefined;
}

/** A policy by its name and what it is made of. */
export interface PolicyRef {
  readonly name: string;
  readonly digest: string;
}

/** What a policy goes by, as far as explanations know of it. */
export interface Heeds {
  /** Whether the lowest dominant share comes first; of other orders only the policy knows why. */
  readonly dominantShares: boolean;
  /** Kinds that its shares leave out, a bit each (E4). */
  readonly excludedKinds: number;
  /** What becomes of guarantees; `undefined` when nobody said. */
  readonly guarantees: "held-back" | "served-first" | "ignored" | undefined;
}

/** What the policy goes by that is built into the master. */
export const builtInHeeds: Heeds = {
  dominantShares: true,
  excludedKinds: 0,
  guarantees: "held-back",
};
/** A policy of which nothing is known. */
export const unknownHeeds: Heeds = {
  dominantShares: false,
  excludedKinds: 0,
  guarantees: undefined,
};

/** Examples of each finding when the question names no number. */
export const EXAMPLES_DEFAULT = 3;

/** What the policy that decides goes by. */
export function heedsNow({ policy, heedsOf }: Asked): Heeds {
  return heedsOf(policy);
}

type Moment = Pick<OperatorResult<"explain-agent">, "nowMs" | "policy" | "lastRound">;

/** What every explanation says about the moment that it is of. */
export function momentOf({ rounds }: ClusterState, { nowMs, policy }: Asked): Moment {
  const last = rounds.recent.at(-1);
  const moment: Moment = { nowMs, policy: { name: policy.name, digest: policy.digest } };
  if (last === undefined) return moment;
  const { round, atMs, looked, offers } = last;
  return { ...moment, lastRound: { round, atMs, policy: last.policy, looked, offers } };
}
