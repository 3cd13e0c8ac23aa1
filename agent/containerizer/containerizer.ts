import { join } from "node:path";
import { errors, reasonOf, TepuiError } from "../../contract/errors.ts";
import type {
  ContainerCheckpoint,
  ContainerSpec,
  ExternalContainer,
  Usage,
} from "../../contract/ports/isolator.ts";
import type { CommandInfo } from "../../contract/schema/command.ts";
import { type Composition, composed, launchOf } from "./compose.ts";
import {
  type Container,
  type ContainerizerOptions,
  cleanUp,
  fetchFor,
  newContainer,
  recoverKnown,
  rootOf,
  stopWatching,
  watchLimits,
} from "./container.ts";
import { Execs } from "./execs.ts";
import { ExitRecords } from "./exits.ts";
import { Keeper, type KeeperExit } from "./keeper.ts";
import { readStat } from "./proc.ts";
import { resize, resizeLate } from "./resize.ts";
import { Sessions } from "./sessions.ts";
import { endStrays } from "./strays.ts";
import { Sweeper } from "./sweeper.ts";
import { usageOf } from "./usage.ts";
import { Watcher } from "./watcher.ts";

/**
 * Runs containers by composing isolators: prepare each → fork held at a barrier → isolate each →
 * release; cleanup in reverse order, once nothing of the container is left.
 */
export class Containerizer {
  /** Containers after which not everything could be cleaned up. */
  destroyErrors = 0;
  readonly #options: ContainerizerOptions;
  readonly #containers = new Map<string, Container>();
  readonly #sweeper: Sweeper;
  readonly exits: ExitRecords;
  readonly #watcher: Watcher;
  readonly #execs: Execs;
  /** Further commands that somebody talks to. */
  readonly sessions: Sessions;
  #keeper: Keeper | undefined;

  constructor(options: ContainerizerOptions) {
    this.#options = options;
    this.#sweeper = new Sweeper(options.clock);
    this.exits = new ExitRecords(join(options.runDir, "exits"));
    const own = { exits: this.exits, sweeper: this.#sweeper, keeper: () => this.#liveKeeper() };
    this.#execs = new Execs({ isolators: options.isolators, clock: options.clock, ...own });
    this.sessions = new Sessions({
      ...{ isolators: options.isolators, sweeper: this.#sweeper },
      find: (id) => this.#containers.get(id),
    });
    this.#watcher = new Watcher(options.clock, this.exits, (id, exit) => this.#exited(id, exit));
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
    const { images } = this.#options;
    const { abort } = container;
    if (images !== undefined) container.spec = await images.provide(container.spec, abort.signal);
    const { spec } = container;
    // Credentials for an engine's image may be among what is fetched; otherwise the sandbox has to
    // belong to its user first.
    const isOfEngine = spec.container?.type === "DOCKER";
    if (isOfEngine) await fetchFor(spec, this.#options, abort.signal);
    const { external, ...launch } = await composed(this.#options.isolators, spec, abort.signal);
    if (!isOfEngine) await fetchFor(spec, this.#options, abort.signal);
    if (external !== undefined) container.external = external;
    else await this.#hold(container, launch);
    abort.signal.throwIfAborted();
    container.phase = "held";
  }

  async #hold(container: Container, composition: Composition): Promise<void> {
    const { spec, abort } = container;
    const launch = launchOf(spec, composition, this.exits.notePath(spec.id));
    const pid = await this.#liveKeeper().hold(spec.id, launch);
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
    this.#keeper = new Keeper(this.exits.folder, log, {
      onExit: (id, exit, isAlone) => this.#exited(id, exit, isAlone),
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
    watchLimits(container, this.#options);
    resizeLate(container, this.#options);
    const { external } = container;
    if (external !== undefined) this.#startExternal(container, external);
    else this.#keeper?.release(id);
    if (external === undefined && this.#keeper?.isThere !== true) this.#watcher.add(container);
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

  #waitExternal({ spec: { id } }: Container, external: ExternalContainer): void {
    const isGone = () => this.#exited(id, undefined);
    external.wait().then((status) => this.#exited(id, status), isGone);
  }

  /** Gives a container other resources, as soon as it runs. */
  update(id: string, resources: ContainerSpec["resources"]): void {
    resize(this.#containers.get(id), resources, this.#options);
  }

  /** Takes up a container that was running when the agent ended; `onExited` follows in its time. */
  adopt(checkpoint: ContainerCheckpoint): void {
    const { process } = checkpoint;
    const spec = this.#options.images?.restore(checkpoint.spec) ?? checkpoint.spec;
    const container = newContainer(spec, "running", process);
    this.#containers.set(spec.id, container);
    watchLimits(container, this.#options);
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

  /** Hands what is known to the isolators after a restart, and ends and cleans up what is not. */
  async recover(known: ContainerCheckpoint[], forsaken: ContainerCheckpoint[] = []): Promise<void> {
    const ids: ReadonlySet<string> = new Set(known.map(({ spec }) => spec.id));
    this.exits.prune(ids);
    await endStrays({ ...this.#options, sweeper: this.#sweeper }, ids, forsaken);
    await recoverKnown(known, forsaken, this.#options);
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
    if (signal === "SIGTERM") this.#sweeper.signal(rootOf(container), signal);
    else void this.#destroy(container);
  }

  async #destroy(container: Container, isAlone = false): Promise<void> {
    for (const isolator of this.#options.isolators) {
      if ((await isolator.kill?.(container.spec.id).catch(() => false)) === true) break;
    }
    if (!isAlone) await this.#sweeper.end(rootOf(container));
  }

  /**
   * Runs a further command in a running container, as its user and within its limits, and tells its
   * exit status; no timeout is 0.
   * @throws CHECK_UNAVAILABLE
   */
  exec(id: string, command: CommandInfo, timeoutMs: number): Promise<number> {
    return this.#execs.runIn(this.#containers.get(id), command, timeoutMs);
  }

  #exited(id: string, exit: KeeperExit | undefined, isAlone = false): void {
    if (this.#execs.exited(id, exit)) return;
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
    // An engine says how one has ended until that is on record.
    if (!container.destroy && container.external !== undefined) return;
    void this.#end(container, isAlone).then(() => {
      if (container.destroy) onExited(id, exit);
    });
  }

  #failed(container: Container, cause: unknown): void {
    if (container.phase === "ending") return;
    container.phase = "ending";
    this.#keeper?.abandon(container.spec.id);
    const error =
      cause instanceof TepuiError ? cause : errors.CONTAINER_LAUNCH_REFUSED(reasonOf(cause));
    void this.#end(container).then(() => this.#options.events.onFailed(container.spec.id, error));
  }

  /** Ends what is left and cleans up, in reverse order. */
  async #end(container: Container, isAlone = false): Promise<void> {
    const { id } = container.spec;
    stopWatching(container);
    await Promise.all([this.#execs.end(id), this.sessions.end(id)]);
    if (container.process !== undefined) await this.#destroy(container, isAlone);
    if (!(await cleanUp(id, this.#options))) this.destroyErrors += 1;
    this.#containers.delete(id);
  }

  /** Its end has been checkpointed: what was kept to tell of it is no longer needed. */
  forget(id: string): void {
    this.exits.remove(id);
    const kept = this.#containers.get(id);
    if (kept?.external !== undefined && kept.phase === "ending") void this.#end(kept);
  }

  /** What a container uses, merged from all isolators that measure. */
  usage(id: string): Promise<Usage | undefined> {
    return usageOf(this.#options.isolators, id, this.#containers.get(id)?.external !== undefined);
  }

  /** Lets everything run on without this agent. What was not released never runs. */
  close(): void {
    this.#watcher.stop();
    for (const container of this.#containers.values()) stopWatching(container);
    void this.#execs.end();
    void this.sessions.end();
    this.#keeper?.disconnect();
    this.#containers.clear();
  }
}
