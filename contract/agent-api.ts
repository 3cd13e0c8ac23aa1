import {
  AgentInfoSchema,
  agentCapabilities,
  DrainConfigSchema,
  MasterInfoSchema,
} from "./schema/agent.ts";
import {
  AgentIdSchema,
  BytesSchema,
  ExecutorIdSchema,
  FrameworkIdSchema,
  oneOf,
  RoleNameSchema,
  TaskIdSchema,
  UpdateIdSchema,
} from "./schema/basics.ts";
import { KillPolicySchema } from "./schema/command.ts";
import { FrameworkInfoSchema } from "./schema/framework.ts";
import { message } from "./schema/message.ts";
import { OperationSchema, OperationStatusSchema } from "./schema/offer.ts";
import { ResourceSchema } from "./schema/resource.ts";
import {
  ExecutorInfoSchema,
  TaskInfoSchema,
  TaskRecordSchema,
  TaskStatusSchema,
} from "./schema/task.ts";
import { taskStates } from "./task-state.ts";
import { type Static, Type } from "./typebox.ts";

const registration = {
  agent: AgentInfoSchema,
  version: Type.String(),
  capabilities: Type.Array(oneOf(...agentCapabilities)),
};

/** An executor as the agent reports it. */
export const ExecutorRecordSchema = Type.Object({
  frameworkId: FrameworkIdSchema,
  executor: ExecutorInfoSchema,
  role: RoleNameSchema,
});
/** See `ExecutorRecordSchema`. */
export type ExecutorRecord = Static<typeof ExecutorRecordSchema>;

/** An operation whose outcome its framework has not acknowledged, as the agent reports it (C18). */
export const OperationRecordSchema = Type.Object({
  uuid: UpdateIdSchema,
  frameworkId: Type.Optional(FrameworkIdSchema),
  /**
   * What was asked for, and the outcome, which is sent until it is acknowledged. Left out where all
   * that the agent keeps is too much: the update that follows tells it.
   */
  applied: Type.Optional(
    Type.Object({ operation: OperationSchema, status: OperationStatusSchema }),
  ),
});
/** See `OperationRecordSchema`. */
export type OperationRecord = Static<typeof OperationRecordSchema>;

/** What a returning agent runs and keeps. */
const holdings = {
  tasks: Type.Array(TaskRecordSchema),
  executors: Type.Array(ExecutorRecordSchema),
  frameworks: Type.Array(FrameworkInfoSchema),
  /** All that it keeps: an outcome that was acknowledged is forgotten. */
  operations: Type.Array(OperationRecordSchema),
};

/**
 * A part of what a returning agent brings back, where that fits no single frame. The `reregister`
 * that follows it on the same connection has the rest, and says how many parts there were.
 */
export const ReregisterPartSchema = message("reregister-part", holdings);
/** See `ReregisterPartSchema`. */
export type ReregisterPart = Static<typeof ReregisterPartSchema>;

/** Messages from an agent to the master, by `type`. */
export const agentMessageSchemas = {
  /** First registration: the master answers `registered` once the registry has it (B20). */
  register: message("register", registration),
  /** Return of a known agent with all that it runs (B21). `agent.id` is set. */
  reregister: message("reregister", {
    ...registration,
    ...holdings,
    /** How many parts of it came before; none where all is here. */
    parts: Type.Optional(Type.Integer({ minimum: 1 })),
  }),
  /** The agent leaves for good (B28). */
  unregister: message("unregister", {}),
  /** Answer to `ping`; any other message counts as one, too (B22). */
  pong: message("pong", {}),
  /** Head of a task's update stream; resent until acknowledged (D5). */
  update: message("update", {
    frameworkId: FrameworkIdSchema,
    status: TaskStatusSchema,
    /** Newest state on the agent, which frees resources when terminal (D8). */
    latestState: oneOf(...taskStates),
  }),
  "operation-update": message("operation-update", {
    frameworkId: Type.Optional(FrameworkIdSchema),
    operationUuid: UpdateIdSchema,
    /** What was asked for, where the outcome is to be acknowledged. */
    operation: Type.Optional(OperationSchema),
    status: OperationStatusSchema,
  }),
  "executor-message": message("executor-message", {
    frameworkId: FrameworkIdSchema,
    executorId: ExecutorIdSchema,
    data: BytesSchema,
  }),
  /** `status` is a wait status: exit code × 256, or a signal number. */
  "executor-exited": message("executor-exited", {
    frameworkId: FrameworkIdSchema,
    executorId: ExecutorIdSchema,
    status: Type.Number(),
  }),
  /** Resources that may be offered as revocable (E15). */
  "oversubscribed-resources": message("oversubscribed-resources", {
    resources: Type.Array(ResourceSchema),
  }),
} as const;

/** A message from an agent, told apart by `type`. */
export type AgentMessage = {
  [Name in keyof typeof agentMessageSchemas]: Static<(typeof agentMessageSchemas)[Name]>;
}[keyof typeof agentMessageSchemas];
/** The message of one `type`. */
export type AgentMessageOf<Name extends AgentMessage["type"]> = Extract<
  AgentMessage,
  { type: Name }
>;

/** Orders from the master to an agent, by `type`. */
export const agentOrderSchemas = {
  registered: message("registered", {
    agentId: AgentIdSchema,
    master: MasterInfoSchema,
    /** Without a ping for this long the agent takes the master for lost (B22). */
    masterPingTimeoutMs: Type.Number(),
  }),
  reregistered: message("reregistered", {
    agentId: AgentIdSchema,
    master: MasterInfoSchema,
    masterPingTimeoutMs: Type.Number(),
    /** Tasks that the master has and the agent did not report: say what became of them (B21). */
    reconcile: Type.Array(Type.Object({ frameworkId: FrameworkIdSchema, taskId: TaskIdSchema })),
  }),
  /** Registration refused or agent removed: stop everything and exit. */
  shutdown: message("shutdown", { code: Type.String(), message: Type.String() }),
  /** `connected` false asks the agent to register again (B22). */
  ping: message("ping", { connected: Type.Boolean() }),
  /**
   * Tasks of one framework. `framework` is present when this agent may not know it in this form.
   * A group is launched whole or not at all (F24).
   */
  launch: message("launch", {
    frameworkId: FrameworkIdSchema,
    framework: Type.Optional(FrameworkInfoSchema),
    role: RoleNameSchema,
    tasks: Type.Array(TaskInfoSchema),
    groupExecutor: Type.Optional(ExecutorInfoSchema),
  }),
  kill: message("kill", {
    frameworkId: FrameworkIdSchema,
    taskId: TaskIdSchema,
    killPolicy: Type.Optional(KillPolicySchema),
  }),
  "shutdown-executor": message("shutdown-executor", {
    frameworkId: FrameworkIdSchema,
    executorId: ExecutorIdSchema,
  }),
  "shutdown-framework": message("shutdown-framework", { frameworkId: FrameworkIdSchema }),
  acknowledge: message("acknowledge", {
    frameworkId: FrameworkIdSchema,
    taskId: TaskIdSchema,
    uuid: UpdateIdSchema,
  }),
  "acknowledge-operation": message("acknowledge-operation", { uuid: UpdateIdSchema }),
  "framework-message": message("framework-message", {
    frameworkId: FrameworkIdSchema,
    executorId: ExecutorIdSchema,
    data: BytesSchema,
  }),
  /** A framework changed, or failed over: resend the head of its update streams at once (O3). */
  "update-framework": message("update-framework", { framework: FrameworkInfoSchema }),
  /** Reservations and volumes as the agent must hold and checkpoint them (E11, E12). */
  "apply-operation": message("apply-operation", {
    frameworkId: Type.Optional(FrameworkIdSchema),
    operationUuid: UpdateIdSchema,
    operation: OperationSchema,
    /** Total resources of the agent after the operation. */
    resources: Type.Array(ResourceSchema),
  }),
  drain: message("drain", { config: DrainConfigSchema }),
} as const;

/** An order for an agent, told apart by `type`. */
export type AgentOrder = {
  [Name in keyof typeof agentOrderSchemas]: Static<(typeof agentOrderSchemas)[Name]>;
}[keyof typeof agentOrderSchemas];
/** The order of one `type`. */
export type AgentOrderOf<Name extends AgentOrder["type"]> = Extract<AgentOrder, { type: Name }>;
