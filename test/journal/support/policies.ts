import { createHash } from "node:crypto";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { WasmPlugin } from "../../../contract/ports/plugin.ts";
import { loadPolicies } from "../../../simulation/policies.ts";
import { compiled } from "../../allocation/support/compile.ts";

/** Folder of the allocators as they were built. */
export const allocators = fileURLToPath(
  new URL("../../../dist/plugins/allocators", import.meta.url),
);

/** Names of all allocators that ship. */
export const shippedNames = readdirSync(allocators).sort();

/** A shipped policy, with settings of its own. */
export async function shippedPlugin(name: string, config: object = {}): Promise<WasmPlugin> {
  const choice = { label: name, plugin: name, config: config as Record<string, unknown> };
  const places = { from: join(allocators, ".."), builtIn: [allocators] };
  const [found] = await loadPolicies([choice], places);
  if (found === undefined) throw new Error(`there is no ${name}`);
  return found.plugin;
}

// Compiled before the first test, which has a time limit.
const faulty = compiled("assembly/testing/faulty.ts");

/** The guest that misbehaves as it is told (assembly/testing/faulty.ts). */
export async function faultyPlugin(fault: number, argument: number): Promise<WasmPlugin> {
  const { manifest } = await shippedPlugin("drf");
  const parameter = (name: string, index: number, value: number) => ({
    name,
    index,
    default: value,
    description: name,
  });
  const parameters = [parameter("fault", 0, fault), parameter("argument", 1, argument)];
  return {
    name: "faulty",
    manifest: { ...manifest, name: "faulty", parameters },
    bytes: faulty,
    digest: createHash("sha256").update(faulty).digest("hex"),
    config: {},
  };
}
