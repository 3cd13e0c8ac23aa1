import type { OwnAgentView } from "../../contract/ports/agent-view.ts";
import { executorKey } from "../core/ids.ts";
import type { AgentState } from "../core/state.ts";
import type { ExecutorTokens } from "./tokens.ts";

/** What the view is a view of, as soon as there is something to see. */
export interface AgentViewSource {
  readonly state: AgentState;
  readonly tokens: ExecutorTokens;
}

/** Shows an agent's state to transports; there is nothing to see before it has recovered. */
export function viewOf(source: () => AgentViewSource | undefined): OwnAgentView {
  return {
    isReady: () => source() !== undefined,
    hasFramework: (id) => source()?.state.frameworks.has(id) ?? false,
    executor(frameworkId, executorId) {
      const from = source();
      const executor = from?.state.executors.get(executorKey(frameworkId, executorId));
      if (from === undefined || executor === undefined) return undefined;
      const { containerId } = executor;
      return { containerId, token: from.tokens.issue(containerId) };
    },
  };
}
