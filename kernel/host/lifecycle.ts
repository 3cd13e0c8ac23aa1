import { errors, reasonOf, type TepuiError } from "../../contract/errors.ts";
import type { Clock } from "../../contract/ports/clock.ts";
import type { Logger } from "../../contract/ports/log.ts";
import type { PluginContext, PluginInstance } from "../../contract/ports/plugin.ts";
import type { AdmittedPlugin } from "./candidate.ts";
import { DeadlinePassed, withinDeadline } from "./deadline.ts";
import { loadModule, portsOf, type ServedPorts } from "./load.ts";

/** How far a plugin has come. */
export type PluginState = "admitted" | "starting" | "running" | "failed" | "stopped";

/** What a plugin's life needs from its host. */
export interface LifeSupport {
  readonly clock: Clock;
  readonly log: Logger;
  /** Made when the plugin is about to be created. */
  readonly context: () => PluginContext;
  /** From loading the code to the end of `start`, in milliseconds. */
  readonly startDeadlineMs: number;
  /** Time for `stop` when a failed start is cleaned up, in milliseconds. */
  readonly unwindDeadlineMs: number;
}

/** One plugin from admission to its end. */
export class PluginLife {
  readonly plugin: AdmittedPlugin;
  readonly #support: LifeSupport;
  #state: PluginState = "admitted";
  #instance: PluginInstance | undefined;
  #ports: ServedPorts | undefined;
  #startMs = 0;

  constructor(plugin: AdmittedPlugin, support: LifeSupport) {
    this.plugin = plugin;
    this.#support = support;
  }

  get state(): PluginState {
    return this.#state;
  }

  /** How long its start took, in milliseconds. */
  get startMs(): number {
    return this.#startMs;
  }

  /**
   * What it serves under a port of its manifest.
   * @throws Error when it has not been created; the start order keeps that from happening to
   * plugins.
   */
  served(port: string): unknown {
    if (this.#ports === undefined) throw new Error(`${this.plugin.name} has not been created`);
    return this.#ports.get(port);
  }

  /**
   * Loads, creates and starts it within one deadline. When that fails it cleans up after itself.
   * @throws PLUGIN_IMPORT_FAILED, PLUGIN_CREATE_FAILED, PLUGIN_PORTS_WRONG, PLUGIN_START_FAILED or
   * PLUGIN_START_TIMEOUT; the reason of `signal` when it aborts.
   */
  async start(signal: AbortSignal): Promise<void> {
    const { clock, log } = this.#support;
    const begunMs = clock.monotonicMs();
    this.#state = "starting";
    try {
      await this.#run(begunMs, signal);
    } catch (thrown) {
      await this.#cleanUp();
      this.#state = "failed";
      throw thrown;
    }
    this.#state = "running";
    this.#startMs = clock.monotonicMs() - begunMs;
    const { name, manifest } = this.plugin;
    log.info({ plugin: name, version: manifest.version, startMs: this.#startMs }, "plugin started");
  }

  async #run(begunMs: number, signal: AbortSignal): Promise<void> {
    const { name } = this.plugin;
    const module = await this.#phase("loading it", begunMs, signal, {
      act: () => loadModule(this.plugin),
      failed: (reason, cause) => errors.PLUGIN_IMPORT_FAILED(name, reason, cause),
    });
    const instance = await this.#phase("create()", begunMs, signal, {
      act: () => module.create(this.#support.context()),
      failed: (reason, cause) => errors.PLUGIN_CREATE_FAILED(name, reason, cause),
      // It came into being after we gave up on it; nobody else can stop it.
      late: (created) => this.#stopQuietly(created),
    });
    this.#instance = instance;
    const ports = portsOf(this.plugin, instance);
    if (typeof ports === "string") throw errors.PLUGIN_PORTS_WRONG(name, ports);
    this.#ports = ports;
    // `start` gets a signal of its own, which aborts at the deadline too.
    const calledOff = new AbortController();
    try {
      await this.#phase("start()", begunMs, signal, {
        act: () => instance.start?.(calledOff.signal),
        failed: (reason, cause) => errors.PLUGIN_START_FAILED(name, reason, cause),
      });
    } catch (thrown) {
      calledOff.abort(thrown);
      throw thrown;
    }
  }

  async #phase<T>(
    words: string,
    begunMs: number,
    signal: AbortSignal,
    phase: {
      readonly act: () => T | Promise<T>;
      readonly failed: (reason: string, cause: unknown) => TepuiError;
      readonly late?: (result: T) => void;
    },
  ): Promise<T> {
    const { clock, startDeadlineMs } = this.#support;
    const leftMs = Math.max(0, startDeadlineMs - (clock.monotonicMs() - begunMs));
    const { late } = phase;
    try {
      const options = late === undefined ? { signal } : { signal, late };
      return await withinDeadline(clock, leftMs, phase.act, options);
    } catch (thrown) {
      if (signal.aborted) throw signal.reason;
      if (thrown instanceof DeadlinePassed) {
        throw errors.PLUGIN_START_TIMEOUT(this.plugin.name, words, startDeadlineMs);
      }
      throw phase.failed(reasonOf(thrown), thrown);
    }
  }

  async #cleanUp(): Promise<void> {
    if (this.#instance === undefined) return;
    const problem = await this.#stopInstance(this.#instance, this.#support.unwindDeadlineMs);
    if (problem !== undefined) this.#support.log.error({ err: problem }, problem.describe());
  }

  #stopQuietly(instance: PluginInstance): void {
    void this.#stopInstance(instance, this.#support.unwindDeadlineMs).then((problem) => {
      if (problem !== undefined) this.#support.log.error({ err: problem }, problem.describe());
    });
  }

  /**
   * Stops it; gives back what went wrong instead of throwing, so that the others are stopped too.
   */
  async stop(deadlineMs: number): Promise<TepuiError | undefined> {
    if (this.#state !== "running" || this.#instance === undefined) return undefined;
    this.#state = "stopped";
    return this.#stopInstance(this.#instance, deadlineMs);
  }

  async #stopInstance(
    instance: PluginInstance,
    deadlineMs: number,
  ): Promise<TepuiError | undefined> {
    const { name } = this.plugin;
    try {
      await withinDeadline(this.#support.clock, deadlineMs, () => instance?.stop?.());
      return undefined;
    } catch (thrown) {
      if (thrown instanceof DeadlinePassed) return errors.PLUGIN_STOP_TIMEOUT(name, deadlineMs);
      return errors.PLUGIN_STOP_FAILED(name, reasonOf(thrown), thrown);
    }
  }
}
