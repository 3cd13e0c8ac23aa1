import { readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { errors, reasonOf } from "../../../contract/errors.ts";
import type { ContainerId } from "../../../contract/ids.ts";
import type {
  ContainerCheckpoint,
  ContainerSpec,
  ExternalContainer,
  Isolator,
  LaunchParts,
  Limitation,
  Usage,
} from "../../../contract/ports/isolator.ts";
import type { PluginContext } from "../../../contract/ports/plugin.ts";
import { VolumeUsers } from "../../../contract/volume-users.ts";
import { makeFolder } from "../../../wire/index.ts";
import { limitsOf, outOfMemory } from "./amounts.ts";
import type { DockerConfig } from "./config.ts";
import { EngineContainer } from "./container.ts";
import { dockerInfoOf, isOurs } from "./container-info.ts";
import { createBody, labels, nameOf } from "./create-body.ts";
import { Engine } from "./engine.ts";
import { EngineClient, isRefused, isUnreachable } from "./engine-client.ts";
import type { Listed } from "./engine-types.ts";
import { Images } from "./images.ts";
import { LogCopier } from "./log-copier.ts";
import { PositionFile } from "./log-position.ts";
import { OomWatch } from "./oom-watch.ts";
import { giveTo, ownerOf } from "./owner.ts";
import { Removals } from "./removals.ts";
import { usageOf } from "./usage.ts";
import { SANDBOX_IN_CONTAINER } from "./volumes.ts";

/** How long a restarted agent waits for the engine before it goes on without what is there. */
const RECOVER_MS = 2_000;

type Context = Pick<PluginContext<DockerConfig>, "config" | "log" | "metrics" | "clock">;

/**
 * Runs containers of type DOCKER in a Docker engine; all others pass. What must last is in the
 * engine, found by labels, and how far output has been copied in a folder of this plugin's own.
 */
export class DockerIsolator implements Isolator {
  readonly #context: Context;
  readonly #scope: string;
  readonly #folder: string;
  readonly #engine: Engine;
  readonly #images: Images;
  readonly #ooms: OomWatch;
  readonly #containers = new Map<ContainerId, EngineContainer>();
  /** Found in the engine, and known to nobody. */
  readonly #orphans = new Set<ContainerId>();
  readonly #watches = new Map<ContainerId, (limitation: Limitation) => void>();
  readonly #told = new Set<ContainerId>();
  readonly #removals: Removals;
  readonly #volumeUsers = new VolumeUsers();
  readonly #limitsHit;

  constructor(context: Context, scope: string, folder: string) {
    const { config, clock, log, metrics } = context;
    this.#context = context;
    this.#scope = scope;
    this.#folder = folder;
    makeFolder(folder, 0o700);
    this.#engine = new Engine(new EngineClient(config.socket, config.callTimeout), clock, log);
    this.#removals = new Removals(this.#engine, log);
    this.#images = new Images(this.#engine.client, clock);
    this.#ooms = new OomWatch(
      this.#engine,
      scope,
      () => clock.nowMs(),
      (id) => this.#tell(id),
    );
    this.#limitsHit = metrics.counter({
      name: "docker_memory_limit_hits_total",
      help: "Containers in which the kernel killed for lack of memory.",
    });
  }

  /** Gets the image and makes the container; nothing of it runs yet. */
  async prepare(spec: ContainerSpec, signal: AbortSignal): Promise<LaunchParts> {
    if (!isOurs(spec)) {
      this.#volumeUsers.take(spec);
      return {};
    }
    signal.throwIfAborted();
    const { config, log } = this.#context;
    // Everything that can be refused is refused before the engine does anything.
    const body = createBody(spec, config, this.#scope);
    const { image, forcePullImage = false } = dockerInfoOf(spec);
    const container = this.#take(spec);
    const pull = {
      sandbox: spec.sandbox,
      credentials: config.credentials,
      timeoutMs: config.pullTimeout,
      signal,
    };
    const patience = { forMs: config.engineTimeout, signal };
    const ensure = () => this.#images.ensure(image, forcePullImage, pull);
    const imageFolder = await this.#engine.patiently(ensure, patience);
    // An image without a working directory leaves the command in its sandbox (F57).
    if (imageFolder === "") body.WorkingDir ??= SANDBOX_IN_CONTAINER;
    await container.copier.open();
    await this.#engine.patiently(async () => {
      try {
        const { Id } = await this.#engine.create(container.name, body);
        log.debug({ container: spec.id, engineId: Id, image }, "made a container");
      } catch (thrown) {
        // The answer to an earlier try was lost with the engine.
        if (isRefused(thrown, 409) && (await this.#isMine(container.name))) return;
        throw isRefused(thrown, 404)
          ? errors.DOCKER_IMAGE_MISSING(image, reasonOf(thrown))
          : thrown;
      }
    }, patience);
    const owner = await this.#engine.patiently(
      () => ownerOf(this.#engine, container.name),
      patience,
    );
    const own = this.#volumeUsers.take(spec);
    if (owner !== undefined) giveTo(spec.sandbox, own, owner);
    signal.throwIfAborted();
    return { external: container };
  }

  async isolate(): Promise<void> {
    // The engine isolates.
  }

  /** The container that it runs, for an agent that comes back to it. */
  external(id: ContainerId): ExternalContainer | undefined {
    return this.#containers.get(id);
  }

  /** Ends and removes it, or keeps it for `removeDelay`; an absent engine is not waited for. */
  async cleanup(id: ContainerId): Promise<void> {
    const container = this.#containers.get(id);
    const isOrphan = this.#orphans.delete(id);
    this.#volumeUsers.leave(id);
    if (container === undefined && !isOrphan) return;
    this.#containers.delete(id);
    this.#watches.delete(id);
    this.#told.delete(id);
    await container?.close();
    rmSync(this.#positionPath(id), { force: true });
    const { stopTimeout, removeDelay } = this.#context.config;
    const name = nameOf(id);
    await this.#removals.now(name, async () => {
      if (isOrphan) await this.#engine.stop(name, stopTimeout);
      if (removeDelay === 0) await this.#engine.remove(name);
      else await this.#engine.kill(name, "SIGKILL");
    });
    if (removeDelay > 0) this.#removals.after(name, removeDelay);
  }

  /** Takes up known containers, and names those of its scope in the engine that nobody knows. */
  async recover(known: readonly ContainerCheckpoint[]): Promise<readonly ContainerId[]> {
    const ids = new Set<string>();
    for (const { spec } of known) {
      this.#volumeUsers.take(spec);
      if (!isOurs(spec)) continue;
      ids.add(spec.id);
      this.#take(spec);
    }
    for (const file of readdirSync(this.#folder)) {
      if (!ids.has(file)) rmSync(join(this.#folder, file), { force: true });
    }
    try {
      return await this.#engine.patiently(() => this.#findOrphans(ids), { forMs: RECOVER_MS });
    } catch (thrown) {
      if (!isUnreachable(thrown)) throw thrown;
      this.#removals.later("containers that nobody knows", async () => {
        for (const orphan of await this.#findOrphans(ids)) await this.cleanup(orphan);
      });
      return [];
    }
  }

  /** Tells when the kernel killed for lack of memory. */
  watch(id: ContainerId, onLimit: (limitation: Limitation) => void): () => void {
    if (!this.#containers.has(id)) return () => {};
    this.#watches.set(id, onLimit);
    this.#ooms.start();
    return () => {
      if (this.#watches.get(id) === onLimit) this.#watches.delete(id);
    };
  }

  /** New limits for what runs; a memory limit is raised and never lowered (F52). */
  async update(spec: ContainerSpec): Promise<void> {
    if (!isOurs(spec)) return;
    const before = await this.#engine.inspect(nameOf(spec.id));
    if (before === undefined) throw errors.DOCKER_CONTAINER_UNKNOWN(spec.id);
    const { CpuShares, CpuPeriod, CpuQuota, Memory = 0 } = limitsOf(spec, this.#context.config);
    const isRaise = Memory > (before.HostConfig.Memory ?? 0);
    await this.#engine.update(nameOf(spec.id), {
      ...(CpuShares === undefined ? {} : { CpuShares }),
      ...(CpuQuota === undefined || CpuPeriod === undefined ? {} : { CpuPeriod, CpuQuota }),
      ...(isRaise ? { Memory, MemorySwap: Memory } : {}),
    });
    this.#take(spec);
  }

  /** Figures of the engine; the time alone for containers of others. */
  async usage(id: ContainerId): Promise<Usage> {
    const timeMs = this.#context.clock.nowMs();
    const container = this.#containers.get(id);
    if (container === undefined) return { timeMs };
    const inspected = await this.#engine.inspect(container.name);
    if (inspected === undefined) throw errors.DOCKER_CONTAINER_UNKNOWN(id);
    const stats = await this.#engine.stats(container.name);
    return usageOf(stats, inspected.HostConfig, timeMs);
  }

  /** Kills everything in the container by ending its first process. */
  async kill(id: ContainerId): Promise<boolean> {
    const container = this.#containers.get(id);
    if (container === undefined) return false;
    await container.signal("SIGKILL");
    return true;
  }

  /** Lets go of everything; containers run on. */
  async stop(): Promise<void> {
    await this.#removals.close();
    await this.#ooms.close();
    for (const container of this.#containers.values()) await container.close();
    this.#engine.client.close();
  }

  #positionPath(id: string): string {
    return join(this.#folder, id);
  }

  /** The container of a spec, with the one that is there already if only its amounts are new. */
  #take(spec: ContainerSpec): EngineContainer {
    const { log, config } = this.#context;
    const before = this.#containers.get(spec.id);
    if (before !== undefined) {
      before.spec = spec;
      return before;
    }
    const name = nameOf(spec.id);
    const { sandbox, rotation } = spec;
    const file = new PositionFile(this.#positionPath(spec.id));
    const container = new EngineContainer({
      engine: this.#engine,
      name,
      spec,
      copier: new LogCopier(this.#engine, name, { sandbox, rotation, file, log }),
      log,
      engineTimeoutMs: config.engineTimeout,
      onOutOfMemory: () => this.#tell(spec.id),
    });
    this.#containers.set(spec.id, container);
    return container;
  }

  async #isMine(name: string): Promise<boolean> {
    const found = await this.#engine.inspect(name);
    return found?.Config.Labels?.[labels.scope] === this.#scope;
  }

  async #findOrphans(known: ReadonlySet<string>): Promise<ContainerId[]> {
    const orphans: ContainerId[] = [];
    const { config, log, clock } = this.#context;
    for (const found of await this.#engine.list(`${labels.scope}=${this.#scope}`)) {
      const id = found.Labels[labels.container] as ContainerId | undefined;
      if (id === undefined || known.has(id) || this.#containers.has(id)) continue;
      const leftMs = await this.#keptForMs(found, clock.nowMs());
      if (leftMs > 0) this.#removals.after(nameOf(id), leftMs);
      else if (config.killOrphans) {
        this.#orphans.add(id);
        orphans.push(id);
      } else log.warn({ container: id, state: found.State }, "nobody knows it; it is left alone");
    }
    return orphans;
  }

  /** How long an ended container is still to be kept for people to look at. */
  async #keptForMs({ Id, State }: Listed, nowMs: number): Promise<number> {
    const { removeDelay } = this.#context.config;
    if (removeDelay === 0 || State !== "exited") return 0;
    const finishedAt = (await this.#engine.inspect(Id))?.State.FinishedAt;
    return finishedAt === undefined ? 0 : Date.parse(finishedAt) + removeDelay - nowMs;
  }

  #tell(id: ContainerId): void {
    const container = this.#containers.get(id);
    const onLimit = this.#watches.get(id);
    if (container === undefined || onLimit === undefined || this.#told.has(id)) return;
    this.#told.add(id);
    this.#limitsHit.add();
    onLimit(outOfMemory(container.spec));
  }
}
