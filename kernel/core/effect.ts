import type { AgentOrder } from "../../contract/agent-api.ts";
import type { FrameworkEvent, Problem } from "../../contract/framework-api.ts";
import type { ClusterEvent } from "../../contract/operator-api.ts";
import type { PeerNumber } from "./event.ts";

/** Everything that the core can do to the world. */
export type Effect =
  | { readonly type: "send-framework"; readonly to: PeerNumber; readonly event: FrameworkEvent }
  | { readonly type: "send-agent"; readonly to: PeerNumber; readonly order: AgentOrder }
  /** Closes after what was sent before has left. */
  | {
      readonly type: "close-peer";
      readonly peer: PeerNumber;
      readonly code: string;
      readonly message: string;
    }
  /** Answered by `registry-written` with the same token once durable; `undefined` deletes (G4). */
  | {
      readonly type: "write-registry";
      readonly token: number;
      readonly entries: readonly { readonly key: string; readonly value: unknown }[];
    }
  | {
      readonly type: "reply-operator";
      readonly token: number;
      readonly result?: unknown;
      readonly problem?: Problem;
    }
  /** For everyone who listens to the cluster's events (H2). */
  | { readonly type: "publish"; readonly event: ClusterEvent }
  /** For the log: something that an operator should know, and nobody waits for. */
  | { readonly type: "warn"; readonly problem: Problem }
  /** The master must not go on (B26, G4): its process ends with this reason. */
  | { readonly type: "abort"; readonly code: string; readonly message: string };
