import { createHash } from "node:crypto";
import { join } from "node:path";
import { ISOLATOR } from "../../../contract/ports/isolator.ts";
import {
  DATA_DIR,
  type PluginContext,
  type PluginInstance,
} from "../../../contract/ports/plugin.ts";
import type { DockerConfig } from "./config.ts";
import { DockerIsolator } from "./isolator.ts";

/** Makes the isolator; an engine that is not there is waited for by the launches that need it. */
export function create(context: PluginContext<DockerConfig>): PluginInstance {
  const dataDir = context.use(DATA_DIR);
  const scope = context.config.scope ?? scopeOf(dataDir);
  const isolator = new DockerIsolator(context, scope, join(dataDir, "docker"));
  return { ports: { [ISOLATOR.name]: isolator }, stop: () => isolator.stop() };
}

/** Stays the same while an agent keeps its folder, whatever id it is given. */
function scopeOf(dataDir: string): string {
  return `agent-${createHash("sha256").update(dataDir).digest("hex").slice(0, 16)}`;
}
