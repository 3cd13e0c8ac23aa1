import { errors, TepuiError } from "../../contract/errors.ts";
import type { Clock } from "../../contract/ports/clock.ts";
import { type Logger, silentLog } from "../../contract/ports/log.ts";
import { type Metrics, silentMetrics } from "../../contract/ports/metrics.ts";
import type { PluginKind, Port } from "../../contract/ports/plugin.ts";
import { systemClock } from "../../wire/system-clock.ts";
import { admitAnother, admitPlugins, inStartOrder } from "./admission.ts";
import type { AdmissionOptions, AdmittedPlugin, PluginEntry } from "./candidate.ts";
import { HostContainer } from "./container.ts";
import { PluginLife, type PluginState } from "./lifecycle.ts";

/** How long plugins may take, where their config entry does not say. */
export const PLUGIN_START_DEADLINE_MS = 30_000;
/** How long a whole stop may take where the caller does not say. */
export const HOST_STOP_DEADLINE_MS = 30_000;
/** How long the plugin that failed to start may take to clean up. */
const UNWIND_DEADLINE_MS = 5_000;

/** What a host is started with. */
export interface HostOptions extends Omit<AdmissionOptions, "provided"> {
  /** Ports that the process itself offers to plugins, by name. */
  readonly provided?: Readonly<Record<string, unknown>>;
  readonly log?: Logger;
  readonly metrics?: Metrics;
  readonly clock?: Clock;
  /** Default deadline of a plugin's start, in milliseconds. */
  readonly startDeadlineMs?: number;
  /** Calls the start off: what has started is stopped again. */
  readonly signal?: AbortSignal;
}

/** What is known of a plugin of a running host. */
export interface PluginStatus {
  readonly name: string;
  readonly kind: PluginKind;
  readonly version: string;
  readonly folder: string;
  /** sha256 of its entry. */
  readonly digest: string;
  readonly state: PluginState;
  /** How long its start took, in milliseconds. */
  readonly startMs: number;
}

/**
 * A plugin that joined a host at work. Its ports are its own: nobody finds them through the host.
 */
export interface AddedPlugin extends PluginStatus {
  /** What it serves under a port of its manifest. */
  served<T>(port: Port<T>): T;
}

/** Plugins at work. */
export interface Host {
  /**
   * What is behind a port.
   * @throws PORT_MISSING, PORT_AMBIGUOUS
   */
  get<T>(port: Port<T>): T;
  /** All that is behind a port, in the order of the config file; none is an empty list. */
  getAll<T>(port: Port<T>): readonly T[];
  /** Every plugin, in the order of starts. */
  status(): readonly PluginStatus[];
  /**
   * Admits and starts one more plugin, through every check that those of the start went through;
   * `kinds` are those that are wanted. When it is refused, nothing has changed.
   * @throws the refusals of `admitPlugins` and of `PluginLife.start`; PLUGIN_HOST_STOPPING once
   * the host stops
   */
  add(entry: PluginEntry, kinds: readonly PluginKind[]): Promise<AddedPlugin>;
  /** Stops a plugin that was added; false when there is none of that name. */
  remove(name: string): Promise<boolean>;
  /**
   * Stops the plugins in the reverse of their start, all within the deadline: one that hangs is
   * left behind after its share of the time. Gives back what went wrong; a second call gives the
   * same answer.
   */
  stop(deadlineMs?: number): Promise<readonly TepuiError[]>;
}

/**
 * Admits and starts plugins. Nothing of any plugin runs before all are admitted; each starts after
 * what it requires. When one fails, those that had started are stopped again, the last first, and
 * the error names the one at fault.
 * @throws the refusals of `admitPlugins` and of `PluginLife.start`
 */
export async function startHost(
  entries: readonly PluginEntry[],
  options: HostOptions,
): Promise<Host> {
  const provided = options.provided ?? {};
  const admitted = admitPlugins(entries, { ...options, provided: Object.keys(provided) });
  const host = new RunningHost(admitted, options, provided);
  await host.start(options.signal ?? new AbortController().signal);
  return host;
}

class RunningHost implements Host {
  readonly #container: HostContainer;
  readonly #clock: Clock;
  readonly #log: Logger;
  /** In the order of starts. */
  #lives: readonly PluginLife[];
  readonly #added = new Set<PluginLife>();
  /** Those of them that are being started, with what calls that off. */
  readonly #adding = new Map<PluginLife, { off: AbortController; over: Promise<void> }>();
  readonly #options: HostOptions;
  readonly #provided: readonly string[];
  #stopping: Promise<readonly TepuiError[]> | undefined;

  constructor(
    admitted: readonly AdmittedPlugin[],
    options: HostOptions,
    provided: Readonly<Record<string, unknown>>,
  ) {
    this.#options = options;
    this.#provided = Object.keys(provided);
    this.#clock = options.clock ?? systemClock;
    this.#log = options.log ?? silentLog;
    const metrics = options.metrics ?? silentMetrics;
    const surroundings = { log: this.#log, metrics, clock: this.#clock };
    this.#container = new HostContainer(surroundings, provided);
    const lives = new Map(admitted.map((plugin) => [plugin, this.#lifeOf(plugin, options)]));
    // Ports are registered in the order of the config file, which is the order of `getAll`.
    for (const [{ name, manifest }, life] of lives) {
      for (const port of manifest.offers) {
        this.#container.offer(port, () => life.served(port), name);
      }
    }
    this.#lives = inStartOrder(admitted).map((plugin) => lives.get(plugin) as PluginLife);
  }

  #lifeOf(plugin: AdmittedPlugin, options: HostOptions): PluginLife {
    return new PluginLife(plugin, {
      clock: this.#clock,
      log: this.#log,
      context: () => this.#container.contextFor(plugin),
      startDeadlineMs:
        plugin.entry.startTimeout ?? options.startDeadlineMs ?? PLUGIN_START_DEADLINE_MS,
      unwindDeadlineMs: UNWIND_DEADLINE_MS,
    });
  }

  async start(signal: AbortSignal): Promise<void> {
    for (const life of this.#lives) {
      try {
        signal.throwIfAborted();
        await life.start(signal);
      } catch (thrown) {
        if (thrown instanceof TepuiError) this.#log.error({ err: thrown }, thrown.describe());
        await this.stop();
        throw thrown;
      }
    }
  }

  get<T>(port: Port<T>): T {
    return this.#container.use(port);
  }

  getAll<T>(port: Port<T>): readonly T[] {
    return this.#container.useAll(port);
  }

  status(): readonly PluginStatus[] {
    return this.#lives.map(statusOf);
  }

  async add(entry: PluginEntry, kinds: readonly PluginKind[]): Promise<AddedPlugin> {
    if (this.#stopping !== undefined) throw errors.PLUGIN_HOST_STOPPING(entry.as ?? entry.plugin);
    const running = this.#lives.map(({ plugin }) => plugin);
    const options = { ...this.#options, provided: this.#provided, kinds };
    const life = this.#lifeOf(admitAnother(entry, running, options), this.#options);
    // Its name is taken from now on, also for those that are added while it starts.
    this.#lives = [...this.#lives, life];
    this.#added.add(life);
    const off = new AbortController();
    const over = life.start(off.signal);
    this.#adding.set(life, { off, over });
    try {
      await over;
      // It may have come to run while the others were stopped, and was stopped with them.
      if (this.#stopping !== undefined) throw errors.PLUGIN_HOST_STOPPING(life.plugin.name);
    } catch (thrown) {
      this.#forget(life);
      throw thrown;
    } finally {
      this.#adding.delete(life);
    }
    return { ...statusOf(life), served: <T>(port: Port<T>) => life.served(port.name) as T };
  }

  async remove(name: string): Promise<boolean> {
    const life = [...this.#added].find(({ plugin }) => plugin.name === name);
    if (life === undefined) return false;
    const problem = await life.stop(UNWIND_DEADLINE_MS);
    if (problem !== undefined) this.#log.error({ err: problem }, problem.describe());
    this.#forget(life);
    return true;
  }

  #forget(life: PluginLife): void {
    this.#added.delete(life);
    this.#lives = this.#lives.filter((other) => other !== life);
  }

  stop(deadlineMs: number = HOST_STOP_DEADLINE_MS): Promise<readonly TepuiError[]> {
    this.#stopping ??= this.#stopAll(deadlineMs);
    return this.#stopping;
  }

  async #stopAll(deadlineMs: number): Promise<readonly TepuiError[]> {
    const endMs = this.#clock.monotonicMs() + deadlineMs;
    for (const [{ plugin }, { off }] of this.#adding) {
      off.abort(errors.PLUGIN_HOST_STOPPING(plugin.name));
    }
    // They clean up after themselves, with a deadline of their own.
    await Promise.allSettled([...this.#adding.values()].map(({ over }) => over));
    const running = this.#lives.filter(({ state }) => state === "running").reverse();
    const problems: TepuiError[] = [];
    for (const [at, life] of running.entries()) {
      // Whoever hangs uses up its own share only; what is left is shared anew.
      const leftMs = Math.max(0, endMs - this.#clock.monotonicMs());
      const problem = await life.stop(Math.floor(leftMs / (running.length - at)));
      if (problem === undefined) continue;
      this.#log.error({ err: problem }, problem.describe());
      problems.push(problem);
    }
    this.#container.clear();
    return problems;
  }
}

function statusOf({ plugin, state, startMs }: PluginLife): PluginStatus {
  const { name, folder, digest, manifest } = plugin;
  const { kind, version } = manifest;
  return { name, kind, version, folder, digest, state, startMs };
}
