import type { AgentMessageOf } from "../../contract/agent-api.ts";
import type { AgentId, RoleName } from "../../contract/ids.ts";
import type { DrainInfo } from "../../contract/schema/agent.ts";
import type { PeerNumber } from "./event.ts";
import type { Away, Maintenance, RoleQuota } from "./model.ts";

/** What waits for a write of the registry. */
export type PendingWrite =
  | {
      readonly type: "admit";
      readonly agentId: AgentId;
      readonly peer: PeerNumber;
      readonly message: AgentMessageOf<"register">;
    }
  | {
      readonly type: "readmit";
      readonly agentId: AgentId;
      readonly peer: PeerNumber;
      readonly message: AgentMessageOf<"reregister">;
    }
  | { readonly type: "unreachable"; readonly agentId: AgentId; readonly away: Away }
  | { readonly type: "remove"; readonly agentId: AgentId; readonly message: string }
  | {
      readonly type: "weights";
      readonly token: number;
      readonly weights: readonly { readonly role: RoleName; readonly weight: number }[];
    }
  | { readonly type: "quotas"; readonly token: number; readonly quotas: readonly RoleQuota[] }
  | {
      readonly type: "deactivate";
      readonly token: number;
      readonly agentId: AgentId;
      readonly deactivated: boolean;
    }
  /** A drain begins; without a token, one is done (I5). */
  | {
      readonly type: "drain";
      readonly token: number | undefined;
      readonly agentId: AgentId;
      readonly drain: DrainInfo;
    }
  /** Without a token it follows a drain (B31). */
  | {
      readonly type: "gone";
      readonly token: number | undefined;
      readonly agentId: AgentId;
      readonly away: Away;
    }
  | { readonly type: "maintenance"; readonly token: number; readonly maintenance: Maintenance }
  /** Nothing to do afterwards. */
  | { readonly type: "forget" };
