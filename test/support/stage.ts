import type { AgentMessage } from "../../contract/agent-api.ts";
import type { FrameworkCall } from "../../contract/framework-api.ts";
import type { ClusterInput } from "../../kernel/core/event.ts";
import type { ClusterState } from "../../kernel/core/state.ts";
import type { Names } from "./render.ts";

/** What the words of a test act on. */
export interface Stage {
  readonly state: ClusterState;
  readonly names: Names;
  /** Agents that do not answer pings. */
  readonly silent: Set<string>;
  /** Uuid of the last update of each task. */
  readonly uuids: Map<string, string>;
  readonly nowMs: number;
  nextPeer: number;
  input(input: ClusterInput): void;
  call(framework: string, call: FrameworkCall): void;
  say(agent: string, message: AgentMessage): void;
  wait(ms: number): void;
}
