import type { ContainerId, ExecutorId, FrameworkId } from "../ids.ts";
import { type Port, port } from "./plugin.ts";

/** The port under which an agent shows its state to transports that must look before they ask. */
export const AGENT_VIEW: Port<OwnAgentView> = port<OwnAgentView>("agent-view");

/** What a transport must know of an executor before it hands on a call. */
export interface ExecutorStanding {
  readonly containerId: ContainerId;
  /** The token that a hello of this executor must carry. */
  readonly token: string;
}

/** An agent's state, to read only. Everything answers at once. */
export interface OwnAgentView {
  /** False while it takes up what an earlier agent left; executors are told to come again. */
  isReady(): boolean;
  /** Whether tasks or executors of this framework are here. */
  hasFramework(id: FrameworkId): boolean;
  executor(frameworkId: FrameworkId, executorId: ExecutorId): ExecutorStanding | undefined;
}
