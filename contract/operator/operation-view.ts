import { AgentIdSchema, FrameworkIdSchema, oneOf, UpdateIdSchema } from "../schema/basics.ts";
import { OperationSchema, OperationStatusSchema, operationStates } from "../schema/offer.ts";
import { type Static, Type } from "../typebox.ts";

/** An operation as operators see it (C18). */
export const OperationViewSchema = Type.Object({
  operationUuid: UpdateIdSchema,
  frameworkId: FrameworkIdSchema,
  agentId: AgentIdSchema,
  operation: OperationSchema,
  state: oneOf(...operationStates),
  /** Its outcome, which is not acknowledged yet; absent while it is pending. */
  status: Type.Optional(OperationStatusSchema),
});
/** See `OperationViewSchema`. */
export type OperationView = Static<typeof OperationViewSchema>;
