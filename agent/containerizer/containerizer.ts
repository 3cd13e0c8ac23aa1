import { join } from "node:path";
import { errors, TepuiError } from "../../contract/errors.ts";
import type { Clock, Timer } from "../../contract/ports/clock.ts";
import type {
  ContainerCheckpoint,
  ContainerSpec,
  ExternalContainer,
  Isolator,
  LaunchParts,
  Limitation,
  ProcessIdentity,
  Usage,
} from "../../contract/ports/isolator.ts";
import type { Logger } from "../../contract/ports/log.ts";
import { findProgram, wordsOf, wrapped } from "./command.ts";
import { ExitRecords } from "./exits.ts";
import { Keeper, type KeeperExit } from "./keeper.ts";
import { isAlive, readStat } from "./proc.ts";
import { markFor, Sweeper } from "./sweeper.ts";
import { signalProcess, strays } from "./tree.ts";

/** Between two looks at processes that are not children of our keeper. */
const WATCH_MS = 200;
/** How long after a process the record of its exit may appear. */
const RECORD_LATE_MS = 1_000;

/** What became of containers; each is told from a callback and must only be enqueued. */
export interface ContainerEvents {
  /** Everything is ready and nothing has run: `release` lets it run. */
  onHeld(id: string, process: ProcessIdentity | undefined): void;
  /** It did not come to run, or could not run its command; everything is cleaned up. */
  onFailed(id: string, cause: TepuiError): void;
  /** It ran and has ended; `undefined` when nobody was there to see how. */
  onExited(id: string, exit: KeeperExit | undefined): void;
  /** It must be ended, or has been, for this reason. */
  onLimit(id: string, limitation: Limitation): void;
}

/** What a containerizer works with. */
export interface ContainerizerOptions {
  /** In the order of the config file. */
  readonly isolators: readonly Isolator[];
  /** Folder of its own, for exit records and the keeper's log. */
  readonly runDir: string;
  /** Folder that holds every sandbox; processes at work below it are this agent's. */
  readonly sandboxRoot: string;
  readonly clock: Clock;
  readonly log: Logger;
  readonly events: ContainerEvents;
}

interface Container {
  readonly spec: ContainerSpec;
  readonly abort: AbortController;
  phase: "preparing" | "held" | "running" | "ending";
  process?: ProcessIdentity;
  external?: ExternalContainer;
  /** Nobody may be left when its end is told. */
  destroy: boolean;
  /** Set while its process is watched from /proc. */
  goneMs?: number;
  watched: boolean;
  unwatch: (() => void)[];
}

/**
 * Runs containers by composing isolators: prepare each → fork held at a barrier → isolate each →
 * release; cleanup in reverse order, once nothing of the container is left.
 */
export class Containerizer {
  readonly #options: ContainerizerOptions;
  readonly #containers = new Map<string, Container>();
  readonly #sweeper: Sweeper;
  readonly #exits: ExitRecords;
  #keeper: Keeper | undefined;
  #watch: Timer | undefined;

  constructor(options: ContainerizerOptions) {
    this.#options = options;
    this.#sweeper = new Sweeper(options.clock);
    this.#exits = new ExitRecords(join(options.runDir, "exits"));
  }

  /** Containers that have not been cleaned up. */
  get size(): number {
    return this.#containers.size;
  }

  /** Pid of the process that forks, once there is one. */
  get keeperPid(): number | undefined {
    return this.#keeper?.pid;
  }

  /** Begins to launch; `onHeld` or `onFailed` follows. */
  launch(spec: ContainerSpec): void {
    const container: Container = {
      spec,
      abort: new AbortController(),
      phase: "preparing",
      destroy: false,
      watched: false,
      unwatch: [],
    };
    this.#containers.set(spec.id, container);
    this.#prepare(container).then(
      () => this.#options.events.onHeld(spec.id, container.process),
      (cause: unknown) => this.#failed(container, cause),
    );
  }

  async #prepare(container: Container): Promise<void> {
    const { spec, abort } = container;
    const wrap: string[] = [];
    let environment = { ...spec.environment, ...markFor(spec.id) };
    let directory = spec.sandbox;
    for (const isolator of this.#options.isolators) {
      const parts: LaunchParts = await isolator.prepare(spec, abort.signal);
      abort.signal.throwIfAborted();
      wrap.push(...(parts.wrap ?? []));
      environment = { ...environment, ...parts.environment };
      directory = parts.workingDirectory ?? directory;
      if (parts.external !== undefined) container.external = parts.external;
    }
    if (container.external === undefined) {
      refuseWhatNobodyRuns(spec);
      await this.#hold(container, wrap, environment, directory);
    }
    abort.signal.throwIfAborted();
    container.phase = "held";
  }

  async #hold(
    container: Container,
    wrap: readonly string[],
    environment: Readonly<Record<string, string>>,
    directory: string,
  ): Promise<void> {
    const { spec, abort } = container;
    const words = wordsOf(spec.command);
    findProgram(words.file, directory, environment["PATH"]);
    const keeper = this.#liveKeeper();
    const pid = await keeper.hold(spec.id, {
      directory,
      stdout: join(spec.sandbox, "stdout"),
      stderr: join(spec.sandbox, "stderr"),
      environment,
      ...wrapped(words, wrap),
    });
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
          if (container.phase === "running") this.#watchProcess(container);
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
      if (this.#keeper?.isThere !== true) this.#watchProcess(container);
      return;
    }
    external.start().then(
      () => this.#waitExternal(container, external),
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
    const container: Container = {
      spec,
      abort: new AbortController(),
      phase: "running",
      destroy: false,
      watched: false,
      unwatch: [],
      ...(process === undefined ? {} : { process }),
    };
    this.#containers.set(spec.id, container);
    this.#watchLimits(container);
    this.#watchProcess(container);
    this.#options.clock.after(0, () => this.#lookAtWatched());
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
      await new Promise<void>((resolve) => this.#options.clock.after(WATCH_MS / 10, resolve));
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

  #watchProcess(container: Container): void {
    container.watched = true;
    this.#watch ??= this.#options.clock.every(WATCH_MS, () => this.#lookAtWatched());
  }

  #lookAtWatched(): void {
    let left = 0;
    const nowMs = this.#options.clock.monotonicMs();
    for (const container of [...this.#containers.values()]) {
      if (!container.watched || container.phase !== "running") continue;
      const { id } = container.spec;
      const exit = this.#exits.read(id);
      const alive = container.process !== undefined && isAlive(container.process);
      if (!alive) container.goneMs ??= nowMs;
      const isLate = nowMs - (container.goneMs ?? nowMs) > RECORD_LATE_MS;
      if (exit !== undefined || isLate) this.#exited(id, exit);
      else left++;
    }
    if (left > 0) return;
    this.#watch?.cancel();
    this.#watch = undefined;
  }

  /** What a container uses, merged from all isolators that measure. */
  async usage(id: string): Promise<Usage | undefined> {
    let usage: Usage | undefined;
    for (const isolator of this.#options.isolators) {
      const part = await isolator.usage?.(id as ContainerSpec["id"]);
      if (part !== undefined) usage = { ...usage, ...part };
    }
    return usage;
  }

  /** Lets everything run on without this agent. What was not released never runs. */
  close(): void {
    this.#watch?.cancel();
    for (const { unwatch } of this.#containers.values()) for (const stop of unwatch) stop();
    this.#keeper?.disconnect();
    this.#containers.clear();
  }
}

function rootOf(container: Container): { id: string; process?: ProcessIdentity } {
  const { process } = container;
  return { id: container.spec.id, ...(process === undefined ? {} : { process }) };
}

function stopWatching(container: Container): void {
  for (const stop of container.unwatch.splice(0)) stop();
}

/** Refuses what would otherwise be ignored in silence. */
function refuseWhatNobodyRuns(spec: ContainerSpec): void {
  const { container, command } = spec;
  if (container?.type === "DOCKER" || container?.mesos?.image !== undefined) {
    throw errors.CONTAINER_LAUNCH_REFUSED("no isolator of this agent runs images");
  }
  if ((command.uris?.length ?? 0) > 0) {
    throw errors.CONTAINER_LAUNCH_REFUSED("this agent does not fetch URIs");
  }
}
