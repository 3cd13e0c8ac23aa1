import type { FrameworkId, RoleName } from "../../../../contract/ids.ts";
import type { ClusterView } from "../../../../contract/ports/cluster-view.ts";
import { defined } from "../map/basics.ts";
import { setLevel } from "../map/logging.ts";
import { quantitiesFrom } from "../map/resources.ts";
import { agentChanges } from "./agent-changes.ts";
import type { OperatorCall } from "./queries.ts";
import { quotaFrom, removeQuota } from "./quotas.ts";

/** Does what a call asks; answers `undefined` when its submessage is missing. */
export type Change = (view: ClusterView, call: OperatorCall) => Promise<unknown> | undefined;

/** The calls that change something, by type; each is answered without a body (§8.2). */
export const changes = {
  ...agentChanges,
  UPDATE_WEIGHTS: (view, { update_weights: body }) =>
    body &&
    view.request("update-weights", {
      weights: (body.weight_infos ?? []).map(({ role = "*", weight }) => ({
        role: role as RoleName,
        weight,
      })),
    }),
  UPDATE_QUOTA: (view, { update_quota: body }) =>
    body &&
    view.request("update-quota", {
      ...defined({ force: body.force }),
      quotas: (body.quota_configs ?? []).map(({ role, guarantees, limits }) => ({
        role: role as RoleName,
        ...defined({ guarantee: quantitiesFrom(guarantees), limit: quantitiesFrom(limits) }),
      })),
    }),
  SET_QUOTA: (view, { set_quota: body }) =>
    body && view.request("update-quota", quotaFrom(body.quota_request)),
  REMOVE_QUOTA: (view, { remove_quota: body }) => body && removeQuota(view, body.role),
  TEARDOWN: (view, { teardown: body }) =>
    body && view.request("teardown", { frameworkId: body.framework_id.value as FrameworkId }),
  SET_LOGGING_LEVEL: ({ verbosity }, { set_logging_level: body }) =>
    body && setLevel(verbosity, body),
} as const satisfies Readonly<Record<string, Change>>;

/** The type of a call that changes something. */
export type ChangeType = keyof typeof changes;
