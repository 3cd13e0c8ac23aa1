import type { AgentId, FrameworkId } from "../../../contract/ids.ts";
import type {
  FrameworkView,
  OperatorParams,
  OperatorResult,
} from "../../../contract/operator-api.ts";
import {
  add,
  giveBack,
  NOTHING,
  type Resources,
  shared,
  unshared,
} from "../../../contract/resources.ts";
import type { Quantities } from "../../../contract/schema/framework.ts";
import { demandOf } from "../hints.ts";
import type { ClusterState, CompletedFramework, Framework } from "../state.ts";
import { remembered } from "../tasks.ts";
import { listed, pageOf } from "./page.ts";

/** What a framework's offers hold. */
export function offeredTo(framework: Framework): Resources {
  const held = new ByAgent();
  for (const { agent, wire } of framework.offers) held.add(agent.id, wire.resources);
  return held.sum();
}

/** What a framework's tasks use; executors are counted with their agents. */
export function usedBy(state: ClusterState, framework: Framework): Resources {
  const held = new ByAgent();
  for (const { agentId, holds, resources } of framework.tasks.values()) {
    if (holds) held.add(agentId, resources);
  }
  for (const { id } of framework.agents) {
    for (const executor of state.agents.get(id)?.executors.values() ?? []) {
      if (executor.framework === framework) held.add(id, executor.resources);
    }
  }
  return held.sum();
}

/** A sum of resources of many agents, in which a shared volume of an agent is once (E13). */
class ByAgent {
  readonly #shared = new Map<AgentId, Resources>();
  #sum: Resources = NOTHING;

  add(agentId: AgentId, resources: Resources): void {
    const own = unshared(resources);
    this.#sum = add(this.#sum, own);
    if (own === resources) return;
    const known = this.#shared.get(agentId) ?? NOTHING;
    this.#shared.set(agentId, giveBack(known, shared(resources)));
  }

  sum(): Resources {
    let sum = this.#sum;
    for (const volumes of this.#shared.values()) sum = add(sum, volumes);
    return sum;
  }
}

/** Live tasks by state, those on unreachable agents among them. */
export function taskCounts(framework: Framework, counts: Record<string, number> = {}) {
  for (const { state } of framework.tasks.values()) counts[state] = (counts[state] ?? 0) + 1;
  for (const { state } of framework.unreachable.values()) counts[state] = (counts[state] ?? 0) + 1;
  return counts;
}

function liveView(state: ClusterState, framework: Framework): FrameworkView {
  const most = state.options.maxCompletedTasksPerFramework;
  const view: FrameworkView = {
    framework: framework.info,
    state: framework.state,
    suppressedRoles: [...framework.suppressed],
    registeredMs: framework.registeredMs,
    used: listed(usedBy(state, framework)),
    offered: listed(offeredTo(framework)),
    offers: framework.offers.size,
    tasks: taskCounts(framework),
    completedTasks: remembered(framework.completed, most).length,
  };
  if (framework.reregisteredMs !== undefined) view.reregisteredMs = framework.reregisteredMs;
  if (framework.constraints !== undefined) view.offerConstraints = framework.constraints;
  const demand = demandByRole(framework);
  if (demand.length > 0) view.demand = Object.fromEntries(demand);
  return view;
}

function demandByRole({ clients }: Framework): [role: string, demand: Quantities][] {
  return [...clients.values()].flatMap((client) => {
    const demand = demandOf(client);
    return demand === undefined ? [] : [[client.role.name, demand]];
  });
}

function completedView(framework: CompletedFramework): FrameworkView {
  const view: FrameworkView = {
    framework: framework.info,
    state: "completed",
    suppressedRoles: [],
    registeredMs: framework.registeredMs,
    unregisteredMs: framework.unregisteredMs,
    used: [],
    offered: [],
    offers: 0,
    tasks: {},
    completedTasks: framework.tasks.length,
  };
  if (framework.reregisteredMs !== undefined) view.reregisteredMs = framework.reregisteredMs;
  return view;
}

/** A framework that is here, or is remembered. */
export function frameworkViewOf(state: ClusterState, id: FrameworkId): FrameworkView | undefined {
  const live = state.frameworks.get(id);
  if (live !== undefined) return liveView(state, live);
  const completed = state.completedFrameworks.get(id);
  return completed && completedView(completed);
}

/** Frameworks that have not ended, to be worked out on demand. */
export function liveMakers(state: ClusterState): (() => FrameworkView)[] {
  return Array.from(state.frameworks.values(), (one) => () => liveView(state, one));
}

/** Frameworks that have ended and are remembered. */
export function completedMakers(state: ClusterState): (() => FrameworkView)[] {
  return Array.from(state.completedFrameworks.values(), (one) => () => completedView(one));
}

/** Frameworks, those that have ended last and only if asked for. */
export function frameworksView(
  state: ClusterState,
  { frameworkId, completed = false, ...page }: OperatorParams<"frameworks">,
): OperatorResult<"frameworks"> {
  const makers: (() => FrameworkView)[] = [];
  for (const framework of state.frameworks.values()) {
    if (frameworkId !== undefined && framework.id !== frameworkId) continue;
    makers.push(() => liveView(state, framework));
  }
  for (const framework of completed ? state.completedFrameworks.values() : []) {
    if (frameworkId !== undefined && framework.id !== frameworkId) continue;
    makers.push(() => completedView(framework));
  }
  const { views, more } = pageOf(makers, (make) => make(), page);
  return { frameworks: views, more };
}
