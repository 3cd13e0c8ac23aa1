import type { FrameworkId, RoleName } from "../../../../contract/ids.ts";
import type { ClusterView } from "../../../../contract/ports/cluster-view.ts";
import type { Message } from "../definitions/define.ts";
import type { Call as CallDef } from "../definitions/master-call.ts";
import { defined } from "../map/basics.ts";
import { quantitiesFrom } from "../map/resources.ts";

/** A call of the master's operator API. */
export type OperatorCall = Message<typeof CallDef>;

/** Does what a call asks; answers `undefined` when its submessage is missing. */
type Change = (view: ClusterView, call: OperatorCall) => Promise<unknown> | undefined;

/** The calls that change something, by type; each is answered with 200 and no body (§8.2). */
export const changes = {
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
  REMOVE_QUOTA: (view, { remove_quota: body }) =>
    body && view.request("update-quota", { quotas: [{ role: body.role as RoleName }] }),
  TEARDOWN: (view, { teardown: body }) =>
    body && view.request("teardown", { frameworkId: body.framework_id.value as FrameworkId }),
} as const satisfies Readonly<Record<string, Change>>;

/** The type of a call that changes something. */
export type ChangeType = keyof typeof changes;

/** The calls that are not served, with the reason that they are answered with (501). */
export const refusals = {
  GET_LOGGING_LEVEL: "the log level is set in the configuration",
  SET_LOGGING_LEVEL: "the log level is set in the configuration",
  LIST_FILES: "files are not served by the master",
  READ_FILE: "files are not served by the master",
  GET_OPERATIONS: "operations are not shown to operators yet",
  SUBSCRIBE: "the event stream for operators is served by the native protocol only",
  RESERVE_RESOURCES: "operators cannot reserve resources yet; frameworks can",
  UNRESERVE_RESOURCES: "operators cannot unreserve resources yet; frameworks can",
  CREATE_VOLUMES: "operators cannot create volumes yet; frameworks can",
  DESTROY_VOLUMES: "operators cannot destroy volumes yet; frameworks can",
  GROW_VOLUME: "operators cannot grow volumes yet; frameworks can",
  SHRINK_VOLUME: "operators cannot shrink volumes yet; frameworks can",
  GET_MAINTENANCE_STATUS: "maintenance is not served yet",
  GET_MAINTENANCE_SCHEDULE: "maintenance is not served yet",
  UPDATE_MAINTENANCE_SCHEDULE: "maintenance is not served yet",
  START_MAINTENANCE: "maintenance is not served yet",
  STOP_MAINTENANCE: "maintenance is not served yet",
  DRAIN_AGENT: "draining agents is not served yet",
  DEACTIVATE_AGENT: "deactivating agents is not served yet",
  REACTIVATE_AGENT: "deactivating agents is not served yet",
  MARK_AGENT_GONE: "marking agents gone is not served yet",
  SET_QUOTA: "quota of this form is deprecated; use UPDATE_QUOTA",
} as const;
