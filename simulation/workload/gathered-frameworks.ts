import type { FrameworkInfo } from "../../contract/schema/framework.ts";
import { namesHosts } from "./gathered-agents.ts";
import { plainFramework, type WorkloadFramework, workloadCapabilities } from "./model.ts";

interface SeenFramework {
  readonly info: FrameworkInfo;
  readonly fromMs: number;
  /** Roles in which it ran something, with what it is called there. */
  readonly names: Map<string, string>;
}

/** A framework in a role, as jobs know it. */
export interface SeenAs {
  readonly name: string;
  readonly fromMs: number;
}

/**
 * Frameworks of a journal. One that ran something in several roles is a framework for each of them,
 * for what it holds counts for the role.
 */
export class SeenFrameworks {
  readonly #byId = new Map<string, SeenFramework>();
  readonly #names = new Set<string>();

  /** A framework is there, or back. */
  joined(id: string, info: FrameworkInfo, nowMs: number): void {
    if (!this.#byId.has(id)) this.#byId.set(id, { info, fromMs: nowMs, names: new Map() });
  }

  /** It runs something in a role. */
  used(id: string, role: string): void {
    const seen = this.#byId.get(id);
    if (seen === undefined || seen.names.has(role)) return;
    const isFirst = seen.names.size === 0;
    seen.names.set(role, this.#unique(isFirst ? seen.info.name : `${seen.info.name}-${role}`));
  }

  /** What it is called in a role that it used. */
  seenAs(id: string, role: string): SeenAs | undefined {
    const seen = this.#byId.get(id);
    const name = seen?.names.get(role);
    return seen === undefined || name === undefined ? undefined : { name, fromMs: seen.fromMs };
  }

  /** Whether any states something about the names of agents. */
  get nameHosts(): boolean {
    return [...this.#byId.values()].some(({ info }) =>
      info.labels?.some(({ value }) => value !== undefined && namesHosts(value)),
    );
  }

  /**
   * A framework leaves at the end of its work; when it did in the journal is of no interest. One
   * that ran nothing is there in the first of its roles.
   */
  lines(since: (atMs: number) => number): WorkloadFramework[] {
    return [...this.#byId].flatMap(([id, { info, fromMs, names }]) => {
      if (names.size === 0) this.used(id, info.roles[0] ?? "*");
      const roles = [...names].map(([role, name]) => lineOf(info, role, name));
      return roles.map((line) => ({ ...line, fromMs: since(fromMs) }));
    });
  }

  /** Two of one name get names of their own. */
  #unique(name: string): string {
    let unique = name === "" ? "_" : name;
    for (let number = 2; this.#names.has(unique); number++) unique = `${name}-${number}`;
    this.#names.add(unique);
    return unique;
  }
}

function lineOf(info: FrameworkInfo, role: string, name: string): WorkloadFramework {
  const { user, principal, priority, labels = [], capabilities = [] } = info;
  return {
    ...plainFramework(name, role),
    subscribedName: info.name,
    user,
    principal,
    priority,
    demand: info.demand?.[role],
    labels: labels.map(({ key, value = "" }) => ({ key, value })),
    capabilities: workloadCapabilities.filter((each) => capabilities.includes(each)),
    minAllocatable: info.offerFilters?.[role]?.minAllocatable,
  };
}
