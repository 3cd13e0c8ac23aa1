import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import type { AgentConfig } from "../contract/config/agent.ts";
import { AGENT_VIEW, type OwnAgentView } from "../contract/ports/agent-view.ts";
import { ISOLATOR } from "../contract/ports/isolator.ts";
import type { Logger } from "../contract/ports/log.ts";
import { DATA_DIR } from "../contract/ports/plugin.ts";
import { TRANSPORT } from "../contract/ports/transport.ts";
import type { AdmissionOptions } from "../kernel/host/candidate.ts";
import { familiesIn } from "../kernel/host/find.ts";
import { type Host, startHost } from "../kernel/host/host.ts";
import type { PromMetrics } from "../kernel/host/prom-metrics.ts";
import { lentPorts } from "../wire/index.ts";
import { systemClock } from "../wire/system-clock.ts";

/** Folder of this file in the source tree or in `dist/`; the built-in plugins are beside it. */
const HERE = dirname(fileURLToPath(import.meta.url));

/**
 * How an agent looks at plugins before any of their code runs; whoever checks a config beforehand
 * looks in the same way. Without an isolator that sees to users, whatever a framework names as its
 * user would run with the rights of the agent.
 */
export const agentAdmission = {
  kinds: ["isolator", "transport", "authenticator", "authorizer", "hook"],
  provided: [DATA_DIR.name, AGENT_VIEW.name, ...Object.keys(lentPorts)],
  needs: {
    who: "an agent",
    ports: [
      { port: TRANSPORT.name, usual: "uws-msgpack" },
      { port: ISOLATOR.name, feature: "users", usual: "process" },
    ],
  },
} as const satisfies Partial<AdmissionOptions>;

/**
 * Starts the plugins of an agent, with what it lends them.
 * @throws TepuiError that names the plugin at fault; none is left running then
 */
export function startAgentPlugins(
  config: AgentConfig,
  options: { readonly from?: string; readonly signal?: AbortSignal },
  lent: {
    readonly workDir: string;
    readonly view: OwnAgentView;
    readonly log: Logger;
    readonly metrics: PromMetrics;
  },
): Promise<Host> {
  const { workDir, view, log, metrics } = lent;
  return startHost(config.plugins, {
    ...agentAdmission,
    from: options.from ?? process.cwd(),
    builtIn: familiesIn(join(HERE, "..", "plugins")),
    provided: { [DATA_DIR.name]: workDir, [AGENT_VIEW.name]: view, ...lentPorts },
    log,
    metrics,
    clock: systemClock,
    ...(options.signal === undefined ? {} : { signal: options.signal }),
  });
}
