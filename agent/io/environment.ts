import { errors } from "../../contract/errors.ts";
import type { EnvironmentVariable } from "../../contract/schema/command.ts";
import { printDurationMs } from "../../contract/units.ts";
import type { ContainerPlan } from "../core/state.ts";

/** What the environments of all containers have in common. */
export interface Surroundings {
  /** `ip:port` of the agent's own server. */
  readonly endpoint: string;
  readonly recoveryTimeoutMs: number;
  /** What the operator gives to all of them (F13). */
  readonly variables: Readonly<Record<string, string>>;
  /** The token by which the executor in a container is known. */
  token(plan: ContainerPlan): string;
}

/** Where programs are looked for when the command does not say. */
const PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/**
 * The whole environment of a container: a PATH, what the operator gives to all, what Mesos tells
 * executors and tasks (v1-wire 7.1), the same under our own names, and last what the command asks
 * for. Nothing of the agent's own.
 * @throws CONTAINER_LAUNCH_REFUSED for a secret that must be looked up somewhere
 */
export function environmentOf(
  plan: ContainerPlan,
  sandbox: string,
  around: Surroundings,
): Record<string, string> {
  const { agentId, frameworkId, executorId, taskId } = plan;
  return {
    PATH,
    ...around.variables,
    MESOS_FRAMEWORK_ID: frameworkId,
    MESOS_EXECUTOR_ID: executorId,
    MESOS_SLAVE_ID: agentId,
    MESOS_AGENT_ENDPOINT: around.endpoint,
    MESOS_SLAVE_PID: `slave(1)@${around.endpoint}`,
    MESOS_DIRECTORY: sandbox,
    MESOS_SANDBOX: sandbox,
    MESOS_CHECKPOINT: plan.checkpoint ? "1" : "0",
    MESOS_HTTP_COMMAND_EXECUTOR: "0",
    LIBPROCESS_IP: around.endpoint.slice(0, around.endpoint.lastIndexOf(":")),
    LIBPROCESS_PORT: "0",
    MESOS_ALLOCATION_ROLE: plan.role,
    MESOS_EXECUTOR_SHUTDOWN_GRACE_PERIOD: printDurationMs(plan.shutdownGraceMs),
    ...(plan.checkpoint
      ? {
          MESOS_RECOVERY_TIMEOUT: printDurationMs(around.recoveryTimeoutMs),
          MESOS_SUBSCRIPTION_BACKOFF_MAX: "2secs",
        }
      : {}),
    TEPUI_FRAMEWORK_ID: frameworkId,
    TEPUI_EXECUTOR_ID: executorId,
    TEPUI_AGENT_ID: agentId,
    TEPUI_AGENT_ENDPOINT: around.endpoint,
    TEPUI_SANDBOX: sandbox,
    ...(taskId === undefined
      ? {
          MESOS_EXECUTOR_AUTHENTICATION_TOKEN: around.token(plan),
          TEPUI_EXECUTOR_TOKEN: around.token(plan),
        }
      : { MESOS_TASK_ID: taskId, TEPUI_TASK_ID: taskId }),
    ...Object.fromEntries((plan.command.environment ?? []).map(entryOf)),
  };
}

function entryOf({ name, value, secret }: EnvironmentVariable): [string, string] {
  if (secret === undefined) return [name, value ?? ""];
  if (secret.type === "VALUE" && secret.value !== undefined) {
    return [name, Buffer.from(secret.value).toString("utf8")];
  }
  throw errors.CONTAINER_LAUNCH_REFUSED(`nothing here resolves the secret in ${name}`);
}
