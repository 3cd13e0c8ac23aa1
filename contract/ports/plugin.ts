import type { errors } from "../errors.ts";
import type { PluginManifest } from "../plugin-manifest.ts";
import type { Clock } from "./clock.ts";
import type { Logger } from "./log.ts";
import type { Metrics } from "./metrics.ts";

export type { PluginManifest, PolicyParameter } from "../plugin-manifest.ts";
export { type PluginKind, pluginKinds } from "./plugin-kind.ts";

/**
 * Name of a port together with the TypeScript type of what is behind it. Two tokens of one name are
 * the same port: plugins agree on names, never on objects, because they do not import each other.
 */
export interface Port<T> {
  readonly name: string;
  /** Carries the type only; never set. */
  readonly type?: T;
}

/** Makes the token of a port: `export const TRANSPORT = port<Transport>("transport")`. */
export function port<T>(name: string): Port<T> {
  return { name };
}

/**
 * All that a plugin is given. It never sees the kernel or another plugin, only ports that its
 * manifest names. `config` has been validated by the plugin's own schema, with defaults filled in.
 */
export interface PluginContext<Config = unknown> {
  /** The name under which it runs: that of its manifest, or the `as` of its config entry. */
  readonly name: string;
  readonly config: Config;
  readonly log: Logger;
  readonly metrics: Metrics;
  readonly clock: Clock;
  /**
   * What is behind a port that the manifest requires.
   * @throws PORT_NOT_DECLARED when the manifest does not name it, PORT_AMBIGUOUS when several
   * plugins offer it, PORT_MISSING when it was optional and nothing offers it.
   */
  use<T>(port: Port<T>): T;
  /**
   * All that is behind a port, in the order of the config file; empty when it is optional and
   * nothing offers it.
   * @throws PORT_NOT_DECLARED
   */
  useAll<T>(port: Port<T>): readonly T[];
}

/** A plugin at work. */
export interface PluginInstance {
  /** What it serves, by port name: exactly the names that its manifest offers. */
  readonly ports: Readonly<Record<string, unknown>>;
  /**
   * Runs after everything it requires has started; `signal` aborts at the deadline or when the
   * start is called off.
   */
  start?(signal: AbortSignal): Promise<void> | void;
  /**
   * Runs before anything it requires stops; also after a `start` that failed or was aborted, and
   * then cleans up.
   */
  stop?(): Promise<void> | void;
}

/** What the entry file of a plugin exports: `export function create(context) { … }`. */
export interface PluginModule<Config = unknown> {
  create(context: PluginContext<Config>): PluginInstance | Promise<PluginInstance>;
}

/**
 * What is behind the ports of a plugin whose entry is WebAssembly. The host runs none of it: it
 * hands over the bytes that it admitted, and whoever owns the port (the master's allocation)
 * instantiates them under its own guard.
 */
export interface WasmPlugin {
  readonly name: string;
  readonly manifest: PluginManifest;
  readonly bytes: Uint8Array;
  /** sha256 of `bytes` in hexadecimal; names this policy in offers and journals. */
  readonly digest: string;
  /** Validated, defaults filled in. */
  readonly config: unknown;
  /** Exports of the manifest's companion file. */
  readonly companion?: Readonly<Record<string, unknown>>;
}

/** The port that allocation policies serve: their bytes, never their code. */
export const ALLOCATOR: Port<WasmPlugin> = port<WasmPlugin>("allocator");

/**
 * The coded errors of the process, for plugins from elsewhere: what they throw is told apart by its
 * class, and a copy of the table that was installed beside the plugin would have another one.
 */
export const ERRORS: Port<typeof errors> = port<typeof errors>("errors");

/** The folder that the process keeps its data in, absolute; offered to plugins by the process. */
export const DATA_DIR: Port<string> = port<string>("data-dir");
