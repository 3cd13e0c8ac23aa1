import { errors } from "../../contract/errors.ts";
import type { HealthCheck } from "../../contract/schema/command.ts";
import type { RunOptions } from "./run-options.ts";

/**
 * The health check that the options of `tepui run` describe; `undefined` when they describe none.
 * @throws CLI_USAGE
 */
export function healthCheckOf(options: RunOptions): HealthCheck | undefined {
  const { healthCmd, healthHttp, healthTcp } = options;
  const kinds = [healthCmd, healthHttp, healthTcp].filter((kind) => kind !== undefined);
  const times = {
    ...present("delayMs", options.healthDelay),
    ...present("intervalMs", options.healthInterval),
    ...present("timeoutMs", options.healthTimeout),
    ...present("gracePeriodMs", options.healthGrace),
    ...present("consecutiveFailures", options.healthFailures),
  };
  if (kinds.length === 0 && Object.keys(times).length === 0) return undefined;
  if (kinds.length !== 1) {
    throw errors.CLI_USAGE("a health check is one of --health-cmd, --health-http and --health-tcp");
  }
  if (healthCmd !== undefined) return { type: "COMMAND", command: { value: healthCmd }, ...times };
  if (healthTcp !== undefined) return { type: "TCP", tcp: { port: healthTcp }, ...times };
  return { type: "HTTP", http: httpOf(healthHttp ?? ""), ...times };
}

function present<K extends string>(name: K, value: number | undefined): Partial<Record<K, number>> {
  return value === undefined ? {} : ({ [name]: value } as Record<K, number>);
}

/** `8080/ready` or `8080`. */
function httpOf(text: string): NonNullable<HealthCheck["http"]> {
  const [, digits = "", path] = /^(\d{1,5})(\/.*)?$/.exec(text) ?? [];
  const port = Number(digits);
  if (port >= 1 && port <= 65_535) return { port, ...(path === undefined ? {} : { path }) };
  throw errors.CLI_USAGE(`"${text}" is not of the form PORT/PATH, such as 8080/ready`);
}
