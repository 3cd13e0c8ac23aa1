import type { OperatorResult } from "../../../contract/operator-api.ts";
import type { Resource } from "../../../contract/resources.ts";
import { knownKind } from "../known-kind.ts";
import type { ClusterState, Role } from "../state.ts";
import { KINDS, ROOT_ROLE } from "../tables/shape.ts";

/** What Mesos ranks roles by: the largest part of any kind that one has, over its weight. */
function dominantShare({ tables }: ClusterState, { row }: Role): number {
  let share = 0;
  for (let kind = 0; kind < KINDS; kind++) {
    const total = tables.clusterTotal[kind] ?? 0;
    if (total > 0) share = Math.max(share, (tables.roles.used[row * KINDS + kind] ?? 0) / total);
  }
  return share / (tables.roles.weight[row] ?? 1);
}

function quotaMetrics({ tables, registry, roles }: ClusterState, out: Record<string, number>) {
  for (const { role, guarantee = {}, limit = {} } of registry.quotas.values()) {
    const row = roles.get(role)?.row;
    for (const name of new Set([...Object.keys(guarantee), ...Object.keys(limit)])) {
      const prefix = `allocator/mesos/quota/roles/${role}/resources/${name}/`;
      const kind = knownKind(tables, name);
      const isHeld = row !== undefined && kind !== undefined;
      const used = isHeld ? (tables.roles.used[row * KINDS + kind] ?? 0) : 0;
      const [least, most] = [guarantee[name], limit[name]];
      if (least !== undefined) out[`${prefix}guarantee`] = least / 1000;
      if (most !== undefined) out[`${prefix}limit`] = most / 1000;
      out[`${prefix}offered_or_allocated`] = used / 1000;
    }
  }
}

/** What the allocation knows of roles and resources (H8); times are for its edge to add. */
export function allocatorMetrics(
  state: ClusterState,
  { total, used, offered }: Pick<OperatorResult<"cluster">, "total" | "used" | "offered">,
  out: Record<string, number>,
): void {
  const sumOf = (lists: readonly (readonly Resource[])[], kind: string): number => {
    let milli = 0;
    for (const { name, scalar = 0 } of lists.flat()) if (name === kind) milli += scalar;
    return milli / 1000;
  };
  for (const kind of ["cpus", "mem", "disk"]) {
    const prefix = `allocator/mesos/resources/${kind}/`;
    out[`${prefix}total`] = sumOf([total], kind);
    out[`${prefix}offered_or_allocated`] = sumOf([used, offered], kind);
  }
  for (const role of state.roles.values()) {
    if (role.row === ROOT_ROLE) continue;
    let filters = 0;
    for (const { row } of role.clients) if (row >= 0) filters += state.filters.countOf(row);
    out[`allocator/mesos/roles/${role.name}/shares/dominant`] = dominantShare(state, role);
    out[`allocator/mesos/offer_filters/roles/${role.name}/active`] = filters;
  }
  quotaMetrics(state, out);
}
