import type { Quantities } from "../../contract/resources.ts";
import type { ClusterState, Framework } from "../../kernel/core/state.ts";
import type {
  Attributes,
  Workload,
  WorkloadAgents,
  WorkloadFramework,
  WorkloadJob,
  WorkloadRole,
} from "./model.ts";
import { workloadDefaults } from "./model.ts";

/** When tasks are taken to have arrived; journals do not say what frameworks had in mind. */
export type ArrivalRule = "launched" | "subscribed";

/** A workload that was taken from a journal, and what is known about it. */
export interface Extracted {
  readonly workload: Workload;
  /** Tasks that still ran at the end of the journal: they ran at least that long. */
  readonly unfinished: number;
}

interface Presence {
  readonly fromMs: number;
  untilMs: number | undefined;
}

interface SeenAgent extends Presence {
  readonly resources: Quantities;
  readonly attributes: Attributes;
}

interface SeenFramework extends Presence {
  readonly name: string;
  readonly role: string;
  readonly priority: number | undefined;
  readonly demand: Quantities | undefined;
}

interface SeenTask {
  readonly frameworkId: string;
  readonly resources: Quantities;
  readonly launchedMs: number;
  runningMs: number | undefined;
  endedMs: number | undefined;
}

/** What was seen in a journal, on its way to a workload. Times are of the epoch. */
export class Gathered {
  /** Time of the last turn. */
  endMs = 0;
  #beganMs = 0;
  readonly #agents = new Map<string, SeenAgent>();
  readonly #frameworks = new Map<string, SeenFramework>();
  readonly #names = new Set<string>();
  readonly #running = new Map<string, SeenTask>();
  readonly #tasks: SeenTask[] = [];

  /** The journal begins. */
  begin(nowMs: number): void {
    this.#beganMs = nowMs;
    this.endMs = nowMs;
  }

  /** An agent is there. */
  agentJoined(id: string, resources: Quantities, attributes: Attributes, nowMs: number): void {
    const about = { resources, attributes: mapped(attributes, wordOf), untilMs: undefined };
    this.#agents.set(id, { ...about, fromMs: nowMs });
  }

  /** An agent is given up, or has left. */
  agentLeft(id: string, nowMs: number): void {
    const agent = this.#agents.get(id);
    if (agent !== undefined) agent.untilMs = nowMs;
  }

  /** A framework is there; two of one name get names of their own. */
  frameworkJoined({ id, info }: Framework, nowMs: number): void {
    const role = info.roles[0] ?? "*";
    const stated = { priority: info.priority, demand: info.demand?.[role] };
    const word = wordOf(info.name);
    let unique = word;
    for (let number = 2; this.#names.has(unique); number++) unique = `${word}-${number}`;
    this.#names.add(unique);
    this.#frameworks.set(id, {
      name: unique,
      role,
      ...stated,
      fromMs: nowMs,
      untilMs: undefined,
    });
  }

  /** A framework is gone, with all its tasks. */
  frameworkLeft(id: string, nowMs: number): void {
    const framework = this.#frameworks.get(id);
    if (framework !== undefined) framework.untilMs = nowMs;
    for (const [key, task] of this.#running) {
      if (task.frameworkId !== id) continue;
      task.endedMs = nowMs;
      this.#running.delete(key);
    }
  }

  /** A task was launched, or was there already. */
  launched(frameworkId: string, taskId: string, resources: Quantities, nowMs: number): void {
    const task: SeenTask = {
      frameworkId,
      resources,
      launchedMs: nowMs,
      runningMs: undefined,
      endedMs: undefined,
    };
    this.#tasks.push(task);
    this.#running.set(`${frameworkId} ${taskId}`, task);
  }

  /** A task runs. */
  running(frameworkId: string, taskId: string, nowMs: number): void {
    const task = this.#running.get(`${frameworkId} ${taskId}`);
    if (task !== undefined) task.runningMs ??= nowMs;
  }

  /** A task has ended, in whatever way. */
  ended(frameworkId: string, taskId: string, nowMs: number): void {
    const key = `${frameworkId} ${taskId}`;
    const task = this.#running.get(key);
    if (task === undefined) return;
    task.endedMs = nowMs;
    this.#running.delete(key);
  }

  /** The workload; weights and quotas are those of the state in the end. */
  finish(arrivals: ArrivalRule, { options, registry }: ClusterState): Extracted {
    const workload: Workload = {
      allocationIntervalMs: options.allocationIntervalMs,
      offerTimeoutMs: options.offerTimeoutMs,
      agents: this.#agentLines(),
      roles: rolesOf(registry),
      frameworks: [...this.#frameworks.values()].map((seen) => this.#frameworkLine(seen)),
      jobs: this.#jobLines(arrivals),
    };
    return { workload, unfinished: this.#running.size };
  }

  #since(atMs: number): number {
    return Math.max(0, atMs - this.#beganMs);
  }

  /**
   * Agents that are alike, in one line. Those that came before the first task were there always.
   */
  #agentLines(): WorkloadAgents[] {
    const firstMs = this.#tasks[0]?.launchedMs ?? this.endMs;
    const lines = new Map<string, WorkloadAgents>();
    for (const { resources, attributes, fromMs, untilMs } of this.#agents.values()) {
      const about = {
        resources,
        attributes,
        fromMs: fromMs <= firstMs ? 0 : this.#since(fromMs),
        untilMs: untilMs && this.#since(untilMs),
      };
      const key = JSON.stringify(about);
      const known = lines.get(key);
      const name = known?.name ?? `kind${lines.size}`;
      lines.set(key, { ...about, name, count: (known?.count ?? 0) + 1 });
    }
    return [...lines.values()];
  }

  /** A framework leaves at the end of its work; when it did in the journal is of no interest. */
  #frameworkLine(seen: SeenFramework): WorkloadFramework {
    const { refuseMs, idle } = workloadDefaults;
    return { ...seen, refuseMs, idle, fromMs: this.#since(seen.fromMs), untilMs: undefined };
  }

  #jobLines(arrivals: ArrivalRule): WorkloadJob[] {
    const lines = new Map<string, WorkloadJob>();
    for (const task of this.#tasks) {
      const framework = this.#frameworks.get(task.frameworkId);
      if (framework === undefined) continue;
      const endedMs = task.endedMs ?? this.endMs;
      const about = {
        framework: framework.name,
        arrivalMs: this.#since(arrivals === "launched" ? task.launchedMs : framework.fromMs),
        durationMs: Math.max(1, endedMs - (task.runningMs ?? task.launchedMs)),
        resources: task.resources,
        attributes: {},
      };
      const key = JSON.stringify(about);
      lines.set(key, { ...about, tasks: (lines.get(key)?.tasks ?? 0) + 1 });
    }
    return [...lines.values()].sort((a, b) => a.arrivalMs - b.arrivalMs);
  }
}

function rolesOf({ weights, quotas }: ClusterState["registry"]): WorkloadRole[] {
  const names = [...new Set([...weights.keys(), ...quotas.keys()])];
  return names.map((name) => ({
    name,
    weight: weights.get(name) ?? 1,
    guarantee: quotas.get(name)?.guarantee,
    limit: quotas.get(name)?.limit,
  }));
}

/** A name as a word of a workload's text. */
function wordOf(name: string): string {
  return name.replace(/[\s#=]+/g, "_") || "_";
}

function mapped(of: Attributes, map: (value: string) => string): Attributes {
  return Object.fromEntries(Object.entries(of).map(([name, value]) => [map(name), map(value)]));
}
