import { join } from "node:path";
import { errors } from "../../../contract/errors.ts";
import { COORDINATOR } from "../../../contract/ports/coordinator.ts";
import {
  DATA_DIR,
  type PluginContext,
  type PluginInstance,
} from "../../../contract/ports/plugin.ts";
import { lockFolder, makeConfigFolder } from "../../../wire/index.ts";
import { EmbeddedCoordinator } from "./coordinator.ts";
import { openStore } from "./store.ts";

/** Config of the plugin, as its manifest describes it. */
export interface EmbeddedConfig {
  /** Default: `registry` in the process's data directory. */
  readonly directory?: string;
  readonly mapMib: number;
}

/**
 * The coordinator that needs nothing installed: one directory, one master.
 * @throws REGISTRY_LOCKED when another live process holds the directory.
 */
export function create(context: PluginContext<EmbeddedConfig>): PluginInstance {
  const { mapMib } = context.config;
  const directory = context.config.directory ?? join(context.use(DATA_DIR), "registry");
  makeConfigFolder("directory", directory, 0o700);
  const unlock = lockFolder(directory, "master.lock", (pid) =>
    errors.REGISTRY_LOCKED(directory, pid),
  );
  const store = openStore(join(directory, "registry"), mapMib, context.log);
  const coordinator = new EmbeddedCoordinator(store);
  return {
    ports: { [COORDINATOR.name]: coordinator },
    async stop() {
      await coordinator.stop();
      await store.close();
      unlock();
    },
  };
}
