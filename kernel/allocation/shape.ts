import { reasonOf } from "../../contract/errors.ts";
import type { PluginManifest } from "../../contract/ports/plugin.ts";
import { admitPolicy } from "./admission.ts";

/** The static check of an allocator's bytes, for the admission of plugins; runs no guest code. */
export function wasmShape(bytes: Uint8Array, manifest: PluginManifest): string | undefined {
  try {
    admitPolicy(manifest.name, bytes);
    return undefined;
  } catch (thrown) {
    return reasonOf(thrown);
  }
}
