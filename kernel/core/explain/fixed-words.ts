import type { Finding, FindingCode } from "../../../contract/operator/explain-methods.ts";
import { roughDuration } from "../../../contract/units.ts";
import type { Agent } from "../state.ts";
import type { Asked } from "./asked.ts";

/** Reasons that read the same whomever they concern, with what would change them. */
export const fixedWords: Partial<
  Record<FindingCode, readonly [text: string, change: string | undefined]>
> = {
  "agent-disconnected": ["the agent has lost its connection", "start it again"],
  "agent-leaving": ["the agent is being given up", undefined],
  "agent-deactivated": ["an operator deactivated the agent", "`tepui reactivate` it"],
  "agent-draining": [
    "the agent is being drained",
    "`tepui reactivate` it, once nothing runs there any more",
  ],
  offered: ["offered, and not answered yet", "accept or decline; else it waits for offerTimeout"],
  "gpu-capability": [
    "agents with gpus are kept for frameworks that can use them",
    "subscribe with the capability GPU_RESOURCES, or set filterGpuResources to false",
  ],
  "region-capability": [
    "the agent is in another region than the master",
    "subscribe with the capability REGION_AWARE",
  ],
  "revocable-capability": [
    "what is free may be taken back at any time",
    "subscribe with the capability REVOCABLE_RESOURCES",
  ],
  "refinement-capability": [
    "what is free is reserved more than once down the role tree",
    "subscribe with the capability RESERVATION_REFINEMENT",
  ],
  reserved: [
    "what is free is reserved for other roles",
    "`tepui unreserve`, or a role that it is reserved for",
  ],
  constraint: [
    "the framework's offer constraints for the role rule it out",
    "UPDATE_FRAMEWORK with other constraints",
  ],
  "in-use": ["tasks use all that there is", "wait until some of them end"],
};

/** What keeps an agent from everybody, said once. */
export function agentFinding(code: FindingCode, agent: Agent, asked: Asked): Finding {
  const [text = code, change] = fixedWords[code] ?? [];
  const left = code === "agent-disconnected" ? leftText(agent, asked) : undefined;
  const finding: Finding = { code, text, count: 1, examples: [] };
  if (change !== undefined) finding.change = left === undefined ? change : `${change}; ${left}`;
  return finding;
}

/** When an agent without a connection is given up (B23). */
export function leftText({ reregisterAtMs }: Agent, { nowMs }: Asked): string | undefined {
  if (reregisterAtMs === undefined) return undefined;
  return `given up in ${roughDuration(reregisterAtMs - nowMs)}`;
}
