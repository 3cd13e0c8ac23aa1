import { randomBytes } from "node:crypto";
import { hostname } from "node:os";
import { isLoopback } from "../contract/address.ts";
import type { AgentConfig } from "../contract/config/agent.ts";
import type { ListenAddress } from "../contract/ports/transport.ts";
import type { Resources } from "../contract/schema/resource.ts";
import { softwareVersion } from "../wire/index.ts";
import type { AgentSetup } from "./core/state.ts";
import { agentAttributes, agentResources, machineFacts } from "./io/machine.ts";

/**
 * What the core is made with: who this agent is, what it has, how long it waits. `registered` is
 * what it had when it registered, if it has.
 * @throws AGENT_CONFIG
 */
export function setupOf(
  config: AgentConfig,
  workDir: string,
  address: ListenAddress,
  registered?: Resources,
): AgentSetup {
  const { domain } = config;
  const attributes = agentAttributes(config);
  return {
    info: {
      hostname: config.hostname ?? (isLoopback(address.host) ? address.host : hostname()),
      ip: address.host,
      port: address.port,
      resources: [...agentResources(config, machineFacts(workDir), registered)],
      ...(attributes.length === 0 ? {} : { attributes: [...attributes] }),
      ...(domain === undefined ? {} : { domain }),
    },
    version: softwareVersion(),
    capabilities: [
      "MULTI_ROLE",
      "HIERARCHICAL_ROLE",
      "RESERVATION_REFINEMENT",
      "RESIZE_VOLUME",
      "AGENT_OPERATION_FEEDBACK",
      "AGENT_DRAINING",
    ],
    times: {
      registrationBackoffFactorMs: config.registrationBackoffFactor,
      executorRegistrationTimeoutMs: config.executorRegistrationTimeout,
      executorReregistrationTimeoutMs: config.executorReregistrationTimeout,
      executorShutdownGraceMs: config.executorShutdownGracePeriod,
      retryMinMs: config.statusUpdates.retryMin,
      retryMaxMs: config.statusUpdates.retryMax,
    },
    reconfigurationPolicy: config.reconfigurationPolicy,
    seed: randomBytes(8).toString("hex"),
  };
}
