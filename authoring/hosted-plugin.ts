import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import type { CoordinatorUnderTest } from "../conformance/coordinator.ts";
import { type OpenRaw, openRawWebSocket } from "../conformance/transport/raw.ts";
import type { MakeTransport } from "../conformance/transport/subject.ts";
import { errors } from "../contract/errors.ts";
import { COORDINATOR, type Coordinator } from "../contract/ports/coordinator.ts";
import { ISOLATOR, type Isolator } from "../contract/ports/isolator.ts";
import { DATA_DIR, type PluginManifest } from "../contract/ports/plugin.ts";
import { TRANSPORT } from "../contract/ports/transport.ts";
import type { PluginEntry } from "../kernel/host/candidate.ts";
import { type Host, startHost } from "../kernel/host/host.ts";
import { type HubSettings, lentPorts } from "../wire/index.ts";

/** A plugin in JavaScript, and what it takes to start it. */
export interface HostedPluginOptions {
  readonly manifest: PluginManifest;
  readonly folder: string;
  readonly config: object;
  readonly builtIn: readonly string[];
}

/** The file beside the entry of a transport that can be rude to it. */
const RUDE_FILES = ["conformance.mjs", "conformance.js"];

/**
 * A plugin in JavaScript under test: started by the very host that masters and agents have, as
 * often as a rule wants a fresh one.
 */
export class HostedPlugin {
  readonly #options: HostedPluginOptions;
  readonly #dataDir = mkdtempSync(join(tmpdir(), "tepui-plugin-"));
  readonly #hosts: Host[] = [];

  constructor(options: HostedPluginOptions) {
    this.#options = options;
  }

  /** Starts it once and stops it again, so that what is wrong with it as a whole is said first. */
  async tryStart(): Promise<void> {
    const host = await this.#start({}, this.#freshDir());
    await host.stop();
  }

  /** An isolator, as an agent has it after a start. */
  async isolator(): Promise<Isolator> {
    return (await this.#start({}, this.#dataDir)).get(ISOLATOR);
  }

  /** The isolator that an agent has before all others by default. */
  async besideIsolator(): Promise<Isolator> {
    return (await this.#startEntry({ plugin: "process" }, this.#dataDir)).get(ISOLATOR);
  }

  /** Makes transports, each on a free port of loopback. */
  async makeTransport(): Promise<MakeTransport> {
    const openRaw = await this.#openRaw();
    return async (settings: Partial<HubSettings>) => {
      const host = await this.#start({ port: 0, ...settings }, this.#dataDir);
      return { transport: host.get(TRANSPORT), openRaw };
    };
  }

  /** A coordinator over a registry of its own. */
  async coordinator(): Promise<CoordinatorUnderTest> {
    const dataDir = this.#freshDir();
    const open = () => this.#start({}, dataDir);
    let host = await open();
    return {
      coordinator: host.get(COORDINATOR),
      reopen: async (): Promise<Coordinator> => {
        await host.stop();
        host = await open();
        return host.get(COORDINATOR);
      },
      close: async () => void (await host.stop()),
    };
  }

  /** Stops whatever runs still, and takes away what it kept. */
  async close(): Promise<void> {
    for (const host of this.#hosts) await host.stop(5_000);
    rmSync(this.#dataDir, { recursive: true, force: true });
  }

  #freshDir(): string {
    return mkdtempSync(join(this.#dataDir, "data-"));
  }

  #start(config: object, dataDir: string): Promise<Host> {
    const plugin = resolve(this.#options.folder);
    return this.#startEntry({ plugin, config: { ...this.#options.config, ...config } }, dataDir);
  }

  async #startEntry(entry: PluginEntry, dataDir: string): Promise<Host> {
    const host = await startHost([entry], {
      from: process.cwd(),
      builtIn: this.#options.builtIn,
      provided: { [DATA_DIR.name]: dataDir, ...lentPorts },
    });
    this.#hosts.push(host);
    return host;
  }

  /** How to be rude to the transport: its own way if it brings one, else over WebSockets. */
  async #openRaw(): Promise<OpenRaw> {
    const { folder, manifest } = this.#options;
    const beside = dirname(join(folder, manifest.entry));
    const file = RUDE_FILES.map((name) => join(beside, name)).find((path) => existsSync(path));
    if (file === undefined) return openRawWebSocket;
    const { openRaw } = (await import(pathToFileURL(resolve(file)).href)) as {
      openRaw?: OpenRaw;
    };
    if (typeof openRaw === "function") return openRaw;
    throw errors.PLUGIN_SHAPE(manifest.name, `${file} exports no function openRaw`);
  }
}
