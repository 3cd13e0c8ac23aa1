import type { ClusterState, Offer } from "../state.ts";
import type { Verdict } from "./pair.ts";
import { type Comparison, Ranking } from "./ranking.ts";

/** Who has what another might have had, and how the two stood. */
export interface Rival {
  readonly offer: Offer;
  readonly comparison: Comparison;
}

/**
 * For each verdict of being outranked, who came first, and how the two stood when the offer was
 * made: shares are those of now, less the offers that were made since. Of several who were given
 * parts of an agent it is the first that has the better place.
 */
export function rivalsOf(
  state: ClusterState,
  verdicts: readonly Verdict[],
  excludedKinds: number,
): ReadonlyMap<Verdict, Rival> {
  const byOffer = new Map<Offer, Verdict[]>();
  for (const verdict of verdicts) {
    if (verdict.code !== "outranked") continue;
    for (const offer of verdict.agent.offers) {
      const known = byOffer.get(offer);
      if (known === undefined) byOffer.set(offer, [verdict]);
      else known.push(verdict);
    }
  }
  const rivals = new Map<Verdict, Rival>();
  if (byOffer.size === 0) return rivals;
  const ranking = new Ranking(state, excludedKinds);
  const made = [...state.offers.values()];
  for (let at = made.length - 1; at >= 0 && byOffer.size > 0; at--) {
    const offer = made[at] as Offer;
    ranking.undo(offer);
    for (const verdict of byOffer.get(offer) ?? []) {
      const comparison = ranking.compare(verdict.client, offer.client);
      if (comparison.rivalFirst || !rivals.has(verdict)) rivals.set(verdict, { offer, comparison });
    }
    byOffer.delete(offer);
  }
  return rivals;
}
