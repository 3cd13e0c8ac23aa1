import type { Clock } from "../../contract/ports/clock.ts";
import { CONTAINER_MARK, ProcessTable, signalProcess, type TreeRoot } from "./tree.ts";

/** Between two looks at the same dying processes. */
const AGAIN_MS = 3;
/** A look at all processes may take this part of the time, so that busy hosts are not slowed. */
const SHARE = 5;

interface Wanted {
  readonly root: TreeRoot;
  readonly stopped: Set<number>;
  readonly resolve: () => void;
}

/**
 * Ends whatever is left of containers. Many containers that end at the same time share one look at
 * the processes of the host. Members are stopped before they are killed, so that a fork bomb cannot
 * outrun the killing, and looked for again until none is left.
 */
export class Sweeper {
  readonly #table = new ProcessTable();
  readonly #clock: Clock;
  #wanted: Wanted[] = [];
  #running = false;
  #notBeforeMs = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Resolves when no process of the container is left. */
  end(root: TreeRoot): Promise<void> {
    return new Promise((resolve) => {
      this.#wanted.push({ root, stopped: new Set(), resolve });
      if (this.#running) return;
      this.#running = true;
      const waitMs = this.#notBeforeMs - this.#clock.monotonicMs();
      this.#clock.after(Math.max(0, waitMs), () => this.#look());
    });
  }

  /** Signals every process of a container once; answers how many got it. */
  signal(root: TreeRoot, signal: NodeJS.Signals): number {
    const members = this.#table.membersOf([root]).get(root.id) ?? [];
    return members.filter((member) => signalProcess(member, signal)).length;
  }

  #look(): void {
    const began = this.#clock.monotonicMs();
    const looking = this.#wanted;
    this.#wanted = [];
    const members = this.#table.membersOf(looking.map(({ root }) => root));
    for (const one of looking) {
      const live = members.get(one.root.id);
      if (live === undefined) {
        one.resolve();
        continue;
      }
      const fresh = live.filter(({ pid }) => !one.stopped.has(pid));
      for (const member of fresh) {
        one.stopped.add(member.pid);
        signalProcess(member, "SIGSTOP");
      }
      // Only when a look finds nobody new is everybody stopped, and nobody can fork any more; the
      // kill does not wait for that, because SIGKILL works on the stopped too.
      for (const member of live) signalProcess(member, "SIGKILL");
      this.#wanted.push(one);
    }
    const nowMs = this.#clock.monotonicMs();
    const waitMs = Math.max(AGAIN_MS, (nowMs - began) * SHARE);
    this.#notBeforeMs = nowMs + waitMs;
    this.#running = this.#wanted.length > 0;
    if (this.#running) this.#clock.after(waitMs, () => this.#look());
  }
}

/** The environment entry by which members of a container are known. */
export function markFor(id: string): Readonly<Record<string, string>> {
  return { [CONTAINER_MARK]: id };
}
