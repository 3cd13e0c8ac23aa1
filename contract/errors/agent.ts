import { type FaultTable, fault } from "./fault.ts";

/** Refusals in the agent, or of an agent (features B.2, F). */
export const agentErrors = {
  AGENT_UNKNOWN: (agent: string) =>
    fault("AGENT_UNKNOWN", 404, `agent ${agent} is not known`, { where: `agent ${agent}` }),
  AGENT_INVALID: (problem: string) => fault("AGENT_INVALID", 400, problem),
  AGENT_GONE: (agent: string) =>
    fault("AGENT_GONE", 410, `agent ${agent} was marked as gone`, {
      where: `agent ${agent}`,
      hint: "start it with an empty work directory, so that it gets a new id",
    }),
  AGENT_MOVED: (agent: string, from: string, to: string) =>
    fault("AGENT_MOVED", 409, `agent ${agent} was at ${from} and is now at ${to}`, {
      where: `agent ${agent}`,
      hint: "keep address and hostname, or start it with an empty work directory",
    }),
  AGENT_UNREACHABLE: (agent: string) =>
    fault("AGENT_UNREACHABLE", 410, `agent ${agent} did not answer and was given up`, {
      where: `agent ${agent}`,
      hint: "register again",
    }),
  AGENTS_FULL: (most: number) =>
    fault("AGENTS_FULL", 503, `the master has room for ${most} agents`),
  AGENTS_MISSING: (missing: number, known: number) =>
    fault("AGENTS_MISSING", 503, `${missing} of ${known} known agents did not come back`, {
      hint: "look for a network failure, or raise recoveryAgentRemovalLimit",
    }),
} satisfies FaultTable;
