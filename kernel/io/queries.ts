import { heedsAmong } from "../allocation/heeds.ts";
import type { PolicySupervisor } from "../allocation/supervisor.ts";
import {
  type Asked,
  explainAgent,
  explainFramework,
  explainRole,
  explainTask,
} from "../core/explain.ts";
import type { ClusterState } from "../core/state.ts";
import {
  agentsView,
  clusterView,
  frameworksView,
  maintenanceView,
  offersView,
  operationsView,
  rolesView,
  tasksView,
} from "../core/views.ts";
import type { OperatorQueries } from "./operators.ts";
import type { Policies } from "./policies.ts";

/** Of the time and the policy, which the state does not know. */
export interface QuerySurroundings {
  readonly nowMs: () => number;
  readonly supervisor: Pick<PolicySupervisor, "live" | "specs">;
}

/** The operator methods that the core does not serve: those that only read, and the policies'. */
export function queriesOf(
  state: ClusterState,
  policies: Policies,
  around: QuerySurroundings,
): OperatorQueries {
  const asked = (): Asked => askedOf(state, around);
  return {
    cluster: () => ({ ...clusterView(state), policy: asked().policy }),
    agents: (params) => agentsView(state, params),
    frameworks: (params) => frameworksView(state, params),
    tasks: (params) => tasksView(state, params),
    offers: (params) => offersView(state, params),
    maintenance: () => maintenanceView(state),
    operations: (params) => operationsView(state, params),
    roles: () => rolesView(state),
    "explain-framework": (params) => explainFramework(state, params, asked()),
    "explain-agent": (params) => explainAgent(state, params, asked()),
    "explain-role": (params) => explainRole(state, params, asked()),
    "explain-task": (params) => explainTask(state, params, asked()),
    policies: () => policies.list(),
    "policy-history": () => policies.history(),
    "policy-diff": (params) => policies.diff(params),
    "load-policy": (params) => policies.load(params),
    "unload-policy": (params) => policies.unload(params),
    "shadow-policy": (params) => policies.shadow(params),
    "stop-shadow": (params) => policies.stopShadow(params),
    "promote-policy": (params) => policies.promote(params),
    "rollback-policy": () => policies.rollback(),
    "configure-policy": (params) => policies.configure(params),
  };
}

/** The policy that made the last offers; before the first round, the one that is meant to. */
function askedOf({ allocation }: ClusterState, { nowMs, supervisor }: QuerySurroundings): Asked {
  const { live } = supervisor;
  const before = { name: live?.name ?? "built-in", digest: live?.digest ?? "" };
  const policy = allocation.policy.name === "none" ? before : allocation.policy;
  const spec = supervisor.specs.find((one) => one.policy.digest === policy.digest);
  const companion = spec?.options.companion;
  return {
    nowMs: nowMs(),
    policy,
    heedsOf: (of) => heedsAmong(supervisor.specs, of),
    explainPair: (pair) => {
      try {
        return companion?.explain?.(pair);
      } catch {
        // It only explains: the answer goes without it.
        return undefined;
      }
    },
  };
}
