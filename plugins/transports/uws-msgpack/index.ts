import type { PluginContext, PluginInstance } from "../../../contract/ports/plugin.ts";
import type {
  DialOptions,
  Link,
  LinkHandlers,
  Transport,
} from "../../../contract/ports/transport.ts";
import { dial } from "../../../wire/index.ts";
import type { UwsConfig } from "./config.ts";
import { HttpMemory } from "./http-memory.ts";
import { UwsRouter } from "./http-server.ts";
import { UwsServer } from "./uws-server.ts";

export { UwsConfig } from "./config.ts";

/** How long a stop waits for peers that do not read. */
const STOP_MS = 2_000;

/** The native transport over WebSockets, and HTTP on the same port. */
export function create(context: PluginContext<UwsConfig>): PluginInstance {
  const { config, clock, log, metrics } = context;
  const router = new UwsRouter(clock, log, {
    bodyDeadlineMs: config.httpBodyDeadlineMs,
    streamBytesMax: config.httpStreamBytesMax,
    memory: new HttpMemory(config.httpBytesMax),
    answerDeadlineMs: config.httpAnswerDeadlineMs,
    pageHosts: config.pageHosts,
  });
  const server = new UwsServer(settingsOf(config), { clock, log, metrics }, router);
  const transport: Transport = {
    server,
    dial: (options: DialOptions, handlers: LinkHandlers): Link =>
      dial({ frameBytesMax: config.frameBytesMax, ...options }, handlers, { clock, log }),
  };
  return {
    ports: { transport, "http-router": router },
    stop: () => server.close(STOP_MS),
  };
}

function settingsOf(config: UwsConfig): ConstructorParameters<typeof UwsServer>[0] {
  const { tls, ...rest } = config;
  if (tls === undefined) return rest;
  const { keyFile, certFile, passphrase } = tls;
  const files = { keyFile, certFile };
  return { ...rest, tls: passphrase === undefined ? files : { ...files, passphrase } };
}
