import { AgentIdSchema } from "../schema/basics.ts";
import { Type } from "../typebox.ts";
import { method } from "./method.ts";

const oneAgent = Type.Object({ agentId: AgentIdSchema });
const nothing = Type.Object({});

/** Methods that take agents out of service and bring them back (I5, I6, B31). */
export const agentMethods = {
  /** Kills what runs there, with no more grace than given, and offers nothing of it (I5). */
  "drain-agent": method(
    Type.Object({
      agentId: AgentIdSchema,
      maxGracePeriodMs: Type.Optional(Type.Number({ minimum: 0 })),
      /** The agent is marked as gone once nothing runs there any more. */
      markGone: Type.Optional(Type.Boolean()),
    }),
    nothing,
  ),
  /** No offers from now on; what runs there goes on (I6). */
  "deactivate-agent": method(oneAgent, nothing),
  /** Offers again; ends a drain that is done (I6). */
  "reactivate-agent": method(oneAgent, nothing),
  /** The agent will never come back: its tasks are gone and it is shut down if it does (B31). */
  "mark-agent-gone": method(oneAgent, nothing),
} as const;
