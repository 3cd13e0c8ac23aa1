import { type Static, Type } from "../typebox.ts";
import { AgentIdSchema, oneOf, TimeMsSchema } from "./basics.ts";
import { AttributeSchema, ResourceSchema } from "./resource.ts";

/** What an agent can do (A8). */
export const agentCapabilities = [
  "MULTI_ROLE",
  "HIERARCHICAL_ROLE",
  "RESERVATION_REFINEMENT",
  "RESOURCE_PROVIDER",
  "RESIZE_VOLUME",
  "AGENT_OPERATION_FEEDBACK",
  "AGENT_DRAINING",
  "TASK_RESOURCE_LIMITS",
] as const;
/** See `agentCapabilities`. */
export type AgentCapability = (typeof agentCapabilities)[number];

/** Region and zone (E16). */
export const DomainSchema = Type.Object({ region: Type.String(), zone: Type.String() });
/** See `DomainSchema`. */
export type Domain = Static<typeof DomainSchema>;

/** A machine that runs tasks. */
export const AgentInfoSchema = Type.Object({
  id: Type.Optional(AgentIdSchema),
  hostname: Type.String(),
  /** Address under which the agent's own HTTP server answers. */
  ip: Type.String(),
  port: Type.Number(),
  /** Total resources, reservations included. */
  resources: Type.Array(ResourceSchema),
  attributes: Type.Optional(Type.Array(AttributeSchema)),
  domain: Type.Optional(DomainSchema),
});
/** See `AgentInfoSchema`. */
export type AgentInfo = Static<typeof AgentInfoSchema>;

/** The master that a peer is talking to. */
export const MasterInfoSchema = Type.Object({
  id: Type.String(),
  hostname: Type.String(),
  ip: Type.String(),
  port: Type.Number(),
  version: Type.String(),
});
/** See `MasterInfoSchema`. */
export type MasterInfo = Static<typeof MasterInfoSchema>;

/** A time during which a machine is expected to be away (I1). */
export const UnavailabilitySchema = Type.Object({
  startMs: TimeMsSchema,
  durationMs: Type.Optional(Type.Number()),
});
/** See `UnavailabilitySchema`. */
export type Unavailability = Static<typeof UnavailabilitySchema>;

/** How an agent is emptied (I5). */
export const DrainConfigSchema = Type.Object({
  maxGracePeriodMs: Type.Optional(Type.Number()),
  markGone: Type.Optional(Type.Boolean()),
});
/** See `DrainConfigSchema`. */
export type DrainConfig = Static<typeof DrainConfigSchema>;

/** Progress of a drain (I5). */
export const DrainInfoSchema = Type.Object({
  state: oneOf("DRAINING", "DRAINED"),
  config: DrainConfigSchema,
  startedMs: Type.Optional(TimeMsSchema),
});
/** See `DrainInfoSchema`. */
export type DrainInfo = Static<typeof DrainInfoSchema>;

/** One entry of `resources` is one of these; named here for the operator API. */
export const ResourceListSchema = Type.Array(ResourceSchema);
