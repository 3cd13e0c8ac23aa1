import type { ExecutorPlace } from "../../../contract/ports/cluster-view.ts";
import type { ClusterState } from "../state.ts";

/** Every executor that frameworks have named, and where it runs (B43). */
export function* executorsOf(state: ClusterState): Generator<ExecutorPlace> {
  for (const agent of state.agents.values()) {
    for (const { framework, info, client } of agent.executors.values()) {
      yield {
        frameworkId: framework.id,
        executor: info,
        role: client.role.name,
        agentId: agent.id,
      };
    }
  }
}
