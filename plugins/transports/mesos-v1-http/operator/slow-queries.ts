import type { OperatorResult } from "../../../../contract/operator-api.ts";
import type { ClusterView } from "../../../../contract/ports/cluster-view.ts";
import { nanosOf, updateIdBytes, wrap } from "../map/basics.ts";
import { operationStatusTo, operationTo, unavailabilityTo } from "../map/offers.ts";
import type { OperatorResponse } from "./queries.ts";

type SlowQuery = (view: ClusterView) => Promise<Omit<OperatorResponse, "type">>;

/** More than a master lets be pending. */
const OPERATIONS_MAX = 10_000;

/** The calls that only read, and are answered by the master's own operator methods (§8.4). */
export const slowQueries = {
  GET_MAINTENANCE_SCHEDULE: async (view) => {
    const { windows } = await view.request("maintenance", {});
    return { get_maintenance_schedule: { schedule: { windows: windows.map(windowTo) } } };
  },
  GET_MAINTENANCE_STATUS: async (view) => {
    const { draining, down } = await view.request("maintenance", {});
    return {
      get_maintenance_status: {
        status: {
          draining_machines: draining.map(({ machine, answers }) => ({
            id: machine,
            statuses: answers.map(({ answer, frameworkId, timestampMs }) => ({
              status: answer,
              framework_id: wrap(frameworkId),
              timestamp: nanosOf(timestampMs),
            })),
          })),
          down_machines: down,
        },
      },
    };
  },
  GET_OPERATIONS: async (view) => {
    const { operations } = await view.request("operations", { limit: OPERATIONS_MAX });
    return {
      get_operations: {
        operations: operations.map(({ operationUuid, frameworkId, agentId, operation, ...one }) => {
          const { state, status } = one;
          const pending = { operation_id: wrap(operation.id), state, agent_id: wrap(agentId) };
          const latest_status = status === undefined ? pending : operationStatusTo(status);
          return {
            framework_id: wrap(frameworkId),
            agent_id: wrap(agentId),
            info: operationTo(operation),
            latest_status,
            // Those that came of its agent, of which there are none while it is pending.
            statuses: status === undefined ? [] : [latest_status],
            uuid: { value: updateIdBytes(operationUuid) },
          };
        }),
      },
    };
  },
} as const satisfies Readonly<Record<string, SlowQuery>>;

/** The type of such a call. */
export type SlowQueryType = keyof typeof slowQueries;

/** A window of a schedule. */
export function windowTo({
  machines,
  unavailability,
}: OperatorResult<"maintenance">["windows"][number]) {
  return { machine_ids: machines, unavailability: unavailabilityTo(unavailability) };
}
