import type { ProcessConfig } from "../../plugins/isolators/process/config.ts";
import { probeHost } from "../../plugins/isolators/process/host.ts";
import { ProcessIsolator } from "../../plugins/isolators/process/isolator.ts";
import { systemClock } from "../../wire/system-clock.ts";

/** The process isolator as it is on this host, with what of its config a test is about. */
export function processIsolator(given: Partial<ProcessConfig> = {}): ProcessIsolator {
  const config: ProcessConfig = {
    namespaces: [],
    required: false,
    disallowSharingAgentPidNamespace: false,
    noNewPrivileges: false,
    allowedHostPaths: [],
    ...given,
  };
  return new ProcessIsolator(config, probeHost(config), systemClock);
}
