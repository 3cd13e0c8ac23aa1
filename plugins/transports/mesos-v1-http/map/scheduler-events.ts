import type { FrameworkEvent } from "../../../../contract/framework-api.ts";
import type { ExecutorId } from "../../../../contract/ids.ts";
import type { TaskStatus } from "../../../../contract/schema/task.ts";
import type { Message } from "../definitions/define.ts";
import type { Event as EventDef } from "../definitions/scheduler.ts";
import { wrap } from "./basics.ts";
import { masterTo } from "./cluster.ts";
import { inverseOfferTo, offerTo, operationStatusTo } from "./offers.ts";
import { statusTo } from "./tasks.ts";

/** An event of the scheduler API. */
export type SchedulerEvent = Message<typeof EventDef>;

/** What a subscription's events depend on. */
export interface EventForm {
  readonly capabilities: readonly string[];
  readonly heartbeatMs: number;
  /** The Mesos version that is claimed. */
  readonly version: string;
}

/** What runs a command task is an executor of the agent's own, named after the task (§6.9). */
function withExecutor(status: TaskStatus): TaskStatus {
  if (status.executorId !== undefined || status.uuid === undefined) return status;
  return { ...status, executorId: status.taskId as string as ExecutorId };
}

/**
 * Turns an event of the contract into one of the API; `undefined` for those that only native
 * clients know, because clients fail on types that they have never heard of (§6.5).
 */
export function mapEvent(event: FrameworkEvent, form: EventForm): SchedulerEvent | undefined {
  switch (event.type) {
    case "subscribed":
      return {
        type: "SUBSCRIBED",
        subscribed: {
          framework_id: wrap(event.frameworkId),
          heartbeat_interval_seconds: form.heartbeatMs / 1000,
          master_info: masterTo(event.master, form.version),
        },
      };
    case "offers":
      return {
        type: "OFFERS",
        offers: { offers: event.offers.map((offer) => offerTo(offer, form.capabilities)) },
      };
    case "inverse-offers":
      return {
        type: "INVERSE_OFFERS",
        inverse_offers: { inverse_offers: event.inverseOffers.map(inverseOfferTo) },
      };
    case "rescind":
      return { type: "RESCIND", rescind: { offer_id: wrap(event.offerId) } };
    case "rescind-inverse-offer":
      return {
        type: "RESCIND_INVERSE_OFFER",
        rescind_inverse_offer: { inverse_offer_id: wrap(event.inverseOfferId) },
      };
    case "update":
      return { type: "UPDATE", update: { status: statusTo(withExecutor(event.status)) } };
    case "operation-update":
      return {
        type: "UPDATE_OPERATION_STATUS",
        update_operation_status: { status: operationStatusTo(event.status) },
      };
    case "message":
      return {
        type: "MESSAGE",
        message: {
          agent_id: wrap(event.agentId),
          executor_id: wrap(event.executorId),
          data: event.data,
        },
      };
    case "failure":
      return {
        type: "FAILURE",
        failure: {
          agent_id: wrap(event.agentId),
          executor_id: wrap(event.executorId),
          status: event.status,
        },
      };
    case "error":
      return { type: "ERROR", error: { message: event.message } };
    case "rejected":
    case "framework-updated":
      return undefined;
  }
}
