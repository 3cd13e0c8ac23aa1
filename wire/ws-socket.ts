import { WebSocket } from "ws";
import { reasonOf } from "../contract/errors.ts";
import { type CloseCode, closeCodeOf } from "../contract/wire-protocol.ts";
import type { LinkSocket, LinkSocketEvents } from "./link.ts";

/** Opens a WebSocket with `ws`; an `OpenSocket`. */
export function openWebSocket(
  url: string,
  events: LinkSocketEvents,
  options: { readonly trust: string | undefined; readonly frameBytesMax: number },
): LinkSocket {
  const socket = new WebSocket(url, {
    // Frames are small and already dense; deflate would cost more than it saves, and memory for each peer.
    perMessageDeflate: false,
    skipUTF8Validation: true,
    followRedirects: false,
    maxPayload: options.frameBytesMax,
    ...(options.trust === undefined ? {} : { ca: options.trust }),
  });
  let failure: string | undefined;
  socket.on("open", () => events.onOpen());
  socket.on("message", (data: Buffer, isBinary: boolean) => events.onFrame(data, isBinary));
  socket.on("ping", () => events.onAlive());
  socket.on("pong", () => events.onAlive());
  // A "close" always follows; without a listener the error would end the process.
  socket.on("error", (thrown) => {
    failure ??= reasonOf(thrown);
  });
  socket.on("close", (number: number, reason: Buffer) => {
    const said = reason.toString("utf8");
    const code: CloseCode = failure === undefined ? closeCodeOf(number) : "CONNECTION_LOST";
    events.onClosed(code, said === "" ? (failure ?? `closed with ${number}`) : said);
  });
  return {
    send(frame) {
      if (socket.readyState === WebSocket.OPEN) socket.send(frame);
    },
    bufferedBytes: () => socket.bufferedAmount,
    end(code, message) {
      if (socket.readyState === WebSocket.OPEN) socket.close(code, message);
      else socket.terminate();
    },
    cut: () => socket.terminate(),
  };
}
