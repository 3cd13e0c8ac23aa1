import type {
  CheckInfo,
  CheckStatus,
  CommandInfo,
  EnvironmentVariable,
  HealthCheck,
  KillPolicy,
  Secret,
} from "../../../../contract/schema/command.ts";
import type { Secret as V1SecretDef } from "../definitions/basics.ts";
import type * as v1 from "../definitions/commands.ts";
import type { Message } from "../definitions/define.ts";
import { defined, each, known, maybe, msOf, msOfSeconds, nanosOf } from "./basics.ts";

type V1Command = Message<typeof v1.CommandInfo>;
type V1Health = Message<typeof v1.HealthCheck>;
type V1Check = Message<typeof v1.CheckInfo>;
type V1CheckStatus = Message<typeof v1.CheckStatusInfo>;
type V1Variable = Message<typeof v1.EnvironmentVariable>;
type V1Secret = Message<typeof V1SecretDef>;
type V1KillPolicy = Message<typeof v1.KillPolicy>;

/** A command of the contract. */
export function commandFrom(given: V1Command): CommandInfo {
  return defined({
    value: given.value,
    shell: given.shell,
    arguments: each(given.arguments, (one) => one),
    environment: each(given.environment?.variables, variableFrom),
    uris: each(given.uris, (uri) =>
      defined({
        value: uri.value,
        executable: uri.executable,
        extract: uri.extract,
        cache: uri.cache,
        outputFile: uri.output_file,
      }),
    ),
    user: given.user,
  });
}

/** A command of the API. */
export function commandTo(command: CommandInfo): V1Command {
  return {
    uris: each(command.uris, ({ outputFile, value, executable, extract, cache }) => ({
      value,
      executable,
      extract,
      cache,
      output_file: outputFile,
    })),
    environment: maybe(command.environment, (list) => ({ variables: list.map(variableTo) })),
    shell: command.shell,
    value: command.value,
    arguments: command.arguments,
    user: command.user,
  };
}

function variableFrom({ name, value, secret }: V1Variable): EnvironmentVariable {
  return defined({ name, value, secret: maybe(secret, secretFrom) });
}

function variableTo({ name, value, secret }: EnvironmentVariable): V1Variable {
  const type = secret === undefined ? "VALUE" : "SECRET";
  return { name, type, value, secret: maybe(secret, secretTo) };
}

/** A secret of the contract; without a type it is what it holds. */
export function secretFrom({ type, reference, value }: V1Secret): Secret {
  return defined({
    type: known(type) ?? (reference === undefined ? "VALUE" : "REFERENCE"),
    reference: maybe(reference, ({ name, key }) => defined({ name, key })),
    value: value?.data,
  });
}

/** A secret of the API. */
export function secretTo({ type, reference, value }: Secret): V1Secret {
  return { type, reference, value: maybe(value, (data) => ({ data })) };
}

/** A kill policy of the contract. */
export function killPolicyFrom({ grace_period }: V1KillPolicy): KillPolicy {
  return defined({ gracePeriodMs: maybe(grace_period, msOf) });
}

/** A kill policy of the API. */
export function killPolicyTo({ gracePeriodMs }: KillPolicy): V1KillPolicy {
  return { grace_period: maybe(gracePeriodMs, nanosOf) };
}

/** A health check; its type may be absent, the core infers it (§6.6). */
export function healthCheckFrom(given: V1Health): HealthCheck {
  return defined({
    type: known(given.type),
    command: maybe(given.command, commandFrom),
    http: maybe(given.http, ({ port, path, scheme }) => defined({ port, path, scheme })),
    tcp: maybe(given.tcp, ({ port }) => ({ port })),
    delayMs: maybe(given.delay_seconds, msOfSeconds),
    intervalMs: maybe(given.interval_seconds, msOfSeconds),
    timeoutMs: maybe(given.timeout_seconds, msOfSeconds),
    consecutiveFailures: given.consecutive_failures,
    gracePeriodMs: maybe(given.grace_period_seconds, msOfSeconds),
  });
}

/** A health check of the API. */
export function healthCheckTo(check: HealthCheck): V1Health {
  return {
    delay_seconds: maybe(check.delayMs, seconds),
    interval_seconds: maybe(check.intervalMs, seconds),
    timeout_seconds: maybe(check.timeoutMs, seconds),
    consecutive_failures: check.consecutiveFailures,
    grace_period_seconds: maybe(check.gracePeriodMs, seconds),
    type: check.type,
    command: maybe(check.command, commandTo),
    http: check.http,
    tcp: check.tcp,
  };
}

/** A general check of the contract. */
export function checkFrom(given: V1Check): CheckInfo {
  return defined({
    type: known(given.type),
    command: maybe(given.command, ({ command }) => commandFrom(command)),
    http: maybe(given.http, ({ port, path }) => defined({ port, path })),
    tcp: maybe(given.tcp, ({ port }) => ({ port })),
    delayMs: maybe(given.delay_seconds, msOfSeconds),
    intervalMs: maybe(given.interval_seconds, msOfSeconds),
    timeoutMs: maybe(given.timeout_seconds, msOfSeconds),
  });
}

/** A general check of the API. */
export function checkTo(check: CheckInfo): V1Check {
  return {
    type: check.type,
    command: maybe(check.command, (command) => ({ command: commandTo(command) })),
    http: check.http,
    tcp: check.tcp,
    delay_seconds: maybe(check.delayMs, seconds),
    interval_seconds: maybe(check.intervalMs, seconds),
    timeout_seconds: maybe(check.timeoutMs, seconds),
  };
}

/** What a check saw; without a type it is read off the member that is there. */
export function checkStatusFrom(given: V1CheckStatus): CheckStatus {
  const inferred = given.http !== undefined ? "HTTP" : given.tcp !== undefined ? "TCP" : "COMMAND";
  return defined({
    type: known(given.type) ?? inferred,
    command: maybe(given.command, ({ exit_code }) => defined({ exitCode: exit_code })),
    http: maybe(given.http, ({ status_code }) => defined({ statusCode: status_code })),
    tcp: maybe(given.tcp, ({ succeeded }) => defined({ succeeded })),
  });
}

/** What a check saw, in the API's form. */
export function checkStatusTo(status: CheckStatus): V1CheckStatus {
  return {
    type: status.type,
    command: maybe(status.command, ({ exitCode }) => ({ exit_code: exitCode })),
    http: maybe(status.http, ({ statusCode }) => ({ status_code: statusCode })),
    tcp: status.tcp,
  };
}

function seconds(ms: number): number {
  return ms / 1000;
}
