import type { AgentId } from "../../../../contract/ids.ts";
import type {
  MachineId,
  MaintenanceWindow,
} from "../../../../contract/operator/maintenance-methods.ts";
import type { OperatorParams } from "../../../../contract/operator-api.ts";
import { toMilli } from "../../../../contract/resources.ts";
import type { MachineID as MachineIdDef } from "../definitions/basics.ts";
import type { Message } from "../definitions/define.ts";
import type { Duration as DurationDef, Schedule as ScheduleDef } from "../definitions/operators.ts";
import type { Resource as ResourceDef } from "../definitions/resources.ts";
import { defined, maybe, msOf, unwrap } from "../map/basics.ts";
import { resourceFrom } from "../map/resources.ts";
import type { Change } from "./changes.ts";

type Resources = OperatorParams<"reserve-resources">["resources"];

/** Resources as operators give them. */
export function resourcesFrom(list: readonly Message<typeof ResourceDef>[] = []): Resources {
  return list.map(resourceFrom);
}

/** A machine. */
export function machineFrom({ hostname, ip }: Message<typeof MachineIdDef>): MachineId {
  return defined({ hostname, ip });
}

/** The windows of a schedule of maintenance. */
export function windowsFrom({ windows = [] }: Message<typeof ScheduleDef>): MaintenanceWindow[] {
  return windows.map(({ machine_ids = [], unavailability: { start, duration } }) => ({
    machines: machine_ids.map(machineFrom),
    unavailability: { startMs: msOf(start), ...defined({ durationMs: maybe(duration, msOf) }) },
  }));
}

function durationMs({ seconds = 0, nanos = 0 }: Message<typeof DurationDef>): number {
  return Math.round(seconds * 1_000 + nanos / 1e6);
}

/** The agent that a call names; those of volumes without one cannot be served. */
function agentOf(id: { readonly value: string } | undefined): { agentId: AgentId } {
  return { agentId: unwrap<AgentId>(id ?? { value: "" }) };
}

/**
 * Calls that take agents and machines out of service, and change what agents have (I, E11, E12).
 */
export const agentChanges = {
  DRAIN_AGENT: (view, { drain_agent: body }) =>
    body &&
    view.request("drain-agent", {
      ...agentOf(body.agent_id),
      ...defined({
        maxGracePeriodMs: maybe(body.max_grace_period, durationMs),
        markGone: body.mark_gone,
      }),
    }),
  DEACTIVATE_AGENT: (view, { deactivate_agent: body }) =>
    body && view.request("deactivate-agent", agentOf(body.agent_id)),
  REACTIVATE_AGENT: (view, { reactivate_agent: body }) =>
    body && view.request("reactivate-agent", agentOf(body.agent_id)),
  MARK_AGENT_GONE: (view, { mark_agent_gone: body }) =>
    body && view.request("mark-agent-gone", agentOf(body.agent_id)),
  UPDATE_MAINTENANCE_SCHEDULE: (view, { update_maintenance_schedule: body }) =>
    body && view.request("update-maintenance", { windows: windowsFrom(body.schedule) }),
  START_MAINTENANCE: (view, { start_maintenance: body }) =>
    body && view.request("start-maintenance", { machines: (body.machines ?? []).map(machineFrom) }),
  STOP_MAINTENANCE: (view, { stop_maintenance: body }) =>
    body && view.request("stop-maintenance", { machines: (body.machines ?? []).map(machineFrom) }),
  RESERVE_RESOURCES: (view, { reserve_resources: body }) =>
    body &&
    view.request("reserve-resources", {
      ...agentOf(body.agent_id),
      resources: resourcesFrom(body.resources),
      ...(body.source?.length ? { source: resourcesFrom(body.source) } : {}),
    }),
  UNRESERVE_RESOURCES: (view, { unreserve_resources: body }) =>
    body &&
    view.request("unreserve-resources", {
      ...agentOf(body.agent_id),
      resources: resourcesFrom(body.resources),
    }),
  CREATE_VOLUMES: (view, { create_volumes: body }) =>
    body &&
    view.request("create-volumes", {
      ...agentOf(body.agent_id),
      volumes: resourcesFrom(body.volumes),
    }),
  DESTROY_VOLUMES: (view, { destroy_volumes: body }) =>
    body &&
    view.request("destroy-volumes", {
      ...agentOf(body.agent_id),
      volumes: resourcesFrom(body.volumes),
    }),
  GROW_VOLUME: (view, { grow_volume: body }) =>
    body &&
    view.request("grow-volume", {
      ...agentOf(body.agent_id),
      volume: resourceFrom(body.volume),
      addition: resourceFrom(body.addition),
    }),
  SHRINK_VOLUME: (view, { shrink_volume: body }) =>
    body &&
    view.request("shrink-volume", {
      ...agentOf(body.agent_id),
      volume: resourceFrom(body.volume),
      subtract: toMilli(body.subtract.value),
    }),
} as const satisfies Readonly<Record<string, Change>>;

/** The changes that are answered with 202, since agents have yet to follow (§8.2). */
export const accepted: ReadonlySet<string> = new Set([
  "RESERVE_RESOURCES",
  "UNRESERVE_RESOURCES",
  "CREATE_VOLUMES",
  "DESTROY_VOLUMES",
  "GROW_VOLUME",
  "SHRINK_VOLUME",
]);
