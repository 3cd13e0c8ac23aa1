import { WebSocket } from "ws";
import { reasonOf } from "../contract/errors.ts";
import { type CloseCode, closeCodeOf, PARTS_HEADER } from "../contract/wire-protocol.ts";
import type { LinkSocket, LinkSocketEvents } from "./link-socket.ts";

/** Opens a WebSocket with `ws`; an `OpenSocket`. */
export function openWebSocket(
  url: string,
  events: LinkSocketEvents,
  options: { readonly trust: string | undefined; readonly frameBytesMax: number },
): LinkSocket {
  let socket: WebSocket;
  try {
    socket = connect(url, options);
  } catch (thrown) {
    // A bad certificate authority, for one, is thrown and not emitted.
    setImmediate(() => events.onClosed("CONNECTION_LOST", reasonOf(thrown)));
    return { send: () => {}, bufferedBytes: () => 0, end: () => {}, cut: () => {} };
  }
  let failure: { readonly code: CloseCode; readonly message: string } | undefined;
  socket.on("open", () => events.onOpen());
  socket.on("message", (data: Buffer, isBinary: boolean) => events.onFrame(data, isBinary));
  socket.on("ping", () => events.onAlive());
  socket.on("pong", () => events.onAlive());
  // A "close" always follows; without a listener the error would end the process.
  socket.on("error", (thrown: Error & { code?: string }) => {
    const isLarge = thrown.code === "WS_ERR_UNSUPPORTED_MESSAGE_LENGTH";
    const code = isLarge ? "FRAME_TOO_LARGE" : "CONNECTION_LOST";
    failure ??= { code, message: reasonOf(thrown) };
  });
  socket.on("close", (number: number, reason: Buffer) => {
    const said = reason.toString("utf8");
    if (failure === undefined)
      events.onClosed(closeCodeOf(number), said || `closed with ${number}`);
    else events.onClosed(failure.code, failure.message);
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

function connect(
  url: string,
  options: { readonly trust: string | undefined; readonly frameBytesMax: number },
): WebSocket {
  return new WebSocket(url, {
    // Frames are small and already dense; deflate would cost more than it saves, and memory for
    // each peer.
    perMessageDeflate: false,
    skipUTF8Validation: true,
    followRedirects: false,
    headers: { [PARTS_HEADER]: "1" },
    maxPayload: options.frameBytesMax,
    ...(options.trust === undefined ? {} : { ca: options.trust }),
  });
}
