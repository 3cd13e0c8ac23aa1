import { dialUrl, isLoopback } from "../../contract/address.ts";
import { errors, type TepuiError } from "../../contract/errors.ts";

/** A rule that a config breaks, and the JSON pointer of the field to change. */
export interface BrokenRule {
  readonly path: string;
  readonly error: TepuiError;
}

/**
 * What fields of a config must be to each other, which no schema of a single field says. Rules look
 * at what is there, before defaults and whether or not the rest is right, so that all that is wrong
 * is said at once; what is not of its type is the schema's to say.
 */
export type ConfigRules = (config: unknown) => readonly BrokenRule[];

/** True for what JSON calls an object. */
export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** The fields of what should be an object; of anything else none. */
function fieldsOf(value: unknown): Readonly<Record<string, unknown>> {
  return isObject(value) ? value : {};
}

/** Nothing listens where other machines reach it without authentication, unless it has to. */
function insecureBind(config: unknown): readonly BrokenRule[] {
  const { listen, insecureRemote } = fieldsOf(config);
  const { host } = fieldsOf(listen);
  const insists = insecureRemote !== undefined && insecureRemote !== false;
  if (insists || typeof host !== "string" || host === "" || isLoopback(host)) return [];
  return [{ path: "/listen/host", error: errors.CONFIG_INSECURE_BIND(host) }];
}

/** Whoever is to show a secret needs one to compare it with. */
function secretWithoutFile(config: unknown): readonly BrokenRule[] {
  const { allow, secretFile } = fieldsOf(fieldsOf(config)["exec"]);
  if (allow !== "secret" || secretFile !== undefined) return [];
  const path = "/exec/allow";
  const message = `${path}: "secret" needs the file that holds it`;
  const error = errors.CONFIG_BAD_VALUE(path, message, "set exec.secretFile, too");
  return [{ path, error }];
}

/** An agent is asked for what its tasks print from where its master is, and from elsewhere. */
function unreachableAgent(config: unknown): readonly BrokenRule[] {
  const { listen, master } = fieldsOf(config);
  const { host = "127.0.0.1", advertise } = fieldsOf(listen);
  if (advertise !== undefined || typeof host !== "string" || !isLoopback(host)) return [];
  const elsewhere = (Array.isArray(master) ? master : [master]).find((address) => {
    const url = typeof address === "string" ? dialUrl(address) : undefined;
    return url !== undefined && !isLoopback(new URL(url).hostname);
  });
  if (elsewhere === undefined) return [];
  return [{ path: "/listen/host", error: errors.CONFIG_UNREACHABLE_AGENT(host, elsewhere) }];
}

/** Rules of a master's config. */
export const masterRules: ConfigRules = insecureBind;

/** Rules of an agent's config. */
export const agentRules: ConfigRules = (config) => [
  ...insecureBind(config),
  ...secretWithoutFile(config),
  ...unreachableAgent(config),
];

/** Rules of a local cluster's config: those of its sections. */
export const localRules: ConfigRules = (config) => {
  const { master, agent } = fieldsOf(config);
  return [...below("/master", masterRules(master)), ...below("/agent", agentRules(agent))];
};

function below(section: string, broken: readonly BrokenRule[]): readonly BrokenRule[] {
  return broken.map(({ path, error }) => ({ path: `${section}${path}`, error }));
}
