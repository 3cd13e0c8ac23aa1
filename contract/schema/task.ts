import { taskReasons, taskStates } from "../task-state.ts";
import { type Static, Type } from "../typebox.ts";
import {
  AgentIdSchema,
  BytesSchema,
  ExecutorIdSchema,
  FrameworkIdSchema,
  oneOf,
  RoleNameSchema,
  TaskIdSchema,
  TimeMsSchema,
  UpdateIdSchema,
} from "./basics.ts";
import {
  CheckInfoSchema,
  CheckStatusSchema,
  CommandInfoSchema,
  HealthCheckSchema,
  KillPolicySchema,
} from "./command.ts";
import { ContainerInfoSchema, ContainerStatusSchema, DiscoveryInfoSchema } from "./container.ts";
import {
  DiskSchema,
  LabelSchema,
  RESOURCE_ITEMS_MAX,
  ReservationSchema,
  type Resource,
  ResourceSchema,
} from "./resource.ts";

/**
 * A resource as a framework asks for it. Its shape is checked at the border, so that whoever reads
 * it finds lists where lists belong; amounts that make no sense (negative, NaN, more decimals than
 * three) are the task's own error, told by a status update, and do not cost the whole call (M2,
 * M14).
 */
export const AskedResourceSchema = Type.Unsafe<Resource>(
  Type.Object({
    name: Type.String({ maxLength: 255 }),
    scalar: Type.Optional(Type.Unknown()),
    ranges: Type.Optional(
      Type.Array(Type.Object({ begin: Type.Number(), end: Type.Number() }), {
        maxItems: RESOURCE_ITEMS_MAX,
      }),
    ),
    set: Type.Optional(Type.Array(Type.String(), { maxItems: RESOURCE_ITEMS_MAX })),
    reservations: Type.Optional(Type.Array(ReservationSchema, { maxItems: 64 })),
    disk: Type.Optional(DiskSchema),
    revocable: Type.Optional(Type.Literal(true)),
    shared: Type.Optional(Type.Literal(true)),
    providerId: Type.Optional(Type.String({ maxLength: 255 })),
  }),
);

/** Limits above requests by resource name, in thousandths; `Infinity` lifts the limit (D20, M8). */
export const LimitsSchema = Type.Record(
  Type.String(),
  // Validators take no infinity for a number, so it is an alternative of its own.
  Type.Union([Type.Number(), Type.Unsafe<number>({ const: Number.POSITIVE_INFINITY })]),
);

/** The program that runs a framework's tasks on an agent (B40–B44, M5). */
export const ExecutorInfoSchema = Type.Object({
  executorId: ExecutorIdSchema,
  /** DEFAULT is the built-in one for task groups; absent means CUSTOM. */
  type: Type.Optional(oneOf("DEFAULT", "CUSTOM")),
  frameworkId: Type.Optional(FrameworkIdSchema),
  command: Type.Optional(CommandInfoSchema),
  container: Type.Optional(ContainerInfoSchema),
  resources: Type.Optional(Type.Array(AskedResourceSchema)),
  name: Type.Optional(Type.String()),
  source: Type.Optional(Type.String()),
  data: Type.Optional(BytesSchema),
  discovery: Type.Optional(DiscoveryInfoSchema),
  shutdownGracePeriodMs: Type.Optional(Type.Number()),
  labels: Type.Optional(Type.Array(LabelSchema)),
});
/** See `ExecutorInfoSchema`. */
export type ExecutorInfo = Static<typeof ExecutorInfoSchema>;

/** What a framework asks to run: exactly one of `command` and `executor` (M3). */
export const TaskInfoSchema = Type.Object({
  name: Type.String(),
  taskId: TaskIdSchema,
  agentId: AgentIdSchema,
  resources: Type.Array(AskedResourceSchema),
  executor: Type.Optional(ExecutorInfoSchema),
  command: Type.Optional(CommandInfoSchema),
  container: Type.Optional(ContainerInfoSchema),
  healthCheck: Type.Optional(HealthCheckSchema),
  check: Type.Optional(CheckInfoSchema),
  killPolicy: Type.Optional(KillPolicySchema),
  data: Type.Optional(BytesSchema),
  labels: Type.Optional(Type.Array(LabelSchema)),
  discovery: Type.Optional(DiscoveryInfoSchema),
  /** Killed with no grace this long after launch (D19). */
  maxCompletionMs: Type.Optional(Type.Number()),
  limits: Type.Optional(LimitsSchema),
  /**
   * Roles that the resources, and those of the executor, are said to be allocated to; any other
   * than that of the offers is refused (M2, M4). Agents are not told of them.
   */
  allocatedTo: Type.Optional(Type.Array(Type.String())),
});
/** See `TaskInfoSchema`. */
export type TaskInfo = Static<typeof TaskInfoSchema>;

/**
 * State of a task as told to a framework (6.9). Only updates with a `uuid` are acknowledged (D6,
 * D7).
 */
export const TaskStatusSchema = Type.Object({
  taskId: TaskIdSchema,
  state: oneOf(...taskStates),
  message: Type.Optional(Type.String()),
  source: Type.Optional(oneOf("SOURCE_MASTER", "SOURCE_AGENT", "SOURCE_EXECUTOR")),
  reason: Type.Optional(oneOf(...taskReasons)),
  data: Type.Optional(BytesSchema),
  agentId: Type.Optional(AgentIdSchema),
  executorId: Type.Optional(ExecutorIdSchema),
  timestampMs: Type.Optional(TimeMsSchema),
  uuid: Type.Optional(UpdateIdSchema),
  healthy: Type.Optional(Type.Boolean()),
  checkStatus: Type.Optional(CheckStatusSchema),
  labels: Type.Optional(Type.Array(LabelSchema)),
  containerStatus: Type.Optional(ContainerStatusSchema),
  unreachableTimeMs: Type.Optional(TimeMsSchema),
  /** Resources whose limit was hit, with the amount seen. */
  limitation: Type.Optional(Type.Array(ResourceSchema)),
  /** Exit status of the command, when it exited by itself; an addition of ours. */
  exitCode: Type.Optional(Type.Number()),
  /** Signal that ended the command, `SIGKILL` and so on; an addition of ours. */
  signal: Type.Optional(Type.String()),
});
/** See `TaskStatusSchema`. */
export type TaskStatus = Static<typeof TaskStatusSchema>;

/** A task as master and agent remember it. */
export const TaskRecordSchema = Type.Object({
  taskId: TaskIdSchema,
  frameworkId: FrameworkIdSchema,
  agentId: AgentIdSchema,
  name: Type.String(),
  /** Absent for command tasks, whose executor is the agent's own (F20). */
  executorId: Type.Optional(ExecutorIdSchema),
  role: RoleNameSchema,
  resources: Type.Array(ResourceSchema),
  /** Newest state known (D8). */
  state: oneOf(...taskStates),
  /** State and uuid of the update that is waiting for its acknowledgement. */
  statusUpdateState: Type.Optional(oneOf(...taskStates)),
  statusUpdateUuid: Type.Optional(UpdateIdSchema),
  /** One status per state, oldest first; repeated RUNNING replaces the last (D18). */
  statuses: Type.Array(TaskStatusSchema),
  launchedMs: Type.Optional(TimeMsSchema),
  user: Type.Optional(Type.String()),
  labels: Type.Optional(Type.Array(LabelSchema)),
  discovery: Type.Optional(DiscoveryInfoSchema),
  container: Type.Optional(ContainerInfoSchema),
  healthCheck: Type.Optional(HealthCheckSchema),
  killPolicy: Type.Optional(KillPolicySchema),
  limits: Type.Optional(LimitsSchema),
});
/** See `TaskRecordSchema`. */
export type TaskRecord = Static<typeof TaskRecordSchema>;
