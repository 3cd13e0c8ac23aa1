import type { RoleName } from "../../../../contract/ids.ts";
import type { OperatorParams } from "../../../../contract/operator-api.ts";
import type { ClusterView } from "../../../../contract/ports/cluster-view.ts";
import { toMilli } from "../../../../contract/resources.ts";
import type { Message } from "../definitions/define.ts";
import type { QuotaRequest, QuotaStatus } from "../definitions/operators.ts";
import { Refusal } from "../http/answers.ts";
import { defined } from "../map/basics.ts";
import { quantitiesTo } from "../map/resources.ts";

/** A quota in its old form: the guarantee is the limit, too (E9). */
export function quotaFrom({
  role = "",
  guarantee = [],
  force,
}: Message<typeof QuotaRequest>): OperatorParams<"update-quota"> {
  const amounts: Record<string, number> = {};
  for (const { name, scalar } of guarantee) {
    if (scalar !== undefined) amounts[name] = (amounts[name] ?? 0) + toMilli(scalar.value);
  }
  const quota = { role: role as RoleName, guarantee: amounts, limit: amounts };
  return { ...defined({ force }), quotas: [quota] };
}

function withQuota(view: ClusterView) {
  return [...view.roles()].filter(
    ({ guarantee, limit }) => guarantee !== undefined || limit !== undefined,
  );
}

/** All quotas, in the form of old and in that of now (§8.4). */
export function quotaStatus(view: ClusterView): Message<typeof QuotaStatus> {
  const roles = withQuota(view);
  return {
    infos: roles.map(({ role, guarantee }) => ({
      role,
      guarantee: Object.entries(quantitiesTo(guarantee) ?? {}).map(([name, scalar]) => ({
        name,
        type: "SCALAR" as const,
        scalar,
      })),
    })),
    configs: roles.map(({ role, guarantee, limit }) => ({
      role,
      guarantees: quantitiesTo(guarantee),
      limits: quantitiesTo(limit),
    })),
  };
}

/**
 * Takes the quota of a role away.
 * @throws Refusal 400 for a role that has none: its name may be mistyped
 */
export function removeQuota(view: ClusterView, role: string): Promise<unknown> {
  if (!withQuota(view).some((one) => one.role === role)) {
    throw new Refusal(400, `Failed to remove quota: Role '${role}' has no quota set`);
  }
  return view.request("update-quota", { quotas: [{ role: role as RoleName }] });
}
