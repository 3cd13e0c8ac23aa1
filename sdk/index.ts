// The library for framework authors: everything a framework, an executor or an operator tool needs.

export type { ContainerUsage } from "../contract/agent-pages.ts";
export { TepuiError } from "../contract/errors.ts";
export type {
  AgentView,
  ClusterEvent,
  FrameworkView,
  OperatorMethod,
  OperatorParams,
  OperatorResult,
  RoleView,
  TaskView,
} from "../contract/operator-api.ts";
export { parseResources, printResources } from "../contract/resources/text.ts";
export {
  add,
  contains,
  fromMilli,
  normalize,
  scalarOf,
  subtract,
  toMilli,
  toScalars,
  trySubtract,
} from "../contract/resources.ts";
export type { AgentInfo } from "../contract/schema/agent.ts";
export type {
  CheckInfo,
  CommandInfo,
  EnvironmentVariable,
  HealthCheck,
} from "../contract/schema/command.ts";
export type { ContainerInfo } from "../contract/schema/container.ts";
export type { FrameworkInfo, OfferConstraints } from "../contract/schema/framework.ts";
export type { InverseOffer, Offer, Operation } from "../contract/schema/offer.ts";
export type { Attribute, Resource, Resources } from "../contract/schema/resource.ts";
export type { ExecutorInfo, TaskInfo, TaskRecord, TaskStatus } from "../contract/schema/task.ts";
export {
  isLost,
  isTerminal,
  type TaskReason,
  type TaskState,
  taskStates,
} from "../contract/task-state.ts";
export { type ConnectOptions, DEFAULT_MASTER, type Dial, masterAddresses } from "./dial.ts";
export { EventQueue } from "./event-queue.ts";
export { type ExecOptions, openExec } from "./exec.ts";
export { type ExecEnd, type ExecOutput, ExecSession } from "./exec-session.ts";
export {
  Executor,
  type ExecutorEvents,
  type ExecutorOptions,
  type TaskUpdate,
} from "./executor.ts";
export { type ExecutorEnvironment, executorEnvironment } from "./executor-environment.ts";
export {
  FAILOVER_TIMEOUT_DEFAULT_MS,
  type FrameworkOptions,
  frameworkInfo,
} from "./framework-info.ts";
export {
  type ListItem,
  type ListMethod,
  OperatorClient,
  type OperatorOptions,
} from "./operator.ts";
export { type AskedTask, Reconciliation, type ReconciliationTimes } from "./reconciliation.ts";
export { type Amounts, resources } from "./resources.ts";
export {
  type FileRange,
  type OpenedFile,
  type OpenedFolder,
  openSandboxFile,
  openSandboxPath,
  pathInSandbox,
  readSandboxFile,
  readSandboxPart,
  type SandboxEntry,
  type SandboxPart,
  type SandboxPlace,
  sandboxText,
  sandboxUrl,
} from "./sandbox.ts";
export { type AcceptOptions, Scheduler } from "./scheduler.ts";
export type {
  ExecutorMessage,
  Failure,
  SchedulerEvents,
  Subscribed,
} from "./scheduler-events.ts";
export type { SchedulerOptions, SchedulerState } from "./scheduler-options.ts";
export {
  type ExecutorRequest,
  executorInfo,
  executorLeast,
  type TaskRequest,
  taskInfo,
} from "./task-request.ts";
export { agentUsage, type UsageQuery } from "./usage.ts";
