import { once } from "node:events";
import { WebSocket } from "ws";
import type { FaultReport } from "../../../contract/errors.ts";
import { silentLog } from "../../../contract/ports/log.ts";
import { silentMetrics } from "../../../contract/ports/metrics.ts";
import type {
  HelloAnswer,
  LinkHandlers,
  ListenAddress,
  Peer,
  Transport,
  TransportHandlers,
} from "../../../contract/ports/transport.ts";
import {
  type CloseReason,
  closeCodeOf,
  type Hello,
  type Refused,
  type Welcome,
  WIRE_PATH,
  type WireMessage,
} from "../../../contract/wire-protocol.ts";
import {
  MemoryNetwork,
  memoryTransport,
  PipeEnd,
} from "../../../plugins/transports/memory/index.ts";
import { UwsRouter } from "../../../plugins/transports/uws-msgpack/http-server.ts";
import { UwsServer } from "../../../plugins/transports/uws-msgpack/uws-server.ts";
import {
  decodeFrame,
  dial,
  encodeFrames,
  frameLimits,
  type HubSettings,
  hubSettings,
  systemClock,
} from "../../../wire/index.ts";
import { until } from "../../support/until.ts";

/** A client without manners: it can send anything, stop reading, and vanish. */
export interface RawPeer {
  sendBinary(bytes: Uint8Array): void;
  sendText(text: string): void;
  /** Messages that have come so far, in order. */
  readonly received: readonly WireMessage[];
  /** How its connection ended, once it has. */
  readonly ended: { readonly code: string; readonly message: string } | undefined;
  pause(): void;
  resume(): void;
  cut(): void;
}

/** A transport and the means to be rude to it. */
export interface TransportUnderTest {
  readonly transport: Transport;
  raw(address: ListenAddress): Promise<RawPeer>;
  /** Another transport on the same network, where networks differ. */
  beside?(): TransportUnderTest;
}

/** Makes a fresh transport with some settings changed. */
export type MakeTransport = (settings: Partial<HubSettings>) => TransportUnderTest;

const environment = { clock: systemClock, log: silentLog, metrics: silentMetrics };

/** The uWebSockets.js transport, on loopback and a free port. */
export const makeUws: MakeTransport = (changed) => {
  const settings = { ...hubSettings(changed), host: "127.0.0.1", port: 0 };
  const router = new UwsRouter(systemClock, silentLog, {
    bodyDeadlineMs: 60_000,
    streamBytesMax: 1 << 20,
    answerDeadlineMs: 60_000,
  });
  const server = new UwsServer(settings, environment, router);
  return {
    transport: { server, dial: (options, handlers) => dial(options, handlers) },
    raw: rawWebSocket,
  };
};

/** The memory transport, on a network of its own. */
export const makeMemory: MakeTransport = (changed) => memoryOn(new MemoryNetwork(), changed);

function memoryOn(network: MemoryNetwork, changed: Partial<HubSettings>): TransportUnderTest {
  const settings = { ...hubSettings(changed), host: "127.0.0.1", port: 0 };
  return {
    transport: memoryTransport(settings, environment, network),
    beside: () => memoryOn(network, {}),
    async raw(address) {
      const [near, far] = PipeEnd.pair();
      const received: WireMessage[] = [];
      let ended: RawPeer["ended"];
      const accept = network.at(`${address.host}:${address.port}`);
      if (accept === undefined || !accept(far, "memory")) throw new Error("refused");
      near.listen({
        onFrame: (bytes) => collect(bytes, received),
        onPing: () => {},
        onDrained: () => {},
        onClosed: (code, message) => {
          ended = { code, message };
        },
      });
      return {
        received,
        get ended() {
          return ended;
        },
        sendBinary: (bytes) => near.send(bytes, true),
        sendText: (text) => near.send(Buffer.from(text), false),
        pause: () => near.pause(),
        resume: () => near.resume(),
        cut: () => near.cut(),
      };
    },
  };
}

async function rawWebSocket(address: ListenAddress): Promise<RawPeer> {
  const socket = new WebSocket(`ws://${address.host}:${address.port}${WIRE_PATH}`, {
    perMessageDeflate: false,
    skipUTF8Validation: true,
  });
  const received: WireMessage[] = [];
  let ended: RawPeer["ended"];
  socket.on("error", () => {});
  socket.on("message", (data: Buffer) => collect(data, received));
  socket.on("close", (code: number, reason: Buffer) => {
    ended = { code: closeCodeOf(code), message: reason.toString() };
  });
  await once(socket, "open");
  return {
    received,
    get ended() {
      return ended;
    },
    sendBinary: (bytes) => socket.send(bytes, { binary: true }),
    sendText: (text) => socket.send(text, { binary: false }),
    pause: () => socket.pause(),
    resume: () => socket.resume(),
    cut: () => socket.terminate(),
  };
}

function collect(bytes: Uint8Array, into: WireMessage[]): void {
  const decoded = decodeFrame(bytes, frameLimits());
  if (!decoded.ok) throw new Error(`the server sent a bad frame: ${decoded.refusal.message}`);
  into.push(...decoded.messages);
}

/** One frame as bytes. */
export function frameOf(...messages: object[]): Buffer {
  const [frame] = encodeFrames(messages as WireMessage[]);
  if (frame === undefined) throw new Error("no message");
  return frame;
}

/** A hello that is accepted, with some fields changed. */
export function helloOf(changed: object = {}): object {
  return { type: "hello", tepui: 1, peer: "agent", name: "a1", software: "test", ...changed };
}

/** What a server heard, in order. */
export interface Heard {
  readonly hellos: { readonly peer: Peer; readonly hello: Hello }[];
  readonly messages: { readonly peer: Peer; readonly message: WireMessage }[];
  readonly batches: number[];
  readonly closes: { readonly peer: Peer; readonly reason: CloseReason }[];
}

/** A listening server that records what it hears. */
export interface Server extends Heard {
  readonly address: ListenAddress;
  readonly at: string;
  readonly under: TransportUnderTest;
  raw(): Promise<RawPeer>;
  /** A raw peer that has said hello and was welcomed. */
  welcomed(changed?: object): Promise<RawPeer>;
  dial(changed?: object): DialledLink;
  stop(): Promise<void>;
}

/** A link that records what it hears. */
export interface DialledLink {
  readonly link: ReturnType<Transport["dial"]>;
  readonly welcomes: { readonly welcome: Welcome; readonly address: string }[];
  readonly messages: WireMessage[];
  readonly downs: { readonly reason: CloseReason; readonly refused: Refused | undefined }[];
  readonly closes: { readonly reason: CloseReason; readonly refused: Refused | undefined }[];
}

const accept = (): HelloAnswer => ({ accept: true, welcome: { server: "m1", software: "test" } });

/** Only messages of type `note` with a number `n` are taken. */
export function checkNote(message: WireMessage): FaultReport | undefined {
  if (message.type !== "note") {
    return { code: "MESSAGE_TYPE_UNKNOWN", status: 400, message: `no "${message.type}"` };
  }
  if (typeof (message as { n?: unknown }).n === "number") return undefined;
  return { code: "MESSAGE_INVALID", status: 400, message: "n must be a number", where: "/n" };
}

/** Starts a server and records what it hears. */
export async function serve(
  make: MakeTransport,
  settings: Partial<HubSettings> = {},
  handlers: Partial<TransportHandlers> = {},
): Promise<Server> {
  const under = make(settings);
  const heard: Heard = { hellos: [], messages: [], batches: [], closes: [] };
  const links: DialledLink[] = [];
  const raws: RawPeer[] = [];
  const { server } = under.transport;
  const address = await server.listen(
    { host: "127.0.0.1", port: 0, peers: { agent: checkNote, framework: checkNote } },
    {
      onHello(peer, hello) {
        heard.hellos.push({ peer, hello });
        return handlers.onHello?.(peer, hello) ?? accept();
      },
      onMessages(peer, messages) {
        heard.batches.push(messages.length);
        for (const message of messages) heard.messages.push({ peer, message });
        handlers.onMessages?.(peer, messages);
      },
      onClosed(peer, reason) {
        heard.closes.push({ peer, reason });
        handlers.onClosed?.(peer, reason);
      },
      onDrained: (peer) => handlers.onDrained?.(peer),
    },
  );
  const at = `${address.host}:${address.port}`;
  const raw = async (): Promise<RawPeer> => {
    const peer = await under.raw(address);
    raws.push(peer);
    return peer;
  };
  return {
    ...heard,
    address,
    at,
    under,
    raw,
    async welcomed(changed = {}) {
      const peer = await raw();
      peer.sendBinary(frameOf(helloOf(changed)));
      await until("a welcome", () => peer.received[0]?.type === "welcome");
      return peer;
    },
    dial(changed = {}) {
      const dialled = dialWith(under.transport, { addresses: [at], ...changed });
      links.push(dialled);
      return dialled;
    },
    async stop() {
      await Promise.all(links.map(({ link }) => link.close()));
      for (const peer of raws) peer.cut();
      await server.close(500);
    },
  };
}

/** Dials and records. */
export function dialWith(transport: Transport, changed: object): DialledLink {
  const heard: Omit<DialledLink, "link"> = { welcomes: [], messages: [], downs: [], closes: [] };
  const handlers: LinkHandlers = {
    onOpen: (welcome, address) => void heard.welcomes.push({ welcome, address }),
    onMessages: (messages) => void heard.messages.push(...messages),
    onDown: (reason, refused) => void heard.downs.push({ reason, refused }),
    onClosed: (reason, refused) => void heard.closes.push({ reason, refused }),
  };
  const options = {
    addresses: [],
    peer: "agent",
    name: "a1",
    software: "test",
    redialMsMin: 5,
    redialMsMax: 50,
    ...changed,
  } as const;
  return { link: transport.dial(options, handlers), ...heard };
}
