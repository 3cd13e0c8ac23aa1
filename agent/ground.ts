import { randomBytes } from "node:crypto";
import { realpathSync } from "node:fs";
import { join, resolve } from "node:path";
import { isLoopback } from "../contract/address.ts";
import type { AgentConfig } from "../contract/config/agent.ts";
import { errors } from "../contract/errors.ts";
import type { Logger } from "../contract/ports/log.ts";
import { TRANSPORT, type Transport } from "../contract/ports/transport.ts";
import type { Host } from "../kernel/host/host.ts";
import { openLog } from "../kernel/host/pino-log.ts";
import { PromMetrics } from "../kernel/host/prom-metrics.ts";
import { LogVerbosity } from "../kernel/host/verbosity.ts";
import { lockFolder } from "../wire/folder-lock.ts";
import { makeConfigFolder } from "../wire/index.ts";
import { systemClock, watchClock } from "../wire/system-clock.ts";
import { bootId } from "./containerizer/proc.ts";
import { Images } from "./images/images.ts";
import { type AgentViewSource, groundOf, viewOf } from "./io/agent-view.ts";
import { CheckpointStore } from "./io/store.ts";
import { ExecutorTokens } from "./io/tokens.ts";
import type { Undo } from "./io/undo.ts";
import { startAgentPlugins } from "./plugins.ts";

/** What an agent stands on, before it is one. */
export interface Ground {
  readonly log: Logger;
  readonly metrics: PromMetrics;
  readonly workDir: string;
  readonly host: Host;
  readonly transport: Transport;
  readonly store: CheckpointStore;
  readonly tokens: ExecutorTokens;
  readonly images: Images;
  /** Lets transports see the agent from here on. */
  show(source: AgentViewSource): void;
  /** Of the tokens of executors. */
  readonly secret: string;
  /** False when the machine was started anew since the last agent here (F3). */
  readonly isSameBoot: boolean;
}

/** How an agent's plugins are started, beside its config. */
export interface GroundOptions {
  /** Folder that plugin paths are relative to: that of the config file. */
  readonly from?: string;
  readonly signal?: AbortSignal;
}

/**
 * Opens the log, the work folder and what is in it, and starts the plugins.
 * @throws TepuiError for a folder or a plugin that is not fit; `undo` has what to close then
 */
export async function prepareGround(
  config: AgentConfig,
  options: GroundOptions,
  undo: Undo,
): Promise<Ground> {
  const log = openLog({ ...config.log, name: "agent" });
  const verbosity = new LogVerbosity(log, config.log.level, systemClock);
  undo.add(() => verbosity.close());
  const clockWatch = watchClock(log);
  undo.add(() => clockWatch.cancel());
  if (!isLoopback(config.listen.host)) {
    log.warn(
      { host: config.listen.host },
      "listening to other machines without authentication: whoever reaches it can read sandboxes",
    );
  }
  makeConfigFolder("workDir", resolve(config.workDir), 0o755);
  const workDir = realpathSync(resolve(config.workDir));
  undo.add(lockFolder(workDir, "agent.lock", (pid) => errors.WORK_DIR_LOCKED(workDir, pid)));
  const metrics = new PromMetrics("tepui_agent");
  let shown: AgentViewSource | undefined;
  const view = viewOf(() => shown, groundOf(config, verbosity, systemClock));
  const host = await startAgentPlugins(config, options, { workDir, view, log, metrics });
  undo.add(() => host.stop());
  const store = new CheckpointStore(workDir, log);
  undo.add(() => store.close());
  const { boot, secret = randomBytes(32).toString("hex") } = store.identity;
  const tokens = new ExecutorTokens(secret);
  const [transport] = host.getAll(TRANSPORT);
  if (transport === undefined) throw errors.PORT_MISSING(TRANSPORT.name);
  const folder = join(workDir, "images");
  const images = new Images({ folder, config: config.images, clock: systemClock, log });
  undo.add(() => images.stop());
  const isSameBoot = boot === undefined || boot === bootId();
  const show = (source: AgentViewSource): void => {
    shown = source;
  };
  return {
    log,
    metrics,
    workDir,
    host,
    transport,
    store,
    tokens,
    images,
    secret,
    show,
    isSameBoot,
  };
}
