import { type Static, Type } from "../typebox.ts";
import { BytesSchema, oneOf } from "./basics.ts";

/** Something to fetch into the sandbox before a launch (F41, F42). */
export const FetchUriSchema = Type.Object({
  value: Type.String(),
  executable: Type.Optional(Type.Boolean()),
  /** Default true: known archives are unpacked. */
  extract: Type.Optional(Type.Boolean()),
  cache: Type.Optional(Type.Boolean()),
  outputFile: Type.Optional(Type.String()),
  /** `sha256-<hex>` that the fetched bytes must have; an addition of ours. */
  checksum: Type.Optional(Type.String()),
});
/** See `FetchUriSchema`. */
export type FetchUri = Static<typeof FetchUriSchema>;

/**
 * A secret: a reference that a resolver plugin turns into bytes, or the bytes (J9). Never shown.
 */
export const SecretSchema = Type.Object({
  type: oneOf("REFERENCE", "VALUE"),
  reference: Type.Optional(Type.Object({ name: Type.String(), key: Type.Optional(Type.String()) })),
  value: Type.Optional(BytesSchema),
});
/** See `SecretSchema`. */
export type Secret = Static<typeof SecretSchema>;

/** One environment variable: exactly one of `value` and `secret` (M10). */
export const EnvironmentVariableSchema = Type.Object({
  name: Type.String(),
  value: Type.Optional(Type.String()),
  secret: Type.Optional(SecretSchema),
});
/** See `EnvironmentVariableSchema`. */
export type EnvironmentVariable = Static<typeof EnvironmentVariableSchema>;

/**
 * What to run (F21): by default `/bin/sh -c value`, else `value` with `arguments` as whole argv.
 */
export const CommandInfoSchema = Type.Object({
  value: Type.Optional(Type.String()),
  /** Default true. */
  shell: Type.Optional(Type.Boolean()),
  /** Full argv including argv[0]; read only when `shell` is false. */
  arguments: Type.Optional(Type.Array(Type.String())),
  environment: Type.Optional(Type.Array(EnvironmentVariableSchema)),
  uris: Type.Optional(Type.Array(FetchUriSchema)),
  /** Operating system user; default the framework's (F9). */
  user: Type.Optional(Type.String()),
});
/** See `CommandInfoSchema`. */
export type CommandInfo = Static<typeof CommandInfoSchema>;

/** How a task is killed: SIGTERM, then SIGKILL after the grace period (F22, default 3 s). */
export const KillPolicySchema = Type.Object({ gracePeriodMs: Type.Optional(Type.Number()) });
/** See `KillPolicySchema`. */
export type KillPolicy = Static<typeof KillPolicySchema>;

/** A health check (F30): the built-in executors kill a task after N failures in a row. */
export const HealthCheckSchema = Type.Object({
  /** May be absent: then it is read off the member that is present (M9). */
  type: Type.Optional(oneOf("COMMAND", "HTTP", "TCP")),
  command: Type.Optional(CommandInfoSchema),
  http: Type.Optional(
    Type.Object({
      port: Type.Number(),
      path: Type.Optional(Type.String()),
      scheme: Type.Optional(Type.String()),
    }),
  ),
  tcp: Type.Optional(Type.Object({ port: Type.Number() })),
  /** Default 15,000. */
  delayMs: Type.Optional(Type.Number()),
  /** Default 10,000. */
  intervalMs: Type.Optional(Type.Number()),
  /** Default 20,000. */
  timeoutMs: Type.Optional(Type.Number()),
  /** Default 3. */
  consecutiveFailures: Type.Optional(Type.Number()),
  /** Default 10,000: failures this soon after launch do not count until the first success. */
  gracePeriodMs: Type.Optional(Type.Number()),
});
/** See `HealthCheckSchema`. */
export type HealthCheck = Static<typeof HealthCheckSchema>;

/** A general check: only reports what it saw (F31). */
export const CheckInfoSchema = Type.Object({
  type: Type.Optional(oneOf("COMMAND", "HTTP", "TCP")),
  command: Type.Optional(CommandInfoSchema),
  http: Type.Optional(Type.Object({ port: Type.Number(), path: Type.Optional(Type.String()) })),
  tcp: Type.Optional(Type.Object({ port: Type.Number() })),
  /** Default 15,000. */
  delayMs: Type.Optional(Type.Number()),
  /** Default 10,000. */
  intervalMs: Type.Optional(Type.Number()),
  /** Default 20,000. */
  timeoutMs: Type.Optional(Type.Number()),
});
/** See `CheckInfoSchema`. */
export type CheckInfo = Static<typeof CheckInfoSchema>;

/** What a general check saw last; an empty member means that it has not run yet (F32). */
export const CheckStatusSchema = Type.Object({
  type: oneOf("COMMAND", "HTTP", "TCP"),
  command: Type.Optional(Type.Object({ exitCode: Type.Optional(Type.Number()) })),
  http: Type.Optional(Type.Object({ statusCode: Type.Optional(Type.Number()) })),
  tcp: Type.Optional(Type.Object({ succeeded: Type.Optional(Type.Boolean()) })),
});
/** See `CheckStatusSchema`. */
export type CheckStatus = Static<typeof CheckStatusSchema>;

/** Grace period used when nothing else says one (F22). */
export const KILL_GRACE_DEFAULT_MS = 3_000;
/** A command's grace between SHUTDOWN and SIGKILL for executors (D17). */
export const EXECUTOR_SHUTDOWN_GRACE_DEFAULT_MS = 5_000;
