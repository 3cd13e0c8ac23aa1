import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { reasonOf } from "../../contract/errors.ts";
import type {
  PluginContext,
  PluginInstance,
  PluginModule,
  WasmPlugin,
} from "../../contract/ports/plugin.ts";
import type { AdmittedPlugin } from "./candidate.ts";

/** A file that changed is another module: without this the first one would be kept for ever. */
async function importFile(file: string, digest: string): Promise<Record<string, unknown>> {
  return import(`${pathToFileURL(file).href}?sha256=${digest}`);
}

/** It may change while the policy stays what it is, whose digest says nothing of it. */
async function importCompanion(file: string): Promise<Record<string, unknown>> {
  return importFile(file, createHash("sha256").update(readFileSync(file)).digest("hex"));
}

/**
 * Loads the code of a plugin; the first of its code to run.
 * @throws whatever the module throws, or an Error when it exports no `create`
 */
export async function loadModule(plugin: AdmittedPlugin): Promise<PluginModule> {
  if (plugin.manifest.entry.endsWith(".wasm")) return wasmModule(plugin);
  const exported = await importFile(plugin.entryFile, plugin.digest);
  if (typeof exported["create"] !== "function") throw new Error("it exports no function `create`");
  return exported as unknown as PluginModule;
}

/** A module that offers the bytes of a .wasm entry, and its companion, under the ports it names. */
async function wasmModule(plugin: AdmittedPlugin): Promise<PluginModule> {
  const { manifest, folder, bytes, digest, config, name } = plugin;
  const companion =
    manifest.companion === undefined
      ? undefined
      : await importCompanion(join(folder, manifest.companion));
  const behind: WasmPlugin = {
    name,
    manifest,
    bytes,
    digest,
    config,
    ...(companion === undefined ? {} : { companion }),
  };
  const ports = Object.fromEntries(manifest.offers.map((port) => [port, behind]));
  return { create: (_: PluginContext): PluginInstance => ({ ports }) };
}

/** What a plugin serves, by port. */
export type ServedPorts = ReadonlyMap<string, unknown>;

/**
 * The ports of an instance, or how they differ from those its manifest offers. They are read once:
 * getters are the plugin's code, which may answer otherwise the next time, or throw.
 */
export function portsOf(plugin: AdmittedPlugin, instance: PluginInstance): ServedPorts | string {
  if (typeof instance !== "object" || instance === null) return "it returned no instance";
  const { offers } = plugin.manifest;
  let served: ServedPorts;
  let extra: string[];
  try {
    const { ports } = instance;
    if (typeof ports !== "object" || ports === null) return "the instance has no ports";
    served = new Map(offers.map((port) => [port, ports[port]]));
    extra = Object.keys(ports).filter((port) => !offers.includes(port));
  } catch (thrown) {
    return `reading them failed: ${reasonOf(thrown)}`;
  }
  const missing = offers.filter((port) => served.get(port) === undefined);
  if (missing.length > 0) return `"${missing.join('", "')}" is missing`;
  return extra.length > 0 ? `"${extra.join('", "')}" is not in the manifest` : served;
}
