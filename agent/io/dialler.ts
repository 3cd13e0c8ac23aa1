import { agentOrderSchemas } from "../../contract/agent-api.ts";
import type { AgentConfig } from "../../contract/config/agent.ts";
import { messageCheck } from "../../contract/message-checks.ts";
import type { Link, LinkHandlers, Transport } from "../../contract/ports/transport.ts";

/** Dials the master that an agent is configured for. */
export function dialler(
  config: AgentConfig,
  transport: Transport,
  name: string,
  version: string,
): (handlers: LinkHandlers) => Link {
  const addresses = typeof config.master === "string" ? [config.master] : config.master;
  const check = messageCheck("master", agentOrderSchemas);
  return (handlers) =>
    transport.dial(
      {
        peer: "agent",
        name: config.hostname ?? name,
        software: `tepui/${version}`,
        addresses,
        check,
        redialMsMax: 2_000,
      },
      handlers,
    );
}
