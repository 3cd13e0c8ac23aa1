import { DurationInfo, Secret } from "./basics.ts";
import { NetworkInfoProtocol } from "./containers.ts";
import { enumeration, type MessageDef, message, opt, rep, req } from "./define.ts";

/** Message `CommandInfo.URI`. */
export const CommandInfoURI = message("CommandInfo.URI", {
  value: req(1, "str"),
  executable: opt(2, "bool"),
  extract: opt(3, "bool", true),
  cache: opt(4, "bool"),
  output_file: opt(5, "str"),
});

/** Enum `Environment.Variable.Type`. */
export const EnvironmentVariableType = enumeration("Environment.Variable.Type", {
  UNKNOWN: 0,
  VALUE: 1,
  SECRET: 2,
});

/** Message `Environment.Variable`. */
export const EnvironmentVariable = message("Environment.Variable", {
  name: req(1, "str"),
  type: opt(3, EnvironmentVariableType, "VALUE"),
  value: opt(2, "str"),
  secret: opt(4, Secret),
});

/** Message `Environment`. */
export const Environment = message("Environment", { variables: rep(1, EnvironmentVariable) });

const commandInfoFields = {
  uris: rep(1, CommandInfoURI),
  environment: opt(2, Environment),
  shell: opt(6, "bool", true),
  value: opt(3, "str"),
  arguments: rep(7, "str"),
  user: opt(5, "str"),
};
/** Definition of `CommandInfo`; an interface, so that declarations show its name alone. */
export interface CommandInfoDef extends MessageDef<typeof commandInfoFields> {}
/** Message `CommandInfo`. */
export const CommandInfo: CommandInfoDef = message("CommandInfo", commandInfoFields);

/** Enum `HealthCheck.Type`. */
export const HealthCheckType = enumeration("HealthCheck.Type", {
  UNKNOWN: 0,
  COMMAND: 1,
  HTTP: 2,
  TCP: 3,
});

/** Message `HealthCheck.HTTPCheckInfo`. */
export const HealthCheckHTTPCheckInfo = message("HealthCheck.HTTPCheckInfo", {
  protocol: opt(5, NetworkInfoProtocol, "IPv4"),
  scheme: opt(3, "str"),
  port: req(1, "u32"),
  path: opt(2, "str"),
  statuses: rep(4, "u32"),
});

/** Message `HealthCheck.TCPCheckInfo`. */
export const HealthCheckTCPCheckInfo = message("HealthCheck.TCPCheckInfo", {
  protocol: opt(2, NetworkInfoProtocol, "IPv4"),
  port: req(1, "u32"),
});

const healthCheckFields = {
  delay_seconds: opt(2, "dbl", 15),
  interval_seconds: opt(3, "dbl", 10),
  timeout_seconds: opt(4, "dbl", 20),
  consecutive_failures: opt(5, "u32", 3),
  grace_period_seconds: opt(6, "dbl", 10),
  type: opt(8, HealthCheckType),
  command: opt(7, CommandInfo),
  http: opt(1, HealthCheckHTTPCheckInfo),
  tcp: opt(9, HealthCheckTCPCheckInfo),
};
/** Definition of `HealthCheck`; an interface, so that declarations show its name alone. */
export interface HealthCheckDef extends MessageDef<typeof healthCheckFields> {}
/** Message `HealthCheck`. */
export const HealthCheck: HealthCheckDef = message("HealthCheck", healthCheckFields);

/** Enum `CheckInfo.Type`. */
export const CheckInfoType = enumeration("CheckInfo.Type", {
  UNKNOWN: 0,
  COMMAND: 1,
  HTTP: 2,
  TCP: 3,
});

/** Message `CheckInfo.Command`. */
export const CheckInfoCommand = message("CheckInfo.Command", { command: req(1, CommandInfo) });

/** Message `CheckInfo.Http`. */
export const CheckInfoHttp = message("CheckInfo.Http", {
  port: req(1, "u32"),
  path: opt(2, "str"),
});

/** Message `CheckInfo.Tcp`. */
export const CheckInfoTcp = message("CheckInfo.Tcp", { port: req(1, "u32") });

/** Message `CheckInfo`. */
export const CheckInfo = message("CheckInfo", {
  type: opt(1, CheckInfoType),
  command: opt(2, CheckInfoCommand),
  http: opt(3, CheckInfoHttp),
  tcp: opt(7, CheckInfoTcp),
  delay_seconds: opt(4, "dbl", 15),
  interval_seconds: opt(5, "dbl", 10),
  timeout_seconds: opt(6, "dbl", 20),
});

/** Message `KillPolicy`. */
export const KillPolicy = message("KillPolicy", { grace_period: opt(1, DurationInfo) });

/** Message `CheckStatusInfo.Command`. */
export const CheckStatusInfoCommand = message("CheckStatusInfo.Command", {
  exit_code: opt(1, "i32"),
});

/** Message `CheckStatusInfo.Http`. */
export const CheckStatusInfoHttp = message("CheckStatusInfo.Http", { status_code: opt(1, "u32") });

/** Message `CheckStatusInfo.Tcp`. */
export const CheckStatusInfoTcp = message("CheckStatusInfo.Tcp", { succeeded: opt(1, "bool") });

/** Message `CheckStatusInfo`. */
export const CheckStatusInfo = message("CheckStatusInfo", {
  type: opt(1, CheckInfoType),
  command: opt(2, CheckStatusInfoCommand),
  http: opt(3, CheckStatusInfoHttp),
  tcp: opt(4, CheckStatusInfoTcp),
});
