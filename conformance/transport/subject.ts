import type { FaultReport } from "../../contract/errors.ts";
import type {
  HelloAnswer,
  LinkHandlers,
  ListenAddress,
  Peer,
  Transport,
  TransportHandlers,
} from "../../contract/ports/transport.ts";
import type {
  CloseReason,
  Hello,
  Refused,
  Welcome,
  WireMessage,
} from "../../contract/wire-protocol.ts";
import { encodeFrames, type HubSettings } from "../../wire/index.ts";
import { until } from "../until.ts";
import { type OpenRaw, openRawPeer, type RawPeer } from "./raw.ts";

/** A transport and the means to be rude to it. */
export interface TransportUnderTest {
  readonly transport: Transport;
  readonly openRaw: OpenRaw;
  /** Another transport on the same network, where networks differ. */
  beside?(): Promise<TransportUnderTest>;
}

/** Makes a fresh transport with some settings changed; it listens on a free port of loopback. */
export type MakeTransport = (settings: Partial<HubSettings>) => Promise<TransportUnderTest>;

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
  /** Sizes of the frames that messages came in. */
  readonly frameBytes: number[];
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
  const under = await make(settings);
  const heard: Heard = { hellos: [], messages: [], batches: [], frameBytes: [], closes: [] };
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
      onMessages(peer, messages, bytes) {
        heard.batches.push(messages.length);
        heard.frameBytes.push(bytes);
        for (const message of messages) heard.messages.push({ peer, message });
        handlers.onMessages?.(peer, messages, bytes);
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
    const peer = await openRawPeer(under.openRaw, address);
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
