import type { AgentMessage } from "../../contract/agent-api.ts";
import type { FrameworkCall, Problem } from "../../contract/framework-api.ts";
import type { OperatorCommandName } from "../../contract/operator/commands.ts";
import type { OperatorParams } from "../../contract/operator-api.ts";

/** Number of a connection, unique for the life of the process; the core knows no sockets. */
export type PeerNumber = number;

/** Row of one of the tables, as the policy names it. */
export type Row = number;

/** One verified row of an allocation round: it gives, or takes back what waits for an answer. */
export interface OfferDecision {
  readonly agentRow: Row;
  readonly clientRow: Row;
  /** True: everything on the agent that this client may have, reservations, ports and sets too. */
  readonly whole: boolean;
  /** Else: thousandths by scalar kind column, taken from unreserved resources. */
  readonly amounts?: readonly number[];
  /** Beside the amounts, everything reserved for the client's role or above it. */
  readonly reserved?: boolean;
  /** Beside the amounts, everything revocable. */
  readonly revocable?: boolean;
  /** It gives nothing: the offers that this client holds of this agent are rescinded (C12). */
  readonly reclaim?: boolean;
}

/** A change asked for by an operator; `token` comes back in the reply. */
export type OperatorCommand = {
  [Name in OperatorCommandName]: {
    readonly method: Name;
    readonly params: OperatorParams<Name>;
  };
}[OperatorCommandName];

/** Everything that can happen to the cluster. The core learns of the world by these alone. */
export type ClusterInput =
  | {
      readonly type: "framework-call";
      readonly peer: PeerNumber;
      readonly call: FrameworkCall;
      /** What the live policy's companion has against the description in the call. */
      readonly objection?: Problem;
    }
  | { readonly type: "framework-closed"; readonly peer: PeerNumber }
  | { readonly type: "agent-message"; readonly peer: PeerNumber; readonly message: AgentMessage }
  | { readonly type: "agent-closed"; readonly peer: PeerNumber }
  | { readonly type: "operator"; readonly token: number; readonly command: OperatorCommand }
  /** The registry as read after election; nothing else is stepped before it (G7). */
  | {
      readonly type: "recovered";
      readonly entries: readonly { readonly key: string; readonly value: unknown }[];
    }
  | { readonly type: "registry-written"; readonly token: number }
  | {
      readonly type: "offers-decided";
      readonly decisions: readonly OfferDecision[];
      readonly policy: { readonly name: string; readonly digest: string };
      /** Candidates are left: another round is wanted as soon as may be. */
      readonly more?: boolean;
      /**
       * Time alone may change the decisions: all agents are looked at again with the next batch.
       */
      readonly lookAgain?: boolean;
    }
  /** How many listen to the cluster's events (H2). */
  | { readonly type: "listeners"; readonly count: number }
  /** Time has passed: fire the timers that are due. */
  | { readonly type: "tick" };

/** An input of one type. */
export type InputOf<Type extends ClusterInput["type"]> = Extract<ClusterInput, { type: Type }>;
