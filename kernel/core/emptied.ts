import type { AgentId } from "../../contract/ids.ts";
import type { ClusterState } from "./state.ts";

/** Something of an agent came to its end: where it is being drained, that may be done now (I5). */
export function noteEmptied({ agents, registry, emptied }: ClusterState, agentId: AgentId): void {
  const agent = agents.get(agentId);
  if (agent !== undefined && registry.drains.has(agentId)) emptied.add(agent);
}
