import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { errors } from "../../contract/errors.ts";
import { limits } from "../../contract/limits.ts";
import { didYouMean } from "../../contract/nearest.ts";
import type { OperatorParams } from "../../contract/operator-api.ts";
import { ALLOCATOR, type WasmPlugin } from "../../contract/ports/plugin.ts";
import { makeFolder } from "../../wire/index.ts";
import { policySpec, withSettings } from "../allocation/spec.ts";
import type { PolicySpec } from "../allocation/supervisor.ts";
import { isPluginPath } from "../host/find.ts";
import type { Host } from "../host/host.ts";
import { pluginConfig } from "../host/plugin-config.ts";
import type { PolicyRecord, PolicySource } from "./policy-records.ts";

/** A policy that is ready to be started. */
export interface LoadedPolicy {
  readonly plugin: WasmPlugin;
  readonly spec: PolicySpec;
  readonly source: PolicySource;
  /** Its config as it was given; `plugin.config` has the defaults. */
  readonly given: Config;
}

/** What the shelf is made of. */
export interface ShelfParts {
  readonly host: Pick<Host, "get" | "add" | "remove">;
  /** Folder for policies that operators send, while the host looks at them. */
  readonly folder: string;
  /** The config of the policy that the config file names, as it is written there. */
  readonly configured: Config;
  /** Names of the built-in policies. */
  readonly builtIn: readonly string[];
}

/** The name of the policy that runs when no other one does; see `reference-drf.ts`. */
const LAST_RESORT = "built-in";

type LoadParams = OperatorParams<"load-policy">;
type Config = Readonly<Record<string, unknown>>;

/** The loaded policies: the configured one, and those that operators have loaded since. */
export class PolicyShelf {
  readonly #parts: ShelfParts;
  readonly #policies = new Map<string, LoadedPolicy>();
  /** The policy of the config file: never unloaded. */
  readonly configured: string;

  /** Throws the `PolicyFault` with which the configured policy is refused. */
  constructor(parts: ShelfParts) {
    this.#parts = parts;
    const plugin = parts.host.get(ALLOCATOR);
    this.configured = plugin.name;
    this.#policies.set(plugin.name, {
      plugin,
      spec: policySpec(plugin),
      source: { type: "configured" },
      given: parts.configured,
    });
  }

  /** All of them, in the order in which they were loaded. */
  all(): readonly LoadedPolicy[] {
    return [...this.#policies.values()];
  }

  /** Built-in policies that are not loaded. */
  available(): readonly string[] {
    return this.#parts.builtIn.filter((name) => !this.#policies.has(name));
  }

  /**
   * A loaded policy by its name.
   * @throws POLICY_UNKNOWN with what is near
   */
  get(name: string): LoadedPolicy {
    const found = this.#policies.get(name);
    if (found !== undefined) return found;
    const hint = this.#parts.builtIn.includes(name)
      ? `it is not loaded; \`tepui policy load ${name}\` does that`
      : (didYouMean(name, this.#policies.keys()) ?? "`tepui policy list` shows those there are");
    throw errors.POLICY_UNKNOWN(name, hint);
  }

  /**
   * Sees that what is to be loaded by its name alone is not loaded already: nothing is wrong with
   * it, and nothing has happened that anybody would look for in the history.
   * @throws POLICY_LOADED
   */
  expectNew(params: LoadParams): void {
    const { plugin = "", sent, as } = params;
    const name = as ?? (sent === undefined ? plugin : String(sent.manifest["name"]));
    const loaded = this.#policies.get(name);
    if (loaded && isSameSource(loaded.source, params)) throw errors.POLICY_LOADED(name);
  }

  /**
   * Loads a policy through the admission of the plugin host.
   * @throws POLICY_TOO_MANY, POLICY_NOT_SENDABLE, the refusals of the plugin host, PolicyFault
   */
  async load({ plugin = "", sent, as, config = {} }: LoadParams): Promise<LoadedPolicy> {
    if (this.#policies.size >= limits.policiesMax) {
      throw errors.POLICY_TOO_MANY("loaded policies", limits.policiesMax);
    }
    if (sent === undefined) {
      return this.#add({ plugin, as, config }, { type: "installed", plugin });
    }
    // The bytes may be a view of a frame, which is gone after this turn.
    const module = sent.module.slice();
    const folder = this.#written(sent.manifest, module);
    try {
      const source = { type: "sent", manifest: sent.manifest, module } as const;
      return await this.#add({ plugin: folder, as, config }, source);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  }

  /**
   * Gets a policy that the registry names, as another master may have left it there.
   * @throws what `load` throws; PLUGIN_DIGEST_MISMATCH for a path with other contents
   */
  async restore({ name, digest, source, config }: PolicyRecord): Promise<LoadedPolicy> {
    if (source.type === "configured") {
      this.replace(this.withConfig(this.configured, config));
      return this.get(this.configured);
    }
    const wanted = source.type === "sent" ? { sent: source } : { plugin: source.plugin };
    const loaded = await this.load({ ...wanted, as: name, config });
    const found = loaded.plugin.digest;
    // A name means what is installed under it, here and after an upgrade. A path is one file.
    if (found === digest || (source.type === "installed" && !isPluginPath(source.plugin)))
      return loaded;
    await this.unload(name);
    throw errors.PLUGIN_DIGEST_MISMATCH(name, digest, found);
  }

  /** Forgets a policy; whether anything uses it is the caller's to know. */
  async unload(name: string): Promise<void> {
    this.#policies.delete(name);
    await this.#parts.host.remove(name);
  }

  /**
   * A policy with another config, checked by the schema of its manifest.
   * @throws PLUGIN_CONFIG_INVALID; nothing has changed then
   */
  withConfig(name: string, given: Config): LoadedPolicy {
    const loaded = this.get(name);
    const config = pluginConfig(name, loaded.plugin.manifest, given);
    const plugin = { ...loaded.plugin, config };
    return { ...loaded, plugin, spec: withSettings(loaded.spec, plugin), given };
  }

  /** Puts a policy with another config in the place of what it was. */
  replace(loaded: LoadedPolicy): void {
    this.#policies.set(loaded.plugin.name, loaded);
  }

  async #add(
    { plugin, as, config }: { plugin: string; as: string | undefined; config: Config },
    source: PolicySource,
  ): Promise<LoadedPolicy> {
    const { host } = this.#parts;
    const entry = { plugin, config, ...(as === undefined ? {} : { as }) };
    const added = await host.add(entry, ["allocator"]);
    const behind = added.served(ALLOCATOR);
    try {
      this.#checkName(behind.name, plugin, source);
      const loaded = { plugin: behind, spec: policySpec(behind), source, given: config };
      this.#policies.set(behind.name, loaded);
      return loaded;
    } catch (thrown) {
      await host.remove(behind.name);
      throw thrown;
    }
  }

  /**
   * The name of a built-in policy means that policy, loaded or not, and so does that of the policy
   * of last resort: who reads of it in an offer, the history or an explanation must be able to rely
   * on it.
   */
  #checkName(name: string, plugin: string, source: PolicySource): void {
    const isOwn = source.type === "installed" && plugin === name;
    if (isOwn || (name !== LAST_RESORT && !this.#parts.builtIn.includes(name))) return;
    const given = source.type === "sent" ? "what was sent" : plugin;
    throw errors.PLUGIN_NAME_TAKEN(name, "a policy of Tepui's own", given);
  }

  /** Writes down what an operator sent, as a folder that the host's admission can look at. */
  #written(manifest: Config, module: Uint8Array): string {
    const name = String(manifest["name"]);
    if (manifest["companion"] !== undefined) {
      throw errors.POLICY_NOT_SENDABLE(name, "it has a companion, which is JavaScript");
    }
    const text = JSON.stringify({ ...manifest, entry: "policy.wasm" });
    if (text.length + module.length > limits.policySentBytesMax) {
      const most = limits.policySentBytesMax >> 10;
      throw errors.POLICY_NOT_SENDABLE(name, `it is larger than ${most} KiB`);
    }
    makeFolder(this.#parts.folder, 0o700);
    const folder = mkdtempSync(join(this.#parts.folder, "sent-"));
    writeFileSync(join(folder, "policy.wasm"), module);
    writeFileSync(join(folder, "plugin.json"), text);
    return folder;
  }
}

/** Whether what is to be loaded came, or would come, from where a policy of its name did. */
function isSameSource(source: PolicySource, { plugin, sent, as }: LoadParams): boolean {
  switch (source.type) {
    case "configured":
      return sent === undefined && as === undefined;
    case "sent":
      return sent !== undefined;
    default:
      return sent === undefined && source.plugin === plugin;
  }
}
