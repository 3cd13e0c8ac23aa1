import type { Clock, Timer } from "../../contract/ports/clock.ts";
import type { Container } from "./container.ts";
import type { ExitRecords } from "./exits.ts";
import type { KeeperExit } from "./keeper.ts";
import { isAlive } from "./proc.ts";

/** Between two looks at processes that are not children of our keeper. */
const WATCH_MS = 200;
/** How long after a process the record of its exit may appear. */
const RECORD_LATE_MS = 1_000;

/**
 * Finds out how containers end that an earlier agent's keeper runs: from the records it writes, and
 * from /proc when there is no record because the keeper was killed as well.
 */
export class Watcher {
  readonly #clock: Clock;
  readonly #exits: ExitRecords;
  readonly #onExit: (id: string, exit: KeeperExit | undefined) => void;
  readonly #watched = new Map<Container, { goneMs?: number }>();
  #timer: Timer | undefined;

  constructor(
    clock: Clock,
    exits: ExitRecords,
    onExit: (id: string, exit: KeeperExit | undefined) => void,
  ) {
    this.#clock = clock;
    this.#exits = exits;
    this.#onExit = onExit;
  }

  /** Looks at a container until it has ended; soon for the first time. */
  add(container: Container): void {
    this.#watched.set(container, {});
    this.#timer ??= this.#clock.after(0, () => this.#look());
  }

  /** Looks at nothing any more. */
  stop(): void {
    this.#timer?.cancel();
    this.#watched.clear();
  }

  #look(): void {
    const nowMs = this.#clock.monotonicMs();
    for (const [container, seen] of [...this.#watched]) {
      const { id } = container.spec;
      if (container.phase !== "running") {
        this.#watched.delete(container);
        continue;
      }
      const exit = this.#exits.read(id);
      const alive = container.process !== undefined && isAlive(container.process);
      if (!alive) seen.goneMs ??= nowMs;
      const isLate = nowMs - (seen.goneMs ?? nowMs) > RECORD_LATE_MS;
      if (exit === undefined && !isLate) continue;
      this.#watched.delete(container);
      this.#onExit(id, exit);
    }
    const isIdle = this.#watched.size === 0;
    this.#timer = isIdle ? undefined : this.#clock.after(WATCH_MS, () => this.#look());
  }
}
