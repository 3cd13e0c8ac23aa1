import type { TepuiError } from "../contract/errors.ts";
import type { Problem } from "../contract/framework-api.ts";
import type { AgentId, ExecutorId, FrameworkId, OfferId } from "../contract/ids.ts";
import type { MasterInfo } from "../contract/schema/agent.ts";
import type { InverseOffer, Offer, OperationStatus } from "../contract/schema/offer.ts";
import type { TaskStatus } from "../contract/schema/task.ts";
import type { CloseReason } from "../contract/wire-protocol.ts";

/** A subscription that the master has accepted. */
export interface Subscribed {
  readonly frameworkId: FrameworkId;
  readonly master: MasterInfo;
  /** False for the first subscription of this client, true after each reconnection. */
  readonly again: boolean;
}

/** What a custom executor said. */
export interface ExecutorMessage {
  readonly agentId: AgentId;
  readonly executorId: ExecutorId;
  readonly data: Uint8Array;
}

/** Without `executorId` the agent is lost; with it, that executor ended with this wait status. */
export interface Failure {
  readonly agentId?: AgentId | undefined;
  readonly executorId?: ExecutorId | undefined;
  readonly status?: number | undefined;
}

/** Events of a `Scheduler`, with what their listeners are called with (v1-wire 6.5). */
export interface SchedulerEvents {
  /** A master took the connection; the subscription follows. */
  connected: [address: string];
  subscribed: [subscription: Subscribed];
  offers: [offers: readonly Offer[]];
  /** The offer is gone; accepting it would drop its tasks (C12). */
  rescind: [offerId: OfferId];
  "inverse-offers": [inverseOffers: readonly InverseOffer[]];
  "rescind-inverse-offer": [inverseOfferId: OfferId];
  /**
   * State of a task. With automatic acknowledgement it is acknowledged after the listeners have
   * returned, so a listener that must store it does so synchronously or acknowledges by hand.
   */
  update: [status: TaskStatus];
  /** What became of an operation with an id; acknowledged as updates are (C18). */
  "operation-update": [status: OperationStatus];
  message: [message: ExecutorMessage];
  failure: [failure: Failure];
  /** One call was refused; the subscription goes on. */
  rejected: [call: string, problem: Problem];
  /** Every task that was asked about after a subscription has been answered for. */
  reconciled: [tasks: number];
  /** All offers are gone with the connection; the client dials again by itself. */
  disconnected: [reason: CloseReason];
  /** The subscription ended for good: removed, failed over elsewhere, or refused. */
  error: [error: TepuiError];
  /** Nothing comes after it. */
  closed: [];
}
