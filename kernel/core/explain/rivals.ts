import type { ClusterState, Offer } from "../state.ts";
import type { Asked, PolicyRef } from "./asked.ts";
import type { Verdict } from "./pair.ts";
import { type Comparison, Ranking } from "./ranking.ts";

/** Who has what another might have had, and how the two stood. */
export interface Rival {
  readonly offer: Offer;
  readonly comparison: Comparison;
}

/**
 * For each verdict of being outranked, who came first, and how the two stood when the offer was
 * made: shares are those of now, less the offers that were made since, of the kinds that the policy
 * goes by which made it. Of several who were given parts of an agent it is the first that has the
 * better place.
 */
export function rivalsOf(
  state: ClusterState,
  outranked: readonly Verdict[],
  heedsOf: Asked["heedsOf"],
): ReadonlyMap<Verdict, Rival> {
  const byOffer = new Map<Offer, Verdict[]>();
  for (const verdict of outranked) {
    if (verdict.code !== "outranked") continue;
    for (const offer of verdict.agent.offers) {
      const known = byOffer.get(offer);
      if (known === undefined) byOffer.set(offer, [verdict]);
      else known.push(verdict);
    }
  }
  const rivals = new Map<Verdict, Rival>();
  if (byOffer.size === 0) return rivals;
  const kindsOf = (offer: Offer): number => heedsOf(makerOf(offer)).excludedKinds;
  const rankings = new Map<number, Ranking>();
  for (const offer of byOffer.keys()) {
    const kinds = kindsOf(offer);
    if (!rankings.has(kinds)) rankings.set(kinds, new Ranking(state, kinds));
  }
  const made = [...state.offers.values()];
  for (let at = made.length - 1; at >= 0 && byOffer.size > 0; at--) {
    const offer = made[at] as Offer;
    for (const ranking of rankings.values()) ranking.undo(offer);
    const verdicts = byOffer.get(offer);
    if (verdicts === undefined) continue;
    const ranking = rankings.get(kindsOf(offer)) as Ranking;
    for (const verdict of verdicts) {
      const comparison = ranking.compare(verdict.client, offer.client);
      if (comparison.rivalFirst || !rivals.has(verdict)) rivals.set(verdict, { offer, comparison });
    }
    byOffer.delete(offer);
  }
  return rivals;
}

/** The policy that made an offer. */
export function makerOf({ wire }: Offer): PolicyRef {
  return wire.policy ?? { name: "", digest: "" };
}
