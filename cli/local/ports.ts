import { createServer } from "node:net";
import { errors } from "../../contract/errors.ts";

/** True when a port of the loopback address can be listened on. */
export async function isPortFree(port: number, host = "127.0.0.1"): Promise<boolean> {
  return (await listenOnce(port, host)) !== undefined;
}

/** Listens for a moment; the port that it was, or `undefined` when it is taken. */
function listenOnce(port: number, host: string): Promise<number | undefined> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", () => resolve(undefined));
    server.listen({ port, host, exclusive: true }, () => {
      const address = server.address();
      const taken = typeof address === "object" && address !== null ? address.port : undefined;
      server.close(() => resolve(taken));
    });
  });
}

/**
 * A free port of the loopback address that is not among those given. It stays free only until
 * somebody takes it, so it is for use at once.
 */
export async function freePort(besides: readonly number[], host = "127.0.0.1"): Promise<number> {
  for (;;) {
    const port = await listenOnce(0, host);
    if (port === undefined) throw errors.LISTEN_FAILED(host, 0);
    if (!besides.includes(port)) return port;
  }
}

/**
 * The port that was wanted; when it is taken, a free one, unless the wish was a person's.
 * @throws LISTEN_FAILED
 */
export async function choosePort(wanted: number, isExplicit: boolean): Promise<number> {
  if (wanted !== 0 && (await isPortFree(wanted))) return wanted;
  if (isExplicit && wanted !== 0) throw errors.LISTEN_FAILED("127.0.0.1", wanted);
  return freePort([]);
}
