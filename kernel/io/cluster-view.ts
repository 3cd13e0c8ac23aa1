import { errors } from "../../contract/errors.ts";
import type { FrameworkId } from "../../contract/ids.ts";
import type { ClusterSnapshot } from "../../contract/ports/cluster-snapshot.ts";
import type {
  ClusterView,
  FrameworkStanding,
  MasterTimes,
  Standing,
} from "../../contract/ports/cluster-view.ts";
import type { MasterInfo } from "../../contract/schema/agent.ts";
import type { ClusterState } from "../core/state.ts";
import { updateRefusal } from "../core/steps/subscribe.ts";
import {
  agentsView,
  agentViewOf,
  endedTasks,
  executorsOf,
  frameworksView,
  frameworkViewOf,
  liveTasks,
  offersView,
  rolesView,
  snapshotOf,
  taskViewOf,
} from "../core/views.ts";
import { masterMetrics, type ProcessFigures } from "./mesos-metrics.ts";
import type { Operators } from "./operators.ts";
import type { Statements } from "./statements.ts";

/** What the view is a view of. */
export interface ViewSource {
  /** Absent while this master does not lead. */
  term():
    | ({
        readonly state: ClusterState;
        readonly operators: Operators;
        readonly statements: Statements;
      } & ProcessFigures)
    | undefined;
  /** `electedMs` is absent while this master is not elected. */
  times(): MasterTimes;
  leader(): MasterInfo | undefined;
  /** Grows with every turn of the loop. */
  turns(): number;
  readonly flags: Readonly<Record<string, string>>;
  /** What a process has, whether it leads or not. */
  readonly own: Pick<ClusterView, "files" | "verbosity">;
  nowMs(): number;
  /** Hears what a listener of a plugin threw; the loop goes on. */
  onListenerFailed(thrown: unknown): void;
}

/** What a master shows that does not lead. */
const nothing: ClusterSnapshot = {
  agents: [],
  frameworks: [],
  completedFrameworks: [],
  tasks: [],
  completedTasks: [],
  executors: [],
  offers: [],
};

/** No page: everything. */
const ALL = { limit: Number.POSITIVE_INFINITY } as const;

/** What is told of a framework before its calls are handed on. */
function frameworksOf({ term }: ViewSource): Pick<ClusterView, "framework" | "updateRefusal"> {
  return {
    framework(id: FrameworkId): FrameworkStanding | undefined {
      const framework = term()?.state.frameworks.get(id);
      if (framework === undefined) return undefined;
      const { peer, info } = framework;
      return { connected: peer !== undefined, principal: info.principal };
    },
    updateRefusal(id, call) {
      const now = term();
      const framework = now?.state.frameworks.get(id);
      if (now === undefined || framework === undefined) return undefined;
      return updateRefusal(framework, call, now.statements.objection(call.framework));
    },
  };
}

/**
 * Shows a master's state to transports. Whether it may be asked is said by `standing` from the
 * start; before this master leads there is nothing to see.
 */
export function viewOf(source: ViewSource): ClusterView {
  const look = <T>(shown: (state: ClusterState) => Iterable<T>): Iterable<T> => {
    const term = source.term();
    return term === undefined ? [] : shown(term.state);
  };
  const find = <T>(found: (state: ClusterState) => T | undefined): T | undefined => {
    const term = source.term();
    return term === undefined ? undefined : found(term.state);
  };
  return {
    standing(): Standing {
      if (source.times().electedMs === undefined) return "standby";
      return source.term()?.state.recovered ? "leading" : "recovering";
    },
    leader: () => source.leader(),
    times: () => source.times(),
    revision: () => source.turns(),
    ...frameworksOf(source),
    agents: () => look((state) => agentsView(state, ALL).agents),
    frameworks: () =>
      look((state) => frameworksView(state, { ...ALL, completed: true }).frameworks),
    snapshot: () => find(snapshotOf) ?? nothing,
    agent: (id) => find((state) => agentViewOf(state, id)),
    shownFramework: (id) => find((state) => frameworkViewOf(state, id)),
    task: (frameworkId, taskId) => find((state) => taskViewOf(state, frameworkId, taskId)),
    tasks: () => look(liveTasks),
    completedTasks: () => look(endedTasks),
    executors: () => look(executorsOf),
    offers: () => look((state) => offersView(state, ALL).offers),
    roles: () => look((state) => rolesView(state).roles),
    metrics: () => masterMetrics(source.term(), source.nowMs()),
    flags: () => source.flags,
    ...source.own,
    async request(method, params) {
      const term = source.term();
      if (term === undefined) throw errors.MASTER_NOT_READY();
      return term.operators.ask(method, params);
    },
    watch(listener) {
      const guarded: typeof listener = (event) => {
        try {
          listener(event);
        } catch (thrown) {
          source.onListenerFailed(thrown);
        }
      };
      return source.term()?.operators.watch(guarded) ?? (() => {});
    },
  };
}
