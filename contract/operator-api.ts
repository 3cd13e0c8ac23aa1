import { ProblemSchema } from "./framework-api.ts";
import { agentMethods } from "./operator/agent-methods.ts";
import { explainMethods } from "./operator/explain-methods.ts";
import { maintenanceMethods } from "./operator/maintenance-methods.ts";
import { method } from "./operator/method.ts";
import { OperationViewSchema } from "./operator/operation-view.ts";
import { resourceMethods } from "./operator/resource-methods.ts";
import { policyMethods } from "./policy-api.ts";
import {
  AgentInfoSchema,
  agentCapabilities,
  DrainInfoSchema,
  MasterInfoSchema,
  UnavailabilitySchema,
} from "./schema/agent.ts";
import {
  AgentIdSchema,
  FrameworkIdSchema,
  OfferIdSchema,
  oneOf,
  RoleNameSchema,
  TaskIdSchema,
  TimeMsSchema,
} from "./schema/basics.ts";
import {
  FrameworkInfoSchema,
  OfferConstraintsSchema,
  QuantitiesSchema,
} from "./schema/framework.ts";
import { OfferSchema } from "./schema/offer.ts";
import { PolicyNameSchema } from "./schema/policy.ts";
import { ResourceSchema } from "./schema/resource.ts";
import { TaskRecordSchema, TaskStatusSchema } from "./schema/task.ts";
import { taskStates } from "./task-state.ts";
import { type Static, Type } from "./typebox.ts";

const Resources = Type.Array(ResourceSchema);

/** An agent as operators see it. */
export const AgentViewSchema = Type.Object({
  agent: AgentInfoSchema,
  version: Type.String(),
  /** Absent for those that are not here. */
  capabilities: Type.Optional(Type.Array(oneOf(...agentCapabilities))),
  /** active: gets offers; inactive: deactivated; disconnected; recovering: known, not yet back. */
  state: oneOf("active", "inactive", "disconnected", "recovering", "unreachable", "gone"),
  registeredMs: Type.Optional(TimeMsSchema),
  reregisteredMs: Type.Optional(TimeMsSchema),
  unreachableMs: Type.Optional(TimeMsSchema),
  total: Resources,
  used: Resources,
  offered: Resources,
  tasks: Type.Number(),
  deactivated: Type.Optional(Type.Boolean()),
  unavailability: Type.Optional(UnavailabilitySchema),
  drain: Type.Optional(DrainInfoSchema),
  /** Names of resources beyond the kinds that the master tells apart: no policy goes by them. */
  beyondKinds: Type.Optional(Type.Array(Type.String())),
});
/** See `AgentViewSchema`. */
export type AgentView = Static<typeof AgentViewSchema>;

/** A framework as operators see it. */
export const FrameworkViewSchema = Type.Object({
  framework: FrameworkInfoSchema,
  /** recovered: reported by agents, not yet back (G6). */
  state: oneOf("active", "disconnected", "recovered", "completed"),
  suppressedRoles: Type.Array(RoleNameSchema),
  /** By role: the demand in force, of a REQUEST or as the framework states it. */
  demand: Type.Optional(Type.Record(Type.String(), QuantitiesSchema)),
  /** What it asks of the agents that it is offered (C14). */
  offerConstraints: Type.Optional(OfferConstraintsSchema),
  registeredMs: Type.Optional(TimeMsSchema),
  reregisteredMs: Type.Optional(TimeMsSchema),
  unregisteredMs: Type.Optional(TimeMsSchema),
  used: Resources,
  offered: Resources,
  offers: Type.Number(),
  /** Live tasks by state. */
  tasks: Type.Record(Type.String(), Type.Number()),
  completedTasks: Type.Number(),
});
/** See `FrameworkViewSchema`. */
export type FrameworkView = Static<typeof FrameworkViewSchema>;

/** A task as operators see it; `sandbox` says where its files are served. */
export const TaskViewSchema = Type.Object({
  task: TaskRecordSchema,
  frameworkName: Type.String(),
  hostname: Type.Optional(Type.String()),
  /** Address of the HTTP server of the task's agent. */
  agentIp: Type.Optional(Type.String()),
  agentPort: Type.Optional(Type.Number()),
});
/** See `TaskViewSchema`. */
export type TaskView = Static<typeof TaskViewSchema>;

/** A role as operators see it (E19); sums are over the role and those below it. */
export const RoleViewSchema = Type.Object({
  role: RoleNameSchema,
  weight: Type.Number(),
  frameworks: Type.Array(FrameworkIdSchema),
  /** What its frameworks hold, offers among it. */
  allocated: Resources,
  offered: Resources,
  reserved: Resources,
  /** What counts against its quota (E10). */
  consumed: QuantitiesSchema,
  guarantee: Type.Optional(QuantitiesSchema),
  limit: Type.Optional(QuantitiesSchema),
});
/** See `RoleViewSchema`. */
export type RoleView = Static<typeof RoleViewSchema>;

const page = {
  limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 10_000 })),
  offset: Type.Optional(Type.Integer({ minimum: 0 })),
};

/**
 * What an operator may ask of a master, by method name. Each request is answered by one response
 * with the same `id`; lists are paged so that no answer outgrows a frame.
 */
export const operatorMethods = {
  ...agentMethods,
  ...explainMethods,
  ...maintenanceMethods,
  ...resourceMethods,
  cluster: method(
    Type.Object({}),
    Type.Object({
      /** What the cluster is called, where its config says so. */
      name: Type.Optional(Type.String()),
      master: MasterInfoSchema,
      startedMs: TimeMsSchema,
      electedMs: Type.Optional(TimeMsSchema),
      policy: Type.Object({ name: Type.String(), digest: Type.String() }),
      agents: Type.Record(Type.String(), Type.Number()),
      frameworks: Type.Record(Type.String(), Type.Number()),
      tasks: Type.Record(Type.String(), Type.Number()),
      offers: Type.Number(),
      total: Resources,
      used: Resources,
      offered: Resources,
    }),
  ),
  agents: method(
    Type.Object({ agentId: Type.Optional(AgentIdSchema), ...page }),
    Type.Object({ agents: Type.Array(AgentViewSchema), more: Type.Boolean() }),
  ),
  frameworks: method(
    Type.Object({
      frameworkId: Type.Optional(FrameworkIdSchema),
      completed: Type.Optional(Type.Boolean()),
      ...page,
    }),
    Type.Object({ frameworks: Type.Array(FrameworkViewSchema), more: Type.Boolean() }),
  ),
  /** Newest first. `taskId` may be a prefix that fits exactly one task. */
  tasks: method(
    Type.Object({
      taskId: Type.Optional(Type.String({ minLength: 1 })),
      frameworkId: Type.Optional(FrameworkIdSchema),
      agentId: Type.Optional(AgentIdSchema),
      completed: Type.Optional(Type.Boolean()),
      ...page,
    }),
    Type.Object({ tasks: Type.Array(TaskViewSchema), more: Type.Boolean() }),
  ),
  offers: method(
    Type.Object({ ...page }),
    Type.Object({ offers: Type.Array(OfferSchema), more: Type.Boolean() }),
  ),
  /** Operations whose outcome their framework wants to hear and has not acknowledged (C18). */
  operations: method(
    Type.Object({ ...page }),
    Type.Object({ operations: Type.Array(OperationViewSchema), more: Type.Boolean() }),
  ),
  roles: method(Type.Object({}), Type.Object({ roles: Type.Array(RoleViewSchema) })),
  /** Kills a task whoever owns it; the framework learns of it by the status update. */
  "kill-task": method(
    Type.Object({
      taskId: TaskIdSchema,
      frameworkId: Type.Optional(FrameworkIdSchema),
      gracePeriodMs: Type.Optional(Type.Number({ minimum: 0 })),
    }),
    Type.Object({ frameworkId: FrameworkIdSchema, agentId: AgentIdSchema }),
  ),
  teardown: method(Type.Object({ frameworkId: FrameworkIdSchema }), Type.Object({})),
  "update-weights": method(
    Type.Object({
      weights: Type.Array(
        Type.Object({ role: RoleNameSchema, weight: Type.Number({ exclusiveMinimum: 0 }) }),
      ),
    }),
    Type.Object({}),
  ),
  /** Empty guarantees and limits remove a role's quota (E9). */
  "update-quota": method(
    Type.Object({
      force: Type.Optional(Type.Boolean()),
      quotas: Type.Array(
        Type.Object({
          role: RoleNameSchema,
          guarantee: Type.Optional(QuantitiesSchema),
          limit: Type.Optional(QuantitiesSchema),
        }),
      ),
    }),
    Type.Object({ warnings: Type.Optional(Type.Array(ProblemSchema)) }),
  ),
  ...policyMethods,
  /** Starts a stream of `event` messages on this connection, after this answer. */
  "subscribe-events": method(Type.Object({}), Type.Object({})),
} as const;

/** Name of an operator method. */
export type OperatorMethod = keyof typeof operatorMethods;
/** Parameters of one method. */
export type OperatorParams<Name extends OperatorMethod> = Static<
  (typeof operatorMethods)[Name]["params"]
>;
/** Result of one method. */
export type OperatorResult<Name extends OperatorMethod> = Static<
  (typeof operatorMethods)[Name]["result"]
>;

/** What happens in the cluster, as a stream for operators (H2). */
export const ClusterEventSchema = Type.Object({
  kind: oneOf(
    "task-added",
    "task-updated",
    "agent-added",
    "agent-removed",
    /** Something about an agent is not as its operator will have meant it: see `message`. */
    "agent-warning",
    "framework-added",
    "framework-updated",
    "framework-removed",
    /** Another policy is live, or the live one has other settings. */
    "policy-changed",
    /** The live policy failed and lost a round. */
    "policy-fault",
    /** The journal cannot be written, or can again. */
    "journal-off",
    "journal-on",
  ),
  timeMs: TimeMsSchema,
  frameworkId: Type.Optional(FrameworkIdSchema),
  agentId: Type.Optional(AgentIdSchema),
  taskId: Type.Optional(TaskIdSchema),
  offerId: Type.Optional(OfferIdSchema),
  state: Type.Optional(oneOf(...taskStates)),
  status: Type.Optional(TaskStatusSchema),
  name: Type.Optional(Type.String()),
  message: Type.Optional(Type.String()),
  /** The policy that it is about, and the one that was live before. */
  policy: Type.Optional(PolicyNameSchema),
  previous: Type.Optional(PolicyNameSchema),
});
/** See `ClusterEventSchema`. */
export type ClusterEvent = Static<typeof ClusterEventSchema>;

/** Messages from an operator to the master. */
export const operatorMessageSchemas = {
  request: Type.Object({
    type: Type.Literal("request"),
    id: Type.Number(),
    method: Type.String(),
    params: Type.Optional(Type.Unknown()),
  }),
} as const;
/** A request; its `params` are checked against the method's own schema. */
export type OperatorMessage = Static<(typeof operatorMessageSchemas)["request"]>;

/** Messages from the master to an operator. */
export const operatorReplySchemas = {
  response: Type.Object({
    type: Type.Literal("response"),
    id: Type.Number(),
    result: Type.Optional(Type.Unknown()),
    problem: Type.Optional(ProblemSchema),
  }),
  event: Type.Object({ type: Type.Literal("event"), event: ClusterEventSchema }),
} as const;
/** An answer or an event. */
export type OperatorReply = {
  [Name in keyof typeof operatorReplySchemas]: Static<(typeof operatorReplySchemas)[Name]>;
}[keyof typeof operatorReplySchemas];
