import { errors } from "../contract/errors.ts";
import type { AgentId, ExecutorId, FrameworkId } from "../contract/ids.ts";
import { parseDurationMs } from "../contract/units.ts";

/** What an agent tells an executor through its environment (v1-wire 7.1). */
export interface ExecutorEnvironment {
  /** `host:port` of the agent. */
  readonly agentEndpoint: string;
  readonly frameworkId: FrameworkId;
  readonly executorId: ExecutorId;
  readonly agentId: AgentId | undefined;
  /** The sandbox. */
  readonly directory: string;
  /** Whether tasks go on while the agent is away. */
  readonly checkpoint: boolean;
  /** How long to wait for an agent to return (B42). */
  readonly recoveryTimeoutMs: number;
  readonly shutdownGracePeriodMs: number;
  readonly subscriptionBackoffMsMax: number;
  readonly token: string | undefined;
}

/**
 * Reads `TEPUI_<NAME>`, or `MESOS_<NAME>` where that is absent.
 * @throws EXECUTOR_ENVIRONMENT for a variable that an executor cannot do without.
 */
export function executorEnvironment(
  variables: Readonly<Record<string, string | undefined>>,
): ExecutorEnvironment {
  const read = (name: string): string | undefined =>
    variables[`TEPUI_${name}`] ?? variables[`MESOS_${name}`];
  const need = (name: string): string => {
    const value = read(name);
    if (value === undefined || value === "") throw errors.EXECUTOR_ENVIRONMENT(`TEPUI_${name}`);
    return value;
  };
  const durationMs = (name: string, otherwise: number): number => {
    const parsed = parseDurationMs(read(name) ?? "");
    return parsed.ok ? parsed.value : otherwise;
  };
  return {
    agentEndpoint: need("AGENT_ENDPOINT"),
    frameworkId: need("FRAMEWORK_ID") as FrameworkId,
    executorId: need("EXECUTOR_ID") as ExecutorId,
    agentId: (read("AGENT_ID") ?? read("SLAVE_ID")) as AgentId | undefined,
    directory: read("SANDBOX") ?? read("DIRECTORY") ?? process.cwd(),
    checkpoint: read("CHECKPOINT") === "1",
    recoveryTimeoutMs: durationMs("RECOVERY_TIMEOUT", 15 * 60_000),
    shutdownGracePeriodMs: durationMs("EXECUTOR_SHUTDOWN_GRACE_PERIOD", 5_000),
    subscriptionBackoffMsMax: durationMs("SUBSCRIPTION_BACKOFF_MAX", 2_000),
    token: read("EXECUTOR_AUTHENTICATION_TOKEN"),
  };
}
