import { writeFileSync } from "node:fs";
import { errors } from "../../../contract/errors.ts";
import type { ContainerId } from "../../../contract/ids.ts";
import type { Timer } from "../../../contract/ports/clock.ts";
import type {
  ContainerCheckpoint,
  ContainerSpec,
  Isolator,
  IsolatorStatus,
  LaunchParts,
  Limitation,
  ProcessIdentity,
  Usage,
} from "../../../contract/ports/isolator.ts";
import type { PluginContext } from "../../../contract/ports/plugin.ts";
import type { CgroupsConfig } from "./config.ts";
import { ContainerGroups, containersIn, isContainerName } from "./container-groups.ts";
import { type Demand, demandOf } from "./demand.ts";
import { killAll, until } from "./kill.ts";
import type { OpenHost } from "./probe.ts";
import { burstableScore, startTicksOf } from "./processes.ts";

interface Watch {
  readonly id: ContainerId;
  readonly onLimit: (limitation: Limitation) => void;
  isTold: boolean;
}

/**
 * Holds each container in cgroups of its own, below one root. All that must last is in the kernel:
 * a restarted agent finds it there.
 */
export class CgroupsIsolator implements Isolator {
  readonly #host: OpenHost;
  readonly #context: Pick<PluginContext<CgroupsConfig>, "config" | "log" | "metrics" | "clock">;
  readonly #demands = new Map<string, Demand>();
  readonly #watches = new Set<Watch>();
  readonly #limitsHit;
  #poll: Timer | undefined;

  constructor(
    host: OpenHost,
    context: Pick<PluginContext<CgroupsConfig>, "config" | "log" | "metrics" | "clock">,
  ) {
    this.#host = host;
    this.#context = context;
    this.#limitsHit = context.metrics.counter({
      name: "cgroups_memory_limit_hits_total",
      help: "Containers in which the kernel killed for lack of memory.",
    });
  }

  /** Makes the container's cgroups and sets their limits. */
  async prepare(spec: ContainerSpec, signal: AbortSignal): Promise<LaunchParts> {
    signal.throwIfAborted();
    if (isOfEngine(spec)) return {};
    const demand = demandOf(spec);
    this.#groups(spec.id).create(demand, this.#context.config);
    this.#demands.set(spec.id, demand);
    this.#balance();
    return {};
  }

  /** A further process of a container is held to the same limits. */
  async join(spec: ContainerSpec, process: ProcessIdentity): Promise<void> {
    await this.isolate(spec, process);
  }

  /** @throws CGROUP_ATTACH_FAILED, also when the pid is another process's by now. */
  async isolate(spec: ContainerSpec, process: ProcessIdentity): Promise<void> {
    if (startTicksOf(process.pid) !== process.startTicks) {
      throw errors.CGROUP_ATTACH_FAILED(spec.id, `process ${process.pid} is gone`);
    }
    await this.#groups(spec.id).attach(process.pid);
    const score = burstableScore(demandOf(spec));
    if (score !== undefined) writeFileSync(`/proc/${process.pid}/oom_score_adj`, `${score}`);
  }

  /** Kills what is left, and removes the cgroups. */
  async cleanup(id: ContainerId): Promise<void> {
    // A name that cannot be one of ours leaves nothing to clean up.
    if (!isContainerName(id)) return;
    const groups = this.#groups(id);
    const { clock, config } = this.#context;
    for (const watch of this.#watches) if (watch.id === id) this.#stop(watch);
    if (this.#demands.delete(id)) this.#balance();
    let left = groups.remove();
    if (left !== undefined) await killAll(groups, clock, config.destroyTimeout);
    // The kernel lets go of the last process of a cgroup a moment after it has died.
    await until(clock, config.destroyTimeout, () => {
      if (left !== undefined) left = groups.remove();
      return left === undefined;
    });
    if (left === undefined) return;
    const pids = groups.pids();
    const reason = pids.length === 0 ? left.reason : `processes ${pids.join(", ")} live on`;
    throw errors.CGROUP_CLEANUP_FAILED(left.path, reason);
  }

  /** Takes up known containers, and names those below its root that nobody knows. */
  async recover(known: readonly ContainerCheckpoint[]): Promise<readonly ContainerId[]> {
    const found = containersIn(this.#host.hierarchies);
    const ids = new Set<string>();
    for (const { spec } of known) {
      if (isOfEngine(spec)) continue;
      ids.add(spec.id);
      this.#demands.set(spec.id, demandOf(spec));
      if (!found.includes(spec.id)) {
        this.#context.log.warn({ container: spec.id }, "a recovered container has no cgroups");
      }
    }
    if (known.length > 0) this.#balance();
    return found.filter((id) => !ids.has(id)) as ContainerId[];
  }

  /** Looks at every watched container in turns, and once more when its watch ends. */
  watch(id: ContainerId, onLimit: (limitation: Limitation) => void): () => void {
    const watch: Watch = { id, onLimit, isTold: false };
    this.#watches.add(watch);
    const { clock, config } = this.#context;
    this.#poll ??= clock.every(config.limitPollInterval, () => {
      for (const each of this.#watches) this.#look(each);
    });
    return () => this.#stop(watch);
  }

  /** New requests and limits; a memory limit is raised and never lowered (F52). */
  async update(spec: ContainerSpec): Promise<void> {
    if (isOfEngine(spec)) return;
    const groups = this.#groups(spec.id);
    if (groups.existing().length === 0) throw errors.CGROUP_UNKNOWN(spec.id);
    const demand = demandOf(spec);
    groups.update(demand, this.#context.config);
    this.#demands.set(spec.id, demand);
    this.#balance();
  }

  /** Of a container that has no cgroups any more nothing is known. */
  async usage(id: ContainerId): Promise<Usage> {
    const groups = this.#groups(id);
    const existing = groups.existing();
    if (existing.length === 0) return { timeMs: this.#context.clock.nowMs() };
    const parts = existing.flatMap(({ dir, controllers }) =>
      controllers.map((controller) => controller.usage?.(dir) ?? {}),
    );
    const processes = groups.pids().length;
    return Object.assign({ timeMs: this.#context.clock.nowMs(), processes }, ...parts);
  }

  /** Kills every process of the container at once (F76). */
  async kill(id: ContainerId): Promise<boolean> {
    if (!isContainerName(id)) return false;
    const groups = this.#groups(id);
    if (groups.existing().length === 0) return false;
    if (!groups.hasProcesses()) return true;
    const { clock, config } = this.#context;
    return await killAll(groups, clock, config.destroyTimeout);
  }

  status(): IsolatorStatus {
    const { mode, hierarchies, degraded } = this.#host;
    const names = (version: number) => {
      const forms = hierarchies.filter((each) => each.version === version);
      const all = forms.flatMap(({ controllers }) => controllers.map(({ name }) => name));
      return all.length === 0 ? [] : [`v${version} for ${[...new Set(all)].join(", ")}`];
    };
    const parts = [...names(1), ...names(2)].join("; ");
    return { summary: `cgroups (${mode}) below ${this.#context.config.root}: ${parts}`, degraded };
  }

  /** Stops looking; containers live on. */
  stop(): void {
    this.#poll?.cancel();
    this.#watches.clear();
  }

  #groups(id: string): ContainerGroups {
    return new ContainerGroups(id, this.#host.hierarchies);
  }

  #balance(): void {
    for (const { root, controllers } of this.#host.hierarchies) {
      for (const controller of controllers) controller.balance?.(root, this.#demands.values());
    }
  }

  #stop(watch: Watch): void {
    if (!this.#watches.delete(watch)) return;
    this.#look(watch);
    if (this.#watches.size > 0) return;
    this.#poll?.cancel();
    this.#poll = undefined;
  }

  #look(watch: Watch): void {
    if (watch.isTold || !isContainerName(watch.id)) return;
    for (const { dir, controllers } of this.#groups(watch.id).all) {
      for (const controller of controllers) {
        const limitation = controller.limitHit?.(dir, this.#demands.get(watch.id));
        if (limitation === undefined || watch.isTold) continue;
        watch.isTold = true;
        this.#limitsHit.add();
        watch.onLimit(limitation);
      }
    }
  }
}

/** True for containers that a Docker engine runs, in cgroups of its own. */
function isOfEngine(spec: ContainerSpec): boolean {
  return spec.container?.type === "DOCKER";
}
