import type { AgentConfig } from "../contract/config/agent.ts";
import { HTTP_ROUTER } from "../contract/ports/http.ts";
import type { Logger } from "../contract/ports/log.ts";
import type { Metrics } from "../contract/ports/metrics.ts";
import type { Host } from "../kernel/host/host.ts";
import { systemClock } from "../wire/system-clock.ts";
import type { Agent } from "./agent.ts";
import { openExecDoor } from "./io/exec-door.ts";
import { ExecGate } from "./io/exec-gate.ts";
import { Nested } from "./io/nested-containers.ts";
import type { Undo } from "./io/undo.ts";

/**
 * Lets people run commands in tasks, over an API of its own and as nested containers.
 * @throws EXEC_SECRET_INVALID
 */
export function openSessions(
  config: AgentConfig,
  { host, log, metrics }: { readonly host: Host; readonly log: Logger; readonly metrics: Metrics },
  { containerizer, state }: Agent,
  undo: Undo,
): Nested {
  const gate = new ExecGate(config.exec, metrics);
  const door = { gate, log, metrics, state, sessions: containerizer.sessions };
  undo.add(openExecDoor(host.getAll(HTTP_ROUTER), door));
  return new Nested({ gate, clock: systemClock, log, containers: containerizer });
}
