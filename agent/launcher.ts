import type { AgentConfig } from "../contract/config/agent.ts";
import { errors, reasonOf } from "../contract/errors.ts";
import type { ContainerSpec, Isolator } from "../contract/ports/isolator.ts";
import type { Logger } from "../contract/ports/log.ts";
import type { ContainerInfo } from "../contract/schema/container.ts";
import type { Resource } from "../contract/schema/resource.ts";
import { makeFolder } from "../wire/index.ts";
import type { ContainerPlan, VolumeChange } from "./core/state.ts";
import { withoutEngine } from "./images/run-config.ts";
import { environmentOf, type Surroundings } from "./io/environment.ts";
import type { Sandboxes } from "./io/sandbox.ts";
import type { Volumes } from "./io/volumes.ts";

/** What containers are made ready with. */
export interface LauncherParts {
  readonly config: AgentConfig;
  readonly isolators: readonly Isolator[];
  readonly sandboxes: Sandboxes;
  readonly volumes: Volumes;
  readonly surroundings: Surroundings;
  readonly log: Logger;
  /** The folder of a volume has been made, or removed. */
  onVolume(change: VolumeChange["change"], volume: Resource): void;
}

/** Turns what the core plans into what the containerizer runs: sandboxes, environments, volumes. */
export class Launcher {
  readonly #parts: LauncherParts;

  constructor(parts: LauncherParts) {
    this.#parts = parts;
  }

  /**
   * The spec of a container, the same before and after a restart.
   * @throws CONTAINER_LAUNCH_REFUSED for a secret that nobody resolves
   */
  specOf(plan: ContainerPlan): ContainerSpec {
    const { config, surroundings, sandboxes } = this.#parts;
    const { role: _, checkpoint: __, shutdownGraceMs: ___, ...more } = plan;
    const { user, container, parent, ...rest } = more;
    const volumes = this.#parts.volumes.among(plan.resources);
    const sandbox = sandboxes.pathOf(plan);
    const { size, files } = config.outputs;
    return {
      ...rest,
      sandbox,
      environment: environmentOf(plan, sandbox, surroundings),
      ...(container === undefined ? {} : { container: this.#containerOf(container) }),
      ...(volumes.length === 0 ? {} : { volumes }),
      ...(size === 0 ? {} : { rotation: { bytes: size, files } }),
      ...(parent === undefined ? {} : { parent: this.#parentOf(plan, parent) }),
      ...(user === undefined || !config.switchUser ? {} : { user }),
    };
  }

  #parentOf(
    plan: ContainerPlan,
    { id, user }: NonNullable<ContainerPlan["parent"]>,
  ): NonNullable<ContainerSpec["parent"]> {
    const { config, sandboxes } = this.#parts;
    const sandbox = sandboxes.pathOf({ ...plan, id });
    return { sandbox, ...(user === undefined || !config.switchUser ? {} : { user }) };
  }

  /** Where there is no engine, and images are unpacked, a DOCKER container is one of our own. */
  #containerOf(container: ContainerInfo): ContainerInfo {
    const { isolators, config } = this.#parts;
    const hasEngine = isolators.some(({ external }) => external !== undefined);
    if (container.type !== "DOCKER" || hasEngine || config.images.dir === undefined) {
      return container;
    }
    return withoutEngine(container) ?? container;
  }

  /**
   * Makes the sandbox of a container and shows its volumes there.
   * @throws VOLUME_FAILED, CONTAINER_LAUNCH_REFUSED, and what the file system says
   */
  ready(plan: ContainerPlan): ContainerSpec {
    const sandbox = this.#parts.sandboxes.make(plan);
    const spec = this.specOf(plan);
    const { container, parent } = spec;
    if (parent !== undefined) makeFolder(parent.sandbox, 0o755);
    const seesHost = container?.type !== "DOCKER" && container?.mesos?.image === undefined;
    const { volumes, onVolume } = this.#parts;
    for (const made of volumes.finish(spec.volumes ?? [])) onVolume("make-volume", made);
    if (seesHost && spec.volumes !== undefined) volumes.link(spec.volumes, sandbox);
    return spec;
  }

  /**
   * A volume that cannot be made now is made for the first task that mounts it, or fails that. What
   * cannot be done is tried again by the next agent in the folder.
   */
  changeVolume(change: VolumeChange["change"], volume: Resource): void {
    const { volumes, log, onVolume } = this.#parts;
    try {
      if (change === "remove-volume") volumes.remove(volume);
      else if (volumes.make(volume)) {
        const path = volumes.pathOf(volume);
        log.warn({ path }, "data of an earlier volume lay where a new one is made: it is removed");
      }
      onVolume(change, volume);
    } catch (cause) {
      const { code, message } = errors.VOLUME_FAILED(
        volume.disk?.persistence?.id ?? "",
        reasonOf(cause),
      );
      log.error({ code, path: volumes.pathOf(volume) }, message);
    }
  }
}
