import { scalarOf } from "../../contract/resources.ts";
import type { Resource } from "../../contract/schema/resource.ts";
import type { TaskState } from "../../contract/task-state.ts";

/** What an agent has, and what of it tasks hold. */
interface Account {
  readonly total: readonly Resource[];
  readonly held: Map<string, readonly Resource[]>;
}

/**
 * Books of a simulated fleet, kept apart from the master's: which tasks were launched and how each
 * came to its end, and what every agent holds. What does not add up becomes a problem.
 */
export class Ledger {
  readonly #open = new Set<string>();
  readonly #ends = new Map<string, { readonly state: TaskState; readonly uuid: string }>();
  readonly #accounts = new Map<string, Account>();
  readonly #problems: string[] = [];

  /** What did not add up, in the order in which it was found. */
  get problems(): readonly string[] {
    return this.#problems;
  }

  /** Tasks that were launched, ever. */
  get launched(): number {
    return this.#open.size + this.#ends.size;
  }

  /** Tasks that have no terminal state yet. */
  get unfinished(): readonly string[] {
    return [...this.#open];
  }

  /** How many tasks ended in which state. */
  get ends(): Readonly<Record<string, number>> {
    const counts: Record<string, number> = {};
    for (const { state } of this.#ends.values()) counts[state] = (counts[state] ?? 0) + 1;
    return counts;
  }

  /** A framework has accepted an offer for a task. */
  launch(task: string): void {
    if (this.#open.has(task) || this.#ends.has(task)) this.#problem(`${task} is launched twice`);
    this.#open.add(task);
  }

  /** A framework is told of the end of a task; told again of the same update is no second end. */
  end(task: string, state: TaskState, uuid: string): void {
    const known = this.#ends.get(task);
    if (known !== undefined) {
      if (known.uuid === uuid) return;
      this.#problem(`${task} ends as ${state} after it ended as ${known.state}`);
      return;
    }
    if (!this.#open.delete(task)) this.#problem(`${task} ends and was never launched`);
    this.#ends.set(task, { state, uuid });
  }

  /** An agent is there with its resources. */
  agent(name: string, total: readonly Resource[]): void {
    this.#accounts.set(name, { total, held: new Map() });
  }

  /** An agent is told to run a task. */
  hold(agent: string, task: string, resources: readonly Resource[]): void {
    const account = this.#accounts.get(agent);
    if (account === undefined) return;
    account.held.set(task, resources);
    for (const kind of ["cpus", "mem"]) {
      let sum = 0;
      for (const each of account.held.values()) sum += scalarOf(each, kind);
      const total = scalarOf(account.total, kind);
      if (sum > total) this.#problem(`${agent} holds ${sum} of ${total} thousandths of ${kind}`);
    }
  }

  /** A task of an agent is over. */
  release(agent: string, task: string): void {
    this.#accounts.get(agent)?.held.delete(task);
  }

  /** Writes down something that must not be. */
  problem(text: string): void {
    this.#problem(text);
  }

  #problem(text: string): void {
    // The first ones tell the story; thousands more of the same tell nothing.
    if (this.#problems.length < 100) this.#problems.push(text);
  }
}
