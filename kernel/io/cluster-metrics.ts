import type { Metrics } from "../../contract/ports/metrics.ts";
import { taskStates } from "../../contract/task-state.ts";
import type { ClusterState } from "../core/state.ts";

/** Shows the cluster's size and sums as metrics, read off the state when somebody asks. */
export function watchCluster(
  state: ClusterState,
  metrics: Metrics & { beforeScrape(refresh: () => void): void },
): void {
  const gauge = (name: string, help: string, labels: readonly string[] = []) =>
    metrics.gauge({ name, help, labels });
  const agents = gauge("agents", "Agents by state.", ["state"]);
  const frameworks = gauge("frameworks", "Frameworks by state.", ["state"]);
  const offers = gauge("offers_outstanding", "Offers that nobody has answered yet.");
  const tasks = gauge("tasks", "Tasks in the master's books, by state.", ["state"]);
  const sums = gauge("events_sum", "Sums since the master's start, by what happened.", ["what"]);
  metrics.beforeScrape(() => {
    const connected = [...state.agents.values()].filter(({ peer }) => peer !== undefined).length;
    agents.set(connected, { state: "connected" });
    agents.set(state.agents.size - connected, { state: "disconnected" });
    agents.set(state.recovering.size, { state: "recovering" });
    agents.set(state.registry.unreachable.size, { state: "unreachable" });
    const byState = { active: 0, disconnected: 0, recovered: 0 };
    // A state that no task is in any more is told as well, or it would keep its last count.
    const byTaskState = new Map<string, number>(taskStates.map((each) => [each, 0]));
    for (const framework of state.frameworks.values()) {
      byState[framework.state]++;
      for (const { state: of } of framework.tasks.values()) {
        byTaskState.set(of, (byTaskState.get(of) ?? 0) + 1);
      }
    }
    for (const [of, count] of Object.entries(byState)) frameworks.set(count, { state: of });
    for (const [of, count] of byTaskState) tasks.set(count, { state: of });
    offers.set(state.offers.size);
    for (const [what, count] of Object.entries(state.counts)) sums.set(count, { what });
  });
}
