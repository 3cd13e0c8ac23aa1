import { randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { hostname } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import type { AgentConfig } from "../contract/config/agent.ts";
import { isLoopback } from "../contract/config/shared.ts";
import type { ListenAddress } from "../contract/ports/transport.ts";
import type { AgentSetup } from "./core/state.ts";
import { agentAttributes, agentResources, machineFacts } from "./io/machine.ts";

const HERE = dirname(fileURLToPath(import.meta.url));

/** Version of the program, as it introduces itself. */
export function softwareVersion(): string {
  // In dist/ the package file is one folder further up than in the source tree.
  for (const up of ["..", "../.."]) {
    try {
      const text = readFileSync(join(HERE, up, "package.json"), "utf8");
      return (JSON.parse(text) as { version: string }).version;
    } catch {
      // Look one folder further up.
    }
  }
  return "0.0.0";
}

/** The address that others are told: `advertise` where it is given (A10). */
export function advertised(config: AgentConfig, port: number): ListenAddress {
  const { advertise, host } = config.listen;
  if (advertise === undefined) return { host: host === "0.0.0.0" ? hostname() : host, port };
  const colon = advertise.lastIndexOf(":");
  return { host: advertise.slice(0, colon), port: Number(advertise.slice(colon + 1)) };
}

/**
 * What the core is made with: who this agent is, what it has, how long it waits.
 * @throws AGENT_CONFIG
 */
export function setupOf(config: AgentConfig, workDir: string, address: ListenAddress): AgentSetup {
  const { domain } = config;
  const attributes = agentAttributes(config);
  return {
    info: {
      hostname: config.hostname ?? (isLoopback(address.host) ? address.host : hostname()),
      ip: address.host,
      port: address.port,
      resources: [...agentResources(config, machineFacts(workDir))],
      ...(attributes.length === 0 ? {} : { attributes: [...attributes] }),
      ...(domain === undefined ? {} : { domain }),
    },
    version: softwareVersion(),
    capabilities: ["MULTI_ROLE", "HIERARCHICAL_ROLE", "RESERVATION_REFINEMENT"],
    times: {
      registrationBackoffFactorMs: config.registrationBackoffFactor,
      executorRegistrationTimeoutMs: config.executorRegistrationTimeout,
      executorReregistrationTimeoutMs: config.executorReregistrationTimeout,
      executorShutdownGraceMs: config.executorShutdownGracePeriod,
      retryMinMs: config.statusUpdates.retryMin,
      retryMaxMs: config.statusUpdates.retryMax,
    },
    seed: randomBytes(8).toString("hex"),
  };
}
