import type { AgentId, UpdateId } from "../../contract/ids.ts";
import type { Operation, OperationStatus } from "../../contract/schema/offer.ts";

/** An operation that its framework wants to hear of (C18). */
export interface FrameworkOperation {
  readonly uuid: UpdateId;
  readonly agentId: AgentId;
  readonly operation: Operation;
  /** Its outcome, once there is one, with the id that the framework acknowledges it by. */
  status: OperationStatus | undefined;
}

/**
 * An operation that its agent keeps until it is acknowledged, and of which this master knows no
 * more: another has its id, or what it is was too much to be brought back with the agent (C18).
 */
export interface OtherOperation {
  readonly agentId: AgentId;
  /** The id that the framework acknowledges it by, once that is known. */
  statusUuid: UpdateId | undefined;
}
