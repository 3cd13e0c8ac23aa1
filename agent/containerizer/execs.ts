import { errors } from "../../contract/errors.ts";
import type { Clock, Timer } from "../../contract/ports/clock.ts";
import type { ContainerSpec, Isolator } from "../../contract/ports/isolator.ts";
import type { CommandInfo } from "../../contract/schema/command.ts";
import { findProgram, guarded, wordsOf } from "./command.ts";
import { entered } from "./compose.ts";
import type { Container } from "./container.ts";
import type { ExitRecords } from "./exits.ts";
import type { Keeper, KeeperExit } from "./keeper.ts";
import { readStat } from "./proc.ts";
import { markFor, type Sweeper } from "./sweeper.ts";
import type { TreeRoot } from "./tree.ts";

/** What further commands of containers are run with. */
export interface ExecsParts {
  readonly isolators: readonly Isolator[];
  readonly exits: ExitRecords;
  readonly sweeper: Sweeper;
  readonly clock: Clock;
  keeper(): Keeper;
}

interface Exec {
  readonly id: string;
  readonly container: string;
  root: TreeRoot;
  /** Its container has ended, so it is not to begin. */
  isEnded: boolean;
  settle(exit: KeeperExit | undefined): void;
}

/**
 * Runs further commands beside the one of a container, as its user and within its limits: those of
 * checks. They see its environment and its sandbox, their output is dropped, and none outlives the
 * container. Each has a mark of its own, so that a late one can be ended alone.
 */
export class Execs {
  readonly #parts: ExecsParts;
  readonly #running = new Map<string, Exec>();
  #count = 0;

  constructor(parts: ExecsParts) {
    this.#parts = parts;
  }

  /**
   * Runs a command in a container, and tells its exit status; no timeout is 0.
   * @throws CHECK_UNAVAILABLE
   */
  async runIn(
    container: Container | undefined,
    command: CommandInfo,
    timeoutMs: number,
  ): Promise<number> {
    if (container?.phase !== "running") throw errors.CHECK_UNAVAILABLE("it is not running");
    const { external, spec } = container;
    if (external === undefined) return await this.run(spec, command, timeoutMs);
    if (external.exec !== undefined) return await external.exec(command, timeoutMs);
    throw errors.CHECK_UNAVAILABLE("what runs the container runs no further commands");
  }

  /**
   * Runs a command to its end and tells its exit status.
   * @throws CHECK_UNAVAILABLE when it cannot be run, a signal ended it, or it has not ended in
   * time; no timeout is 0
   */
  async run(spec: ContainerSpec, command: CommandInfo, timeoutMs: number): Promise<number> {
    const id = `${spec.id}.check${this.#count++}`;
    const { clock, exits, sweeper } = this.#parts;
    let settle: Exec["settle"] = () => {};
    const ended = new Promise<KeeperExit | undefined>((resolve) => {
      settle = resolve;
    });
    const exec: Exec = { id, container: spec.id, root: { id }, isEnded: false, settle };
    this.#running.set(id, exec);
    let timer: Timer | undefined;
    try {
      await this.#start(exec, spec, command);
      let isLate = false;
      if (timeoutMs > 0) {
        timer = clock.after(timeoutMs, () => {
          isLate = true;
          settle(undefined);
        });
      }
      const exit = await ended;
      if (isLate) throw errors.CHECK_UNAVAILABLE(`it took longer than ${timeoutMs} ms`);
      return codeOf(exit);
    } finally {
      timer?.cancel();
      await sweeper.end(exec.root);
      this.#running.delete(id);
      exits.remove(id);
    }
  }

  async #start(exec: Exec, spec: ContainerSpec, command: CommandInfo): Promise<void> {
    const { isolators } = this.#parts;
    const environment: Record<string, string> = { ...spec.environment, ...markFor(exec.id) };
    for (const { name, value = "" } of command.environment ?? []) environment[name] = value;
    const words = wordsOf(command);
    const hasOwnRoot = spec.rootfs !== undefined;
    if (!hasOwnRoot) findProgram(words.file, spec.sandbox, environment["PATH"]);
    const wrap = await entered(isolators, spec);
    if (exec.isEnded) throw errors.CHECK_UNAVAILABLE("its container has ended");
    const output = { stdout: "/dev/null", stderr: "/dev/null" };
    const guardedWords = guarded(words, wrap, environment, hasOwnRoot);
    const launch = { directory: spec.sandbox, ...output, ...guardedWords };
    const keeper = this.#parts.keeper();
    const pid = await keeper.hold(exec.id, launch);
    const stat = readStat(pid);
    if (stat === undefined) throw errors.CHECK_UNAVAILABLE("its process died while held");
    const process = { pid, startTicks: stat.startTicks };
    exec.root = { id: exec.id, process };
    try {
      for (const isolator of isolators) await isolator.join?.(spec, process);
    } catch (cause) {
      keeper.abandon(exec.id);
      throw cause;
    }
    keeper.release(exec.id);
  }

  /** Takes the end of a process if it is one of these; answers whether it was. */
  exited(id: string, exit: KeeperExit | undefined): boolean {
    const exec = this.#running.get(id);
    exec?.settle(exit);
    return exec !== undefined;
  }

  /** Ends those of a container, or all; resolves when none of them is left. */
  async end(container?: string): Promise<void> {
    const doomed = [...this.#running.values()].filter(
      (exec) => container === undefined || exec.container === container,
    );
    for (const exec of doomed) {
      exec.isEnded = true;
      exec.settle(undefined);
    }
    await Promise.all(doomed.map(({ root }) => this.#parts.sweeper.end(root)));
  }
}

function codeOf(exit: KeeperExit | undefined): number {
  if (exit === undefined) throw errors.CHECK_UNAVAILABLE("nobody saw how it ended");
  const { failure, signal, code } = exit;
  if (failure !== undefined) throw errors.CHECK_UNAVAILABLE(failure);
  if (code !== undefined) return code;
  throw errors.CHECK_UNAVAILABLE(`it was ended by ${signal ?? "the agent"}`);
}
