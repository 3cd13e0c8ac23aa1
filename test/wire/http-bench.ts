import { once } from "node:events";
import { connect, type Socket } from "node:net";
import type { HttpRouter } from "../../contract/ports/http.ts";
import { silentLog } from "../../contract/ports/log.ts";
import { silentMetrics } from "../../contract/ports/metrics.ts";
import { HttpMemory } from "../../plugins/transports/uws-msgpack/http-memory.ts";
import { UwsRouter } from "../../plugins/transports/uws-msgpack/http-server.ts";
import { UwsServer } from "../../plugins/transports/uws-msgpack/uws-server.ts";
import { hubSettings, systemClock } from "../../wire/index.ts";

/** A listening HTTP server with a router to add to. */
export interface HttpBench {
  readonly router: HttpRouter;
  readonly port: number;
  readonly url: string;
  /** Exchanges that are not over. */
  open(): number;
  socket(): Promise<RawHttp>;
  stop(): Promise<void>;
}

/** A TCP connection to say anything over. */
export interface RawHttp {
  readonly socket: Socket;
  /** Everything that has come so far. */
  text(): string;
  readonly isClosed: boolean;
}

/**
 * The chunks of a chunked answer, from the bytes that came; a chunk counts when all of its data has
 * come.
 */
export function chunksOf(text: string): string[] {
  const chunks: string[] = [];
  let at = text.indexOf("\r\n\r\n") + 4;
  while (at > 3 && at < text.length) {
    const lineEnd = text.indexOf("\r\n", at);
    const size = Number.parseInt(text.slice(at, lineEnd), 16);
    const chunk = text.slice(lineEnd + 2, lineEnd + 2 + size);
    if (lineEnd < 0 || size === 0 || chunk.length < size) break;
    chunks.push(chunk);
    at = lineEnd + 2 + size + 2;
  }
  return chunks;
}

/** Nothing here is late but where a test wants it to be. */
const patient = {
  bodyDeadlineMs: 60_000,
  streamBytesMax: 1 << 20,
  answerDeadlineMs: 60_000,
  pageHosts: [] as string[],
  memory: new HttpMemory(1 << 27),
};

/** Starts a server on a free port. */
export async function httpBench(changed: Partial<typeof patient> = {}): Promise<HttpBench> {
  const environment = { clock: systemClock, log: silentLog, metrics: silentMetrics };
  const router = new UwsRouter(systemClock, silentLog, { ...patient, ...changed });
  const settings = { ...hubSettings(), host: "127.0.0.1", port: 0 };
  const server = new UwsServer(settings, environment, router);
  const sockets: Socket[] = [];
  const { port } = await server.listen(
    { peers: {} },
    { onHello: () => ({}) as never, onMessages() {}, onClosed() {} },
  );
  return {
    router,
    port,
    url: `http://127.0.0.1:${port}`,
    open: () => router.size,
    async socket() {
      const socket = connect(port, "127.0.0.1");
      sockets.push(socket);
      let text = "";
      let isClosed = false;
      socket.on("data", (chunk) => {
        text += chunk.toString("latin1");
      });
      socket.on("error", () => {});
      socket.on("close", () => {
        isClosed = true;
      });
      await once(socket, "connect");
      return {
        socket,
        text: () => text,
        get isClosed() {
          return isClosed;
        },
      };
    },
    async stop() {
      for (const socket of sockets) socket.destroy();
      await server.close(100);
    },
  };
}
