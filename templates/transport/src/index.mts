import { connect, createServer, type Server } from "node:net";
// Types only: what a plugin needs at run time it is given by its context, so that nothing has to be
// installed beside it.
import type {
  errors,
  ListenAddress,
  ListenOptions,
  PluginContext,
  PluginInstance,
  Transport,
  TransportHandlers,
  TransportServer,
} from "tepui/plugin";
import type {
  HubSettings,
  LinkSocket,
  LinkSocketEvents,
  OpenSocket,
  SessionHub,
  SessionSocket,
  WireTools,
} from "tepui/wire";
import { FrameSocket, Kind } from "./frames.mts";

/** The config of the plugin, as plugin.json describes it. */
export interface Config extends HubSettings {
  readonly host: string;
  readonly port: number;
}

/** How long a stop waits for peers that do not read. */
const STOP_MS = 2_000;

/** What the master or agent calls once, after it has checked the config. */
export function create(context: PluginContext<Config>): PluginInstance {
  const { config, clock, log } = context;
  const wire = context.use<WireTools>({ name: "wire" });
  const server = new TcpServer(context, wire);
  const open = opener(wire);
  const transport: Transport = {
    server,
    dial: (options, handlers) =>
      wire.dialLink({ frameBytesMax: config.frameBytesMax, ...options }, handlers, {
        clock,
        log,
        random: Math.random,
        open,
      }),
  };
  return { ports: { transport }, stop: () => server.close(STOP_MS) };
}

/** The serving side: accepts connections and leaves the rest to the sessions of the wire. */
class TcpServer implements TransportServer {
  readonly #context: PluginContext<Config>;
  readonly #wire: WireTools;
  #server: Server | undefined;
  #hub: SessionHub | undefined;

  constructor(context: PluginContext<Config>, wire: WireTools) {
    this.#context = context;
    this.#wire = wire;
  }

  async listen(options: ListenOptions, handlers: TransportHandlers): Promise<ListenAddress> {
    const { config } = this.#context;
    const { host = config.host, port = config.port } = options;
    const hub = new this.#wire.SessionHub(config, this.#context, options.peers, handlers);
    const server = createServer((socket) => {
      const remote = socket.remoteAddress ?? "unknown";
      if (hub.refusalOf(remote) !== undefined) {
        socket.destroy();
        return;
      }
      const frames = new FrameSocket(socket, config.frameBytesMax, {
        onOpen: () => {},
        onFrame: (bytes, isBinary) => session.onFrame(bytes, isBinary),
        onAlive: () => session.onAlive(),
        onDrained: () => session.onDrained(),
        onClosed: (code, message) => {
          session.onSocketClosed(this.#wire.closeCodeOf(code), message);
        },
      });
      const session = hub.admit(sessionSocket(frames, remote, 2 * config.queueBytesMax));
      frames.send(Kind.OPEN);
    });
    try {
      await new Promise<void>((resolve, reject) => {
        server.once("error", reject);
        server.listen({ host, port, exclusive: true }, resolve);
      });
    } catch {
      await hub.close(0);
      throw this.#context.use<typeof errors>({ name: "errors" }).LISTEN_FAILED(host, port);
    }
    this.#server = server;
    this.#hub = hub;
    const address = server.address();
    return { host, port: typeof address === "object" && address !== null ? address.port : port };
  }

  flushAll(): void {
    this.#hub?.flushAll();
  }

  async close(deadlineMs: number): Promise<void> {
    const server = this.#server;
    if (server === undefined) return;
    this.#server = undefined;
    const closed = new Promise((resolve) => server.close(resolve));
    await this.#hub?.close(deadlineMs);
    await closed;
  }
}

/** The server's end of a connection, as a session wants it. */
function sessionSocket(frames: FrameSocket, remote: string, bytesMax: number): SessionSocket {
  return {
    remote,
    send(frame) {
      if (frames.bufferedBytes > bytesMax) return "dropped";
      frames.send(Kind.FRAME, frame);
      return frames.bufferedBytes > 0 ? "buffered" : "sent";
    },
    bufferedBytes: () => frames.bufferedBytes,
    ping: () => frames.send(Kind.PING),
    end: (code, message) => frames.end(code, message),
    cut: () => frames.cut(),
  };
}

/** Opens the dialling end of a connection, as a link wants it. */
function opener(wire: WireTools): OpenSocket {
  return (url: string, events: LinkSocketEvents, { frameBytesMax }): LinkSocket => {
    const { hostname, port } = new URL(url);
    const host = hostname.replace(/^\[|\]$/g, "");
    const frames = new FrameSocket(connect({ host, port: Number(port) }), frameBytesMax, {
      onOpen: () => events.onOpen(),
      onFrame: (bytes, isBinary) => events.onFrame(bytes, isBinary),
      onAlive: () => events.onAlive(),
      onDrained: () => {},
      onClosed: (code, message) => events.onClosed(wire.closeCodeOf(code), message),
    });
    return {
      send: (frame) => frames.send(Kind.FRAME, frame),
      bufferedBytes: () => frames.bufferedBytes,
      end: (code, message) => frames.end(code, message),
      cut: () => frames.cut(),
    };
  };
}
