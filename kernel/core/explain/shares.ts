import type { Share } from "../../../contract/operator/explain-methods.ts";
import type { ClusterState, Role } from "../state.ts";
import { ROOT_ROLE } from "../tables/shape.ts";
import type { Dominant, Ranking } from "./ranking.ts";

/** A dominant share as it is told. */
export function shareOf(
  { tables }: ClusterState,
  { share, kind }: Dominant,
  weight: number,
): Share {
  const told: Share = { dominant: share, weight };
  const resource = tables.kindNames[kind];
  if (resource !== undefined) told.resource = resource;
  return told;
}

/** The share of a role with all below it. */
export function roleShare(state: ClusterState, { row }: Role, ranking: Ranking): Share {
  if (row < 0) return { dominant: 0, weight: 1 };
  return shareOf(state, ranking.ofRole(row), state.tables.roles.weight[row] as number);
}

/** The role and those beside it that have frameworks, in the order of their weighted shares. */
export function siblingsOf(
  state: ClusterState,
  role: Role,
  ranking: Ranking,
): { role: Role["name"]; share: Share }[] {
  const { roles } = state.tables;
  const parent = role.row < 0 ? ROOT_ROLE : roles.parent[role.row];
  const beside = [...state.roles.values()].filter((each) => {
    if (each === role) return true;
    return each.row >= 0 && roles.parent[each.row] === parent && isInhabited(each);
  });
  const shares = beside.map((each) => ({
    role: each.name,
    share: roleShare(state, each, ranking),
  }));
  const weighted = ({ share }: { share: Share }): number => share.dominant / share.weight;
  return shares.sort((a, b) => weighted(a) - weighted(b) || (a.role < b.role ? -1 : 1));
}

/** Whether a role or one below it has frameworks: every role below refers to it. */
function isInhabited({ clients, references }: Role): boolean {
  return clients.size > 0 || references > 0;
}
