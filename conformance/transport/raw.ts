import { once } from "node:events";
import { WebSocket } from "ws";
import type { ListenAddress } from "../../contract/ports/transport.ts";
import { closeCodeOf, WIRE_PATH, type WireMessage } from "../../contract/wire-protocol.ts";
import { decodeFrame, frameLimits } from "../../wire/index.ts";

/** The client's end of a connection that minds no manners: it sends whatever it is given. */
export interface RawSocket {
  /** Sends one frame of these bytes, however wrong they are. */
  sendBinary(bytes: Uint8Array): void;
  /** Sends one frame that is marked as something else than bytes. */
  sendText(text: string): void;
  /** Stops reading, so that what the server sends piles up. */
  pause(): void;
  resume(): void;
  /** Closes with a number of its own. */
  end(code: number, message: string): void;
  /** Vanishes without a word. */
  cut(): void;
}

/** What a raw connection hears. */
export interface RawEvents {
  onFrame(bytes: Uint8Array): void;
  /** Once, at the end: the number of the close code that the server gave; 1006 if it gave none. */
  onClosed(code: number, message: string): void;
}

/** Opens a raw connection to a server of the transport; rejects when it is refused. */
export type OpenRaw = (address: ListenAddress, events: RawEvents) => Promise<RawSocket>;

/** A raw connection with all that it has heard. */
export interface RawPeer extends RawSocket {
  /** Messages that have come so far, in order. */
  readonly received: readonly WireMessage[];
  /** How its connection ended, once it has. */
  readonly ended: { readonly code: string; readonly message: string } | undefined;
}

/** Opens a raw connection that keeps what it hears. */
export async function openRawPeer(open: OpenRaw, address: ListenAddress): Promise<RawPeer> {
  const received: WireMessage[] = [];
  let ended: RawPeer["ended"];
  const socket = await open(address, {
    onFrame(bytes) {
      const decoded = decodeFrame(bytes, frameLimits());
      if (!decoded.ok) throw new Error(`the server sent a bad frame: ${decoded.refusal.message}`);
      received.push(...decoded.messages);
    },
    onClosed: (code, message) => {
      ended = { code: closeCodeOf(code), message };
    },
  });
  return {
    sendBinary: (bytes) => socket.sendBinary(bytes),
    sendText: (text) => socket.sendText(text),
    pause: () => socket.pause(),
    resume: () => socket.resume(),
    end: (code, message) => socket.end(code, message),
    cut: () => socket.cut(),
    received,
    get ended() {
      return ended;
    },
  };
}

/** Raw connections for transports over WebSockets on the path of the native wire. */
export const openRawWebSocket: OpenRaw = async (address, events) => {
  const socket = new WebSocket(`ws://${address.host}:${address.port}${WIRE_PATH}`, {
    perMessageDeflate: false,
    skipUTF8Validation: true,
  });
  socket.on("error", () => {});
  socket.on("message", (data: Buffer) => events.onFrame(data));
  socket.on("close", (code: number, reason: Buffer) => {
    events.onClosed(code, reason.toString());
  });
  await once(socket, "open");
  return {
    sendBinary: (bytes) => socket.send(bytes, { binary: true }),
    sendText: (text) => socket.send(text, { binary: false }),
    pause: () => socket.pause(),
    resume: () => socket.resume(),
    end: (code, message) => socket.close(code, message),
    cut: () => socket.terminate(),
  };
};
