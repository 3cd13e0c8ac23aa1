import { access, constants } from "node:fs/promises";
// Types only: what a plugin needs at run time it is given by its context, so that nothing has to be
// installed beside it.
import type {
  ContainerCheckpoint,
  ContainerId,
  ContainerSpec,
  errors,
  Isolator,
  LaunchParts,
  PluginContext,
  PluginInstance,
  ProcessIdentity,
} from "tepui/plugin";

/** The config of the plugin, as plugin.json describes it. */
export interface Config {
  readonly niceness: number;
}

const NICE = "/usr/bin/nice";

/** What the agent calls once, after it has checked the config. */
export function create(context: PluginContext<Config>): PluginInstance {
  const codes = context.use<typeof errors>({ name: "errors" });
  const isolator = new NiceIsolator(context.config, codes);
  return {
    ports: { isolator },
    async start() {
      // Said at the start, not with the first task.
      await access(NICE, constants.X_OK);
      context.log.info({ niceness: context.config.niceness }, "tasks will be nice");
    },
  };
}

/**
 * Runs every task by way of nice(1). It keeps nothing and leaves nothing behind, so that there is
 * nothing to clean up or to recover; an isolator that makes something of its own for a container
 * takes it away in `cleanup`, also for ids that it never saw, and names it in `recover`.
 */
class NiceIsolator implements Isolator {
  readonly #config: Config;
  readonly #errors: typeof errors;

  constructor(config: Config, codes: typeof errors) {
    this.#config = config;
    this.#errors = codes;
  }

  /** Before the process exists. What it throws is the reason why the task failed to start. */
  async prepare(spec: ContainerSpec, signal: AbortSignal): Promise<LaunchParts> {
    signal.throwIfAborted();
    if (spec.container?.type === "DOCKER") {
      throw this.#errors.CONTAINER_LAUNCH_REFUSED("an engine starts its containers by itself");
    }
    return { wrap: [NICE, "-n", String(this.#config.niceness)] };
  }

  /** While the process is held, before it runs anything. */
  async isolate(_spec: ContainerSpec, _process: ProcessIdentity): Promise<void> {}

  async cleanup(_id: ContainerId): Promise<void> {}

  /** After a restart of the agent: ids that were found and are not among the known ones. */
  async recover(_known: readonly ContainerCheckpoint[]): Promise<readonly ContainerId[]> {
    return [];
  }
}
