import { type Static, Type } from "../typebox.ts";
import { DomainSchema, UnavailabilitySchema } from "./agent.ts";
import {
  AgentIdSchema,
  ExecutorIdSchema,
  FrameworkIdSchema,
  OfferIdSchema,
  oneOf,
  RoleNameSchema,
  TimeMsSchema,
  UpdateIdSchema,
} from "./basics.ts";
import { AttributeSchema, ResourceSchema } from "./resource.ts";
import { AskedResourceSchema, ExecutorInfoSchema, TaskInfoSchema } from "./task.ts";

/** Resources of one agent, held for one framework in one role until it answers (C2, C3). */
export const OfferSchema = Type.Object({
  id: OfferIdSchema,
  frameworkId: FrameworkIdSchema,
  agentId: AgentIdSchema,
  role: RoleNameSchema,
  hostname: Type.String(),
  /** Address of the agent's own HTTP server. */
  ip: Type.String(),
  port: Type.Number(),
  resources: Type.Array(ResourceSchema),
  attributes: Type.Optional(Type.Array(AttributeSchema)),
  domain: Type.Optional(DomainSchema),
  executorIds: Type.Optional(Type.Array(ExecutorIdSchema)),
  unavailability: Type.Optional(UnavailabilitySchema),
  /** Name and digest of the policy that made this offer; an addition of ours. */
  policy: Type.Optional(Type.Object({ name: Type.String(), digest: Type.String() })),
});
/** See `OfferSchema`. */
export type Offer = Static<typeof OfferSchema>;

/** Asks a framework to get ready for an agent's unavailability (C15). */
export const InverseOfferSchema = Type.Object({
  id: OfferIdSchema,
  frameworkId: FrameworkIdSchema,
  agentId: AgentIdSchema,
  unavailability: UnavailabilitySchema,
});
/** See `InverseOfferSchema`. */
export type InverseOffer = Static<typeof InverseOfferSchema>;

const common = {
  id: Type.Optional(Type.String()),
  /** Roles that its resources are said to be allocated to; see `TaskInfoSchema`. */
  allocatedTo: Type.Optional(Type.Array(Type.String())),
};

/** One step of an ACCEPT, applied in order (C5, C17); `id` asks for feedback (C18). */
export const OperationSchema = Type.Union([
  Type.Object({
    type: Type.Literal("LAUNCH"),
    ...common,
    tasks: Type.Array(TaskInfoSchema),
  }),
  Type.Object({
    type: Type.Literal("LAUNCH_GROUP"),
    ...common,
    executor: ExecutorInfoSchema,
    tasks: Type.Array(TaskInfoSchema),
  }),
  Type.Object({
    type: Type.Literal("RESERVE"),
    ...common,
    source: Type.Optional(Type.Array(AskedResourceSchema)),
    resources: Type.Array(AskedResourceSchema),
  }),
  Type.Object({
    type: Type.Literal("UNRESERVE"),
    ...common,
    resources: Type.Array(AskedResourceSchema),
  }),
  Type.Object({
    type: Type.Literal("CREATE"),
    ...common,
    volumes: Type.Array(AskedResourceSchema),
  }),
  Type.Object({
    type: Type.Literal("DESTROY"),
    ...common,
    volumes: Type.Array(AskedResourceSchema),
  }),
  Type.Object({
    type: Type.Literal("GROW_VOLUME"),
    ...common,
    volume: AskedResourceSchema,
    addition: AskedResourceSchema,
  }),
  Type.Object({
    type: Type.Literal("SHRINK_VOLUME"),
    ...common,
    volume: AskedResourceSchema,
    subtract: Type.Number(),
  }),
]);
/** See `OperationSchema`. */
export type Operation = Static<typeof OperationSchema>;

/** States of an operation with feedback (C18). */
export const operationStates = [
  "OPERATION_UNSUPPORTED",
  "OPERATION_PENDING",
  "OPERATION_FINISHED",
  "OPERATION_FAILED",
  "OPERATION_ERROR",
  "OPERATION_DROPPED",
  "OPERATION_UNREACHABLE",
  "OPERATION_GONE_BY_OPERATOR",
  "OPERATION_RECOVERING",
  "OPERATION_UNKNOWN",
] as const;
/** See `operationStates`. */
export type OperationState = (typeof operationStates)[number];

/** Outcome of an operation (C18); one with a `uuid` is acknowledged. */
export const OperationStatusSchema = Type.Object({
  operationId: Type.Optional(Type.String()),
  state: oneOf(...operationStates),
  message: Type.Optional(Type.String()),
  convertedResources: Type.Optional(Type.Array(ResourceSchema)),
  uuid: Type.Optional(UpdateIdSchema),
  agentId: Type.Optional(AgentIdSchema),
  timestampMs: Type.Optional(TimeMsSchema),
});
/** See `OperationStatusSchema`. */
export type OperationStatus = Static<typeof OperationStatusSchema>;
