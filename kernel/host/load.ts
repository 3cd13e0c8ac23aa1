import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
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

/** Says how the ports of an instance differ from those its manifest offers, or `undefined`. */
export function portsProblem(plugin: AdmittedPlugin, instance: PluginInstance): string | undefined {
  if (typeof instance !== "object" || instance === null) return "it returned no instance";
  const { ports } = instance;
  if (typeof ports !== "object" || ports === null) return "the instance has no ports";
  const { offers } = plugin.manifest;
  const missing = offers.filter((port) => ports[port] === undefined);
  if (missing.length > 0) return `"${missing.join('", "')}" is missing`;
  const extra = Object.keys(ports).filter((port) => !offers.includes(port));
  return extra.length > 0 ? `"${extra.join('", "')}" is not in the manifest` : undefined;
}
