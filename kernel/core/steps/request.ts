import type { FrameworkCallOf } from "../../../contract/framework-api.ts";
import { quantitiesOf } from "../../../contract/resources.ts";
import type { Quantities } from "../../../contract/schema/framework.ts";
import { flagClient } from "../books.ts";
import type { Call } from "../calls.ts";
import { forgive } from "../hoarding.ts";
import { knownKind } from "../known-kind.ts";
import type { Client } from "../model.ts";
import type { ClusterState } from "../state.ts";
import { KINDS } from "../tables/shape.ts";

/**
 * A framework says how much it wants beside what it runs (C16): its demand from now on, in each of
 * its roles, since a request names none. Agents that it would like are not looked at. A request
 * that names no amount takes the last one back. Whoever asks has work.
 */
export function stepRequest(
  { state, framework }: Call,
  { requests }: FrameworkCallOf<"request">,
): void {
  const more = quantitiesOf(requests.flatMap(({ resources }) => resources));
  const withdraws = Object.keys(more).length === 0;
  for (const client of framework.clients.values()) {
    client.requested = withdraws ? undefined : withRunning(state, client, more);
    flagClient(state, client);
    forgive(state, client);
  }
  state.tables.touchAll();
}

/**
 * The amounts and what the client's tasks and executors have of the same; offers are not counted.
 */
function withRunning({ tables }: ClusterState, client: Client, more: Quantities): Quantities {
  if (client.row < 0) return more;
  const offers = [...client.framework.offers].filter((offer) => offer.client === client);
  const offered = quantitiesOf(offers.flatMap(({ wire }) => wire.resources));
  const sums = Object.entries(more).map(([name, amount]) => {
    const kind = knownKind(tables, name);
    const used = kind === undefined ? 0 : (tables.clients.used[client.row * KINDS + kind] ?? 0);
    return [name, amount + used - (offered[name] ?? 0)];
  });
  return Object.fromEntries(sums);
}
