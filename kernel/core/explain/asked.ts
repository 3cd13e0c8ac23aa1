import type { OperatorResult } from "../../../contract/operator-api.ts";
import type { ClusterState } from "../state.ts";

/** What an explanation needs beside the state. */
export interface Asked {
  readonly nowMs: number;
  /** The policy that is meant to run, and the kinds that its shares leave out, a bit each (E4). */
  readonly policy: { readonly name: string; readonly digest: string };
  readonly excludedKinds: number;
}

/** Examples of each finding when the question names no number. */
export const EXAMPLES_DEFAULT = 3;

/** Whether the order of fair shares is what the policy goes by; of others only they know why. */
export function goesByShares({ policy }: Asked): boolean {
  return policy.name === "drf" || policy.name === "built-in";
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
