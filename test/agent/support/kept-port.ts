import { isPortFree } from "../../../cli/local/ports.ts";

/**
 * A port where an agent can come back: no connection is given it meanwhile, as its executor's own.
 */
export async function keptPort(): Promise<number> {
  for (let port = 20_000 + (process.pid % 10_000); ; port++) {
    if (await isPortFree(port)) return port;
  }
}
