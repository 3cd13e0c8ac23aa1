import { join } from "node:path";
import { errors, TepuiError } from "../../contract/errors.ts";
import type {
  ContainerCheckpoint,
  ContainerSpec,
  ExternalContainer,
  Usage,
} from "../../contract/ports/isolator.ts";
import { type Composition, composed, launchOf } from "./compose.ts";
import {
  type Container,
  type ContainerizerOptions,
  newContainer,
  rootOf,
  stopWatching,
} from "./container.ts";
import { ExitRecords } from "./exits.ts";
import { Keeper, type KeeperExit } from "./keeper.ts";
import { readStat } from "./proc.ts";
import { Sweeper } from "./sweeper.ts";
import { signalProcess, strays } from "./tree.ts";
import { Watcher } from "./watcher.ts";

/** Between two looks at processes that were killed because nobody knows of them. */
const STRAYS_MS = 20;

/**
 * Runs containers by composing isolators: prepare each → fork held at a barrier → isolate each →
 * release; cleanup in reverse order, once nothing of the container is left.
 */
export class Containerizer {
  readonly #options: ContainerizerOptions;
  readonly #containers = new Map<string, Container>();
  readonly #sweeper: Sweeper;
  readonly #exits: ExitRecords;
  readonly #watcher: Watcher;
  #keeper: Keeper | undefined;

  constructor(options: ContainerizerOptions) {
    this.#options = options;
    this.#sweeper = new Sweeper(options.clock);
    this.#exits = new ExitRecords(join(options.runDir, "exits"));
    this.#watcher = new Watcher(options.clock, this.#exits, (id, exit) => this.#exited(id, exit));
  }

  /** Containers that have not been cleaned up. */
  get size(): number {
    return this.#containers.size;
  }

  /** True until a container has been cleaned up, also when its end has been told. */
  has(id: string): boolean {
    return this.#containers.has(id);
  }

  /** Pid of the process that forks, once there is one. */
  get keeperPid(): number | undefined {
    return this.#keeper?.pid;
  }

  /** Begins to launch; `onHeld` or `onFailed` follows. */
  launch(spec: ContainerSpec): void {
    const container = newContainer(spec, "preparing");
    this.#containers.set(spec.id, container);
    this.#prepare(container).then(
      () => this.#options.events.onHeld(spec.id, container.process),
      (cause: unknown) => this.#failed(container, cause),
    );
  }

  async #prepare(container: Container): Promise<void> {
    const { spec, abort } = container;
    const { external, ...launch } = await composed(this.#options.isolators, spec, abort.signal);
    if (external !== undefined) container.external = external;
    else await this.#hold(container, launch);
    abort.signal.throwIfAborted();
    container.phase = "held";
  }

  async #hold(container: Container, composition: Composition): Promise<void> {
    const { spec, abort } = container;
    const pid = await this.#liveKeeper().hold(spec.id, launchOf(spec, composition));
    const stat = readStat(pid);
    if (stat === undefined) throw errors.CONTAINER_LAUNCH_REFUSED("its process died while held");
    container.process = { pid, startTicks: stat.startTicks };
    for (const isolator of this.#options.isolators) {
      await isolator.isolate(spec, container.process);
      abort.signal.throwIfAborted();
    }
  }

  #liveKeeper(): Keeper {
    if (this.#keeper?.isThere === true) return this.#keeper;
    const log = join(this.#options.runDir, "keeper.log");
    this.#keeper = new Keeper(this.#exits.folder, log, {
      onExit: (id, exit) => this.#exited(id, exit),
      onGone: () => {
        this.#options.log.error("the process that forks is gone; running containers are watched");
        for (const container of this.#containers.values()) {
          if (container.phase === "running") this.#watcher.add(container);
        }
      },
    });
    return this.#keeper;
  }

  /** Lets a held container run. */
  release(id: string): void {
    const container = this.#containers.get(id);
    if (container?.phase !== "held") return;
    container.phase = "running";
    this.#watchLimits(container);
    const { external } = container;
    if (external === undefined) {
      this.#keeper?.release(id);
      if (this.#keeper?.isThere !== true) this.#watcher.add(container);
      return;
    }
    this.#startExternal(container, external);
  }

  #startExternal(container: Container, external: ExternalContainer): void {
    external.start().then(
      (started) => {
        this.#options.events.onStarted(container.spec.id, started);
        this.#waitExternal(container, external);
      },
      (cause: unknown) => this.#failed(container, cause),
    );
  }

  #waitExternal(container: Container, external: ExternalContainer): void {
    external.wait().then(
      (status) => this.#exited(container.spec.id, status),
      () => this.#exited(container.spec.id, undefined),
    );
  }

  #watchLimits(container: Container): void {
    const { id } = container.spec;
    for (const isolator of this.#options.isolators) {
      const stop = isolator.watch?.(id, (limitation) =>
        this.#options.events.onLimit(id, limitation),
      );
      if (stop !== undefined) container.unwatch.push(stop);
    }
  }

  /** Takes up a container that was running when the agent ended; `onExited` follows in its time. */
  adopt(checkpoint: ContainerCheckpoint): void {
    const { spec, process } = checkpoint;
    const container = newContainer(spec, "running", process);
    this.#containers.set(spec.id, container);
    this.#watchLimits(container);
    for (const isolator of this.#options.isolators) {
      const external = isolator.external?.(spec.id);
      if (external === undefined) continue;
      container.external = external;
      // It had been released: one that was not started in time is started now.
      this.#startExternal(container, external);
      return;
    }
    this.#watcher.add(container);
  }

  /**
   * Hands what is known to the isolators after a restart, and has them clean up what is not.
   */
  async recover(known: readonly ContainerCheckpoint[]): Promise<void> {
    const ids: ReadonlySet<string> = new Set(known.map(({ spec }) => spec.id));
    this.#exits.prune(ids);
    for (;;) {
      const found = strays(this.#options.sandboxRoot, ids);
      if (found.length === 0) break;
      for (const stray of found) signalProcess(stray, "SIGKILL");
      this.#options.log.warn({ pids: found.map(({ pid }) => pid) }, "killed what nobody knows of");
      await new Promise<void>((resolve) => this.#options.clock.after(STRAYS_MS, resolve));
    }
    for (const isolator of this.#options.isolators) {
      for (const orphan of await isolator.recover(known)) await isolator.cleanup(orphan);
    }
  }

  /** SIGTERM asks every process of the container to end; SIGKILL ends it, whatever its phase. */
  kill(id: string, signal: "SIGTERM" | "SIGKILL"): void {
    const container = this.#containers.get(id);
    if (container === undefined) return;
    container.destroy = true;
    if (container.phase === "preparing" || container.phase === "held") {
      const wasHeld = container.phase === "held";
      container.abort.abort(errors.CONTAINER_LAUNCH_REFUSED("it was killed before it ran"));
      if (wasHeld) this.#failed(container, container.abort.signal.reason);
      return;
    }
    if (container.phase === "ending") return;
    if (container.external !== undefined) {
      container.external.signal(signal).catch((cause: unknown) => {
        this.#options.log.warn({ err: cause, container: id }, "a container could not be signalled");
      });
      return;
    }
    const root = rootOf(container);
    if (signal === "SIGTERM") this.#sweeper.signal(root, signal);
    else void this.#destroy(container);
  }

  async #destroy(container: Container): Promise<void> {
    for (const isolator of this.#options.isolators) {
      const killed = await isolator.kill?.(container.spec.id).catch(() => false);
      if (killed === true) break;
    }
    await this.#sweeper.end(rootOf(container));
  }

  #exited(id: string, exit: KeeperExit | undefined): void {
    const container = this.#containers.get(id);
    if (container === undefined || container.phase === "ending") return;
    if (container.phase === "preparing") {
      container.abort.abort(errors.CONTAINER_LAUNCH_REFUSED("its process died while held"));
      return;
    }
    if (container.phase === "held" || exit?.abandoned === true || exit?.failure !== undefined) {
      const { failure } = exit ?? {};
      const cause =
        failure === undefined
          ? errors.CONTAINER_ABANDONED()
          : errors.CONTAINER_LAUNCH_REFUSED(failure);
      this.#failed(container, cause);
      return;
    }
    container.phase = "ending";
    // The last look of whoever watches: a limit that ended it has to be told before its end is.
    stopWatching(container);
    const { onExited } = this.#options.events;
    // A task that ended by itself is told of at once; what it left behind is ended after that.
    if (!container.destroy) onExited(id, exit);
    void this.#end(container).then(() => {
      if (container.destroy) onExited(id, exit);
    });
  }

  #failed(container: Container, cause: unknown): void {
    if (container.phase === "ending") return;
    container.phase = "ending";
    this.#keeper?.abandon(container.spec.id);
    const error =
      cause instanceof TepuiError
        ? cause
        : errors.CONTAINER_LAUNCH_REFUSED(cause instanceof Error ? cause.message : String(cause));
    void this.#end(container).then(() => this.#options.events.onFailed(container.spec.id, error));
  }

  /** Ends what is left and cleans up, in reverse order; a cleanup that fails holds up no other. */
  async #end(container: Container): Promise<void> {
    const { id } = container.spec;
    stopWatching(container);
    if (container.process !== undefined) await this.#destroy(container);
    for (const isolator of [...this.#options.isolators].reverse()) {
      try {
        await isolator.cleanup(id);
      } catch (cause) {
        this.#options.log.error({ err: cause, container: id }, "cleaning up a container failed");
      }
    }
    this.#containers.delete(id);
  }

  /** Its end has been checkpointed: the record of it is no longer needed. */
  forget(id: string): void {
    this.#exits.remove(id);
  }

  /** How a container ended that is not running any more, as far as anybody saw it. */
  exitOf(id: string): KeeperExit | undefined {
    return this.#exits.read(id);
  }

  /** What a container uses, merged from all isolators that measure. */
  async usage(id: string): Promise<Usage | undefined> {
    let usage: Usage | undefined;
    const isExternal = this.#containers.get(id)?.external !== undefined;
    for (const isolator of this.#options.isolators) {
      // What an engine runs is not there for those who isolate processes.
      if (isExternal && isolator.external?.(id as ContainerSpec["id"]) === undefined) continue;
      const part = await isolator.usage?.(id as ContainerSpec["id"]);
      if (part !== undefined) usage = { ...usage, ...part };
    }
    return usage;
  }

  /** Lets everything run on without this agent. What was not released never runs. */
  close(): void {
    this.#watcher.stop();
    for (const container of this.#containers.values()) stopWatching(container);
    this.#keeper?.disconnect();
    this.#containers.clear();
  }
}
