import { request as httpRequest } from "node:http";
import { request as httpsRequest } from "node:https";
import { connect } from "node:net";
import { reasonOf } from "../../contract/errors.ts";
import type { CheckInfo, CommandInfo, HealthCheck } from "../../contract/schema/command.ts";
import type { CheckResult } from "../core/state.ts";

/** How a container is reached by checks. */
export interface CheckedContainer {
  /** Its own address, or that of this host's loopback. */
  readonly address: string;
  /** Runs a command inside and tells its exit status; rejects when there is none in time. */
  exec(command: CommandInfo, timeoutMs: number): Promise<number>;
}

/** Longest wait that a timer knows; a check without a timeout waits that long. */
const FOREVER_MS = 2 ** 31 - 1;

/** Looks at a container once, as a check says (F30, F31). Never rejects: what failed is told. */
export async function look(
  container: CheckedContainer,
  check: HealthCheck | CheckInfo,
  timeoutMs: number,
): Promise<CheckResult> {
  const { command, http, tcp } = check;
  const limitMs = timeoutMs > 0 ? timeoutMs : FOREVER_MS;
  try {
    if (http !== undefined) return { statusCode: await get(container.address, http, limitMs) };
    if (tcp !== undefined) return { succeeded: await connects(container.address, tcp, limitMs) };
    return { exitCode: await container.exec(command ?? {}, timeoutMs) };
  } catch (thrown) {
    return { failure: reasonOf(thrown) };
  }
}

/** The status of the answer to a GET. Certificates are not checked: it is about being there. */
function get(
  host: string,
  { port, path = "/", scheme = "http" }: NonNullable<HealthCheck["http"]>,
  timeoutMs: number,
): Promise<number> {
  const request = scheme === "https" ? httpsRequest : httpRequest;
  return new Promise((resolve, reject) => {
    const options = { host, port, path, agent: false, rejectUnauthorized: false };
    const sent = request(options, (response) => {
      clearTimeout(timer);
      resolve(response.statusCode ?? 0);
      sent.destroy();
    });
    const timer = setTimeout(() => {
      sent.destroy(new Error(`no answer on port ${port} in ${timeoutMs} ms`));
    }, timeoutMs);
    sent.on("error", (cause) => {
      clearTimeout(timer);
      reject(cause);
    });
    sent.end();
  });
}

/** Whether something accepts connections on a port. */
function connects(host: string, { port }: { port: number }, timeoutMs: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host, port });
    const end = (succeeded: boolean): void => {
      clearTimeout(timer);
      socket.destroy();
      resolve(succeeded);
    };
    const timer = setTimeout(() => end(false), timeoutMs);
    socket.on("connect", () => end(true));
    socket.on("error", () => end(false));
  });
}
