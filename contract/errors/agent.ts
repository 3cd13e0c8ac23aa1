import { type FaultTable, fault } from "./fault.ts";

/** Refusals in the agent, or of an agent (features B.2, F). */
export const agentErrors = {
  AGENT_UNKNOWN: (agent: string) =>
    fault("AGENT_UNKNOWN", 404, `agent ${agent} is not known`, { where: `agent ${agent}` }),
} satisfies FaultTable;
