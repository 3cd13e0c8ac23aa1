import { MasterInfoSchema } from "./schema/agent.ts";
import {
  AgentIdSchema,
  BytesSchema,
  ExecutorIdSchema,
  FrameworkIdSchema,
  OfferIdSchema,
  RoleNameSchema,
  TaskIdSchema,
  UpdateIdSchema,
} from "./schema/basics.ts";
import { KillPolicySchema } from "./schema/command.ts";
import { FiltersSchema, FrameworkInfoSchema, OfferConstraintsSchema } from "./schema/framework.ts";
import { message } from "./schema/message.ts";
import {
  InverseOfferSchema,
  OfferSchema,
  OperationSchema,
  OperationStatusSchema,
} from "./schema/offer.ts";
import { ResourceSchema } from "./schema/resource.ts";
import { TaskStatusSchema } from "./schema/task.ts";
import { type Static, Type } from "./typebox.ts";

const roles = Type.Optional(Type.Array(RoleNameSchema));
const filters = Type.Optional(FiltersSchema);

/**
 * Calls from a framework to the master, by `type` (v1-wire 6.4). A connection stands for one
 * framework from its `subscribe` on, so later calls name none.
 */
export const frameworkCallSchemas = {
  subscribe: message("subscribe", {
    framework: FrameworkInfoSchema,
    suppressedRoles: roles,
    offerConstraints: Type.Optional(OfferConstraintsSchema),
  }),
  teardown: message("teardown", {}),
  accept: message("accept", {
    offerIds: Type.Array(OfferIdSchema),
    operations: Type.Optional(Type.Array(OperationSchema)),
    filters,
  }),
  decline: message("decline", { offerIds: Type.Array(OfferIdSchema), filters }),
  "accept-inverse-offers": message("accept-inverse-offers", {
    inverseOfferIds: Type.Array(OfferIdSchema),
    filters,
  }),
  "decline-inverse-offers": message("decline-inverse-offers", {
    inverseOfferIds: Type.Array(OfferIdSchema),
    filters,
  }),
  revive: message("revive", { roles }),
  suppress: message("suppress", { roles }),
  kill: message("kill", {
    taskId: TaskIdSchema,
    agentId: Type.Optional(AgentIdSchema),
    killPolicy: Type.Optional(KillPolicySchema),
  }),
  shutdown: message("shutdown", { executorId: ExecutorIdSchema, agentId: AgentIdSchema }),
  acknowledge: message("acknowledge", {
    agentId: AgentIdSchema,
    taskId: TaskIdSchema,
    uuid: UpdateIdSchema,
  }),
  "acknowledge-operation": message("acknowledge-operation", {
    agentId: Type.Optional(AgentIdSchema),
    operationId: Type.String(),
    uuid: UpdateIdSchema,
  }),
  /** An empty list is implicit reconciliation: everything the master knows (D12, D13). */
  reconcile: message("reconcile", {
    tasks: Type.Array(Type.Object({ taskId: TaskIdSchema, agentId: Type.Optional(AgentIdSchema) })),
  }),
  "reconcile-operations": message("reconcile-operations", {
    operations: Type.Array(
      Type.Object({ operationId: Type.String(), agentId: Type.Optional(AgentIdSchema) }),
    ),
  }),
  message: message("message", {
    agentId: AgentIdSchema,
    executorId: ExecutorIdSchema,
    data: BytesSchema,
  }),
  request: message("request", {
    requests: Type.Array(
      Type.Object({
        agentId: Type.Optional(AgentIdSchema),
        resources: Type.Array(ResourceSchema),
      }),
    ),
  }),
  /** Answered by `framework-updated` with the same `requestId` (B7). */
  "update-framework": message("update-framework", {
    requestId: Type.Number(),
    framework: FrameworkInfoSchema,
    suppressedRoles: roles,
    offerConstraints: Type.Optional(OfferConstraintsSchema),
  }),
} as const;

/** A call from a framework, told apart by `type`. */
export type FrameworkCall = {
  [Name in keyof typeof frameworkCallSchemas]: Static<(typeof frameworkCallSchemas)[Name]>;
}[keyof typeof frameworkCallSchemas];
/** The call of one `type`. */
export type FrameworkCallOf<Name extends FrameworkCall["type"]> = Extract<
  FrameworkCall,
  { type: Name }
>;

/** What went wrong with one message, told to whoever sent it. */
export const ProblemSchema = Type.Object({
  code: Type.String(),
  /** HTTP status of the code. */
  status: Type.Optional(Type.Number()),
  message: Type.String(),
  where: Type.Optional(Type.String()),
  hint: Type.Optional(Type.String()),
  /** The single problems, where there are several. */
  details: Type.Optional(Type.Array(Type.String())),
});
/** See `ProblemSchema`. */
export type Problem = Static<typeof ProblemSchema>;

/** Events from the master to a framework, by `type` (v1-wire 6.5). */
export const frameworkEventSchemas = {
  subscribed: message("subscribed", { frameworkId: FrameworkIdSchema, master: MasterInfoSchema }),
  offers: message("offers", { offers: Type.Array(OfferSchema) }),
  "inverse-offers": message("inverse-offers", { inverseOffers: Type.Array(InverseOfferSchema) }),
  rescind: message("rescind", { offerId: OfferIdSchema }),
  "rescind-inverse-offer": message("rescind-inverse-offer", { inverseOfferId: OfferIdSchema }),
  update: message("update", { status: TaskStatusSchema }),
  "operation-update": message("operation-update", { status: OperationStatusSchema }),
  message: message("message", {
    agentId: AgentIdSchema,
    executorId: ExecutorIdSchema,
    data: BytesSchema,
  }),
  /** Without `executorId`: the agent is lost; with it: the executor ended with this wait status. */
  failure: message("failure", {
    agentId: Type.Optional(AgentIdSchema),
    executorId: Type.Optional(ExecutorIdSchema),
    status: Type.Optional(Type.Number()),
  }),
  /** Ends the subscription. */
  error: message("error", { code: Type.String(), message: Type.String() }),
  /** A call was refused; the subscription goes on. Native clients only. */
  rejected: message("rejected", { call: Type.String(), problem: ProblemSchema }),
  "framework-updated": message("framework-updated", {
    requestId: Type.Number(),
    problem: Type.Optional(ProblemSchema),
  }),
} as const;

/** An event for a framework, told apart by `type`. */
export type FrameworkEvent = {
  [Name in keyof typeof frameworkEventSchemas]: Static<(typeof frameworkEventSchemas)[Name]>;
}[keyof typeof frameworkEventSchemas];
/** The event of one `type`. */
export type FrameworkEventOf<Name extends FrameworkEvent["type"]> = Extract<
  FrameworkEvent,
  { type: Name }
>;
