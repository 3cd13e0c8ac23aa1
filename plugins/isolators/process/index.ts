import { errors } from "../../../contract/errors.ts";
import { ISOLATOR } from "../../../contract/ports/isolator.ts";
import type { PluginContext, PluginInstance } from "../../../contract/ports/plugin.ts";
import type { ProcessConfig } from "./config.ts";
import { probeHost } from "./host.ts";
import { ProcessIsolator } from "./isolator.ts";

/**
 * The isolator that runs each container in a session and namespaces of its own, as its user, in its
 * image if it has one.
 * @throws PROCESS_HOST_UNUSABLE where `required` is set and something is missing
 */
export function create(context: PluginContext<ProcessConfig>): PluginInstance {
  const { config, log, metrics, clock } = context;
  const host = probeHost(config);
  if (config.required && host.degraded.length > 0) {
    throw errors.PROCESS_HOST_UNUSABLE(host.degraded);
  }
  const isolator = new ProcessIsolator(config, host, clock);
  log.info(isolator.status().summary);
  for (const what of host.degraded)
    log.warn({ degraded: what }, "processes are isolated less here");
  const gauge = metrics.gauge({
    name: "process_degraded",
    help: "How many things the process isolator was asked for and cannot do on this host.",
  });
  gauge.set(host.degraded.length);
  return { ports: { [ISOLATOR.name]: isolator } };
}
