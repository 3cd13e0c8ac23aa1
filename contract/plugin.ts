// What authors of plugins import as `tepui/plugin`. Everything that a plugin needs at run time it
// is given by its context, so the types alone are enough for one; the rest is for its tests.

export { CONTRACT_VERSION } from "./contract-version.ts";
export { type ErrorCode, errors, type FaultReport, TepuiError } from "./errors.ts";
export type { AgentId, ContainerId, ExecutorId, FrameworkId, MasterId, TaskId } from "./ids.ts";
export type { Clock, Timer } from "./ports/clock.ts";
export {
  CLUSTER_VIEW,
  type ClusterView,
  type Standing,
} from "./ports/cluster-view.ts";
export {
  COORDINATOR,
  type Coordinator,
  type Leadership,
  type LeadershipLost,
  type RegistryWrite,
} from "./ports/coordinator.ts";
export {
  HTTP_ROUTER,
  type HttpExchange,
  type HttpHandler,
  type HttpRouter,
  type HttpStream,
} from "./ports/http.ts";
export {
  type ContainerCheckpoint,
  type ContainerSpec,
  type ExitStatus,
  type ExternalContainer,
  ISOLATOR,
  type Isolator,
  type IsolatorStatus,
  type LaunchParts,
  type Limitation,
  type ProcessIdentity,
  type StartedContainer,
  type Usage,
} from "./ports/isolator.ts";
export { type Logger, silentLog } from "./ports/log.ts";
export { type Metrics, silentMetrics } from "./ports/metrics.ts";
export {
  ALLOCATOR,
  DATA_DIR,
  ERRORS,
  type PluginContext,
  type PluginInstance,
  type PluginManifest,
  type PluginModule,
  type Port,
  port,
  type WasmPlugin,
} from "./ports/plugin.ts";
export {
  type DialOptions,
  type HelloAnswer,
  type Link,
  type LinkHandlers,
  type ListenAddress,
  type ListenOptions,
  PEER_SERVER,
  type Peer,
  TRANSPORT,
  type Transport,
  type TransportHandlers,
  type TransportServer,
} from "./ports/transport.ts";
export type { MasterInfo } from "./schema/agent.ts";
export type { CommandInfo } from "./schema/command.ts";
export type { ContainerInfo } from "./schema/container.ts";
export type { Resource } from "./schema/resource.ts";
export { type CloseCode, closeCodes, type WireMessage } from "./wire-protocol.ts";
