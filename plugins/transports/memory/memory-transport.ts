import { errors } from "../../../contract/errors.ts";
import type {
  DialOptions,
  Link,
  LinkHandlers,
  ListenAddress,
  ListenOptions,
  Transport,
  TransportHandlers,
  TransportServer,
} from "../../../contract/ports/transport.ts";
import {
  dialLink,
  type HubEnvironment,
  type HubSettings,
  type LinkSocket,
  type LinkSocketEvents,
  type SendOutcome,
  SessionHub,
  type SessionSocket,
} from "../../../wire/index.ts";
import type { MemoryNetwork } from "./network.ts";
import { PipeEnd } from "./pipe.ts";

/** Where a memory server listens by default, beside the settings of its sessions. */
export interface MemorySettings extends HubSettings {
  readonly host: string;
  readonly port: number;
}

/**
 * A transport within one process, with the real codec, sessions and links; only the sockets are
 * made up.
 */
export function memoryTransport(
  settings: MemorySettings,
  environment: HubEnvironment & { readonly random?: () => number },
  network: MemoryNetwork,
): Transport {
  return {
    server: new MemoryServer(settings, environment, network),
    dial: (options: DialOptions, handlers: LinkHandlers): Link =>
      dialLink({ frameBytesMax: settings.frameBytesMax, ...options }, handlers, {
        clock: environment.clock,
        log: environment.log,
        random: environment.random ?? Math.random,
        open: (url, events) => openPipe(network, url, events),
      }),
  };
}

class MemoryServer implements TransportServer {
  readonly #settings: MemorySettings;
  readonly #environment: HubEnvironment;
  readonly #network: MemoryNetwork;
  #hub: SessionHub | undefined;
  #address: ListenAddress | undefined;

  constructor(settings: MemorySettings, environment: HubEnvironment, network: MemoryNetwork) {
    this.#settings = settings;
    this.#environment = environment;
    this.#network = network;
  }

  async listen(options: ListenOptions, handlers: TransportHandlers): Promise<ListenAddress> {
    const host = options.host ?? this.#settings.host;
    const port = options.port ?? this.#settings.port;
    const hub = new SessionHub(this.#settings, this.#environment, options.peers, handlers);
    const real = this.#network.listen(host, port, (end, remote) => accept(hub, end, remote));
    if (real === undefined) {
      await hub.close(0);
      throw errors.LISTEN_FAILED(host, port);
    }
    this.#hub = hub;
    this.#address = { host, port: real };
    return this.#address;
  }

  flushAll(): void {
    this.#hub?.flushAll();
  }

  async close(deadlineMs: number): Promise<void> {
    if (this.#address === undefined) return;
    this.#network.unlisten(this.#address.host, this.#address.port);
    this.#address = undefined;
    await this.#hub?.close(deadlineMs);
  }
}

function accept(hub: SessionHub, end: PipeEnd, remote: string): boolean {
  if (hub.refusalOf(remote) !== undefined) return false;
  const session = hub.admit(new MemorySocket(end, remote, hub.settings.queueBytesMax));
  end.listen({
    onFrame: (bytes, isBinary) => {
      const { frameBytesMax } = hub.settings;
      if (bytes.length > 4 * frameBytesMax) {
        end.cut();
        const message = `it has ${bytes.length} bytes, at most ${frameBytesMax} are taken`;
        session.onSocketClosed("FRAME_TOO_LARGE", message);
      } else session.onFrame(bytes, isBinary);
    },
    onPing: () => session.onAlive(),
    onDrained: () => session.onDrained(),
    onClosed: (code, message) => session.onSocketClosed(code, message),
  });
  return true;
}

class MemorySocket implements SessionSocket {
  readonly remote: string;
  readonly #end: PipeEnd;
  readonly #bytesMax: number;

  constructor(end: PipeEnd, remote: string, bytesMax: number) {
    this.#end = end;
    this.remote = remote;
    this.#bytesMax = bytesMax;
  }

  send(frame: Uint8Array): SendOutcome {
    if (this.#end.bufferedBytes > 2 * this.#bytesMax) return "dropped";
    this.#end.send(frame, true);
    return this.#end.bufferedBytes > 0 ? "buffered" : "sent";
  }

  bufferedBytes(): number {
    return this.#end.bufferedBytes;
  }

  ping(): void {
    this.#end.ping();
  }

  end(code: number, message: string): void {
    this.#end.end(code, message);
  }

  cut(): void {
    this.#end.cut();
  }
}

/** Dials within a network. */
function openPipe(network: MemoryNetwork, url: string, events: LinkSocketEvents): LinkSocket {
  const [near, far] = PipeEnd.pair();
  setImmediate(() => {
    const taken = network.at(new URL(url).host)?.(far, "memory") ?? false;
    if (taken) events.onOpen();
    else near.cut();
  });
  near.listen({
    onFrame: (bytes, isBinary) => events.onFrame(bytes, isBinary),
    onPing: () => events.onAlive(),
    onDrained: () => {},
    onClosed: (code, message) => events.onClosed(code, message),
  });
  return {
    send: (frame) => near.send(frame, true),
    bufferedBytes: () => near.bufferedBytes,
    end: (code, message) => near.end(code, message),
    cut: () => near.cut(),
  };
}
