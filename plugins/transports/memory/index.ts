import type { PluginContext, PluginInstance } from "../../../contract/ports/plugin.ts";
import { type Static, Type } from "../../../contract/typebox.ts";
import { hubSettings } from "../../../wire/index.ts";
import { memoryTransport } from "./memory-transport.ts";
import { processNetwork } from "./network.ts";

export { memoryTransport } from "./memory-transport.ts";
export { MemoryNetwork, processNetwork } from "./network.ts";
export { PipeEnd } from "./pipe.ts";

/** The plugin's config; `plugin.json` carries the same schema, and a test holds them together. */
export const MemoryConfig = Type.Object(
  {
    host: Type.String({ default: "127.0.0.1", description: "Host part of the made-up address." }),
    port: Type.Integer({
      minimum: 0,
      maximum: 65535,
      default: 5050,
      description: "0: a free one.",
    }),
  },
  { additionalProperties: false },
);

/** The plugin's config with its defaults filled in. */
export type MemoryConfig = Static<typeof MemoryConfig>;

/** A transport for tests and simulations: everything is real but the sockets. */
export function create(context: PluginContext<MemoryConfig>): PluginInstance {
  const { config, clock, log, metrics } = context;
  const settings = { ...hubSettings(), ...config };
  const transport = memoryTransport(settings, { clock, log, metrics }, processNetwork);
  return { ports: { transport }, stop: () => transport.server.close(0) };
}
