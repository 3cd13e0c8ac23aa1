import { readFileSync } from "node:fs";
import { ISOLATOR } from "../../../contract/ports/isolator.ts";
import type { PluginContext, PluginInstance } from "../../../contract/ports/plugin.ts";
import { CgroupDir } from "./cgroup-dir.ts";
import type { CgroupsConfig } from "./config.ts";
import { CgroupsIsolator } from "./isolator.ts";
import { type HostSource, openHost } from "./probe.ts";

/** The machine this process runs on. */
const thisHost: HostSource = {
  mountinfo: () => readFileSync("/proc/self/mountinfo", "utf8"),
  dirAt: (path) => new CgroupDir(path),
};

/**
 * The isolator that limits, counts and kills by cgroups, v1 or v2 (F51–F54, F76).
 * @throws CGROUP_HOST_UNUSABLE
 */
export function create(context: PluginContext<CgroupsConfig>): PluginInstance {
  const host = openHost(context.config, thisHost);
  const isolator = new CgroupsIsolator(host, context);
  const { summary, degraded } = isolator.status();
  context.log.info(summary);
  for (const what of degraded) context.log.warn({ degraded: what }, "cgroups isolate less here");
  const gauge = context.metrics.gauge({
    name: "cgroups_degraded",
    help: "How many things the cgroups isolator was asked for and cannot do on this host.",
  });
  gauge.set(degraded.length);
  return { ports: { [ISOLATOR.name]: isolator }, stop: () => isolator.stop() };
}
