import type { PairFacts } from "../../../contract/ports/policy-companion.ts";
import { giveBack, type Resources } from "../../../contract/resources.ts";
import type { ClusterState } from "../state.ts";
import type { PairView, Verdict } from "./pair.ts";

/** What a policy's companion is told of a pair, to say what keeps the two apart. */
export function pairFacts(
  { tables }: ClusterState,
  { agent, client, code }: Verdict,
  { portion }: PairView,
): PairFacts | undefined {
  const facts = tables.clients.facts[client.row];
  if (facts === undefined) return undefined;
  let free = agent.free;
  // What others are offered was free when the policy looked.
  if (code === "outranked") {
    for (const { wire } of agent.offers) free = giveBack(free, wire.resources);
  }
  const byName = (resources: Resources): Map<string, number> => {
    const amounts = new Map(tables.kindNames.map((name) => [name.toLowerCase(), 0]));
    for (const { name, scalar } of portion.visible(resources)) {
      const key = name.toLowerCase();
      if (scalar !== undefined) amounts.set(key, (amounts.get(key) ?? 0) + scalar);
    }
    return amounts;
  };
  return { client: facts, agent: agent.info, free: byName(free), total: byName(agent.total) };
}
