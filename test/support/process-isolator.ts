import type { ProcessConfig } from "../../plugins/isolators/process/config.ts";
import { probeHost } from "../../plugins/isolators/process/host.ts";
import { ProcessIsolator } from "../../plugins/isolators/process/isolator.ts";
import type { Offered } from "../../plugins/isolators/process/namespaces.ts";
import { systemClock } from "../../wire/system-clock.ts";

/**
 * The process isolator as it is on this host, with what of its config a test is about; or as it
 * would be on a host that offers less.
 */
export function processIsolator(
  given: Partial<ProcessConfig> = {},
  less?: { readonly namespaces: Offered["namespaces"]; readonly uid?: number },
): ProcessIsolator {
  const config: ProcessConfig = {
    namespaces: [],
    required: false,
    disallowSharingAgentPidNamespace: false,
    noNewPrivileges: false,
    allowedHostPaths: [],
    ...given,
  };
  const host = probeHost(config);
  const offered = { reasons: { mount: "Operation not permitted" }, ...less } as Offered;
  const own = { ...host.own, uid: less?.uid ?? host.own.uid };
  const fewer = less === undefined ? host : { ...host, offered, own };
  return new ProcessIsolator(config, fewer, systemClock);
}
