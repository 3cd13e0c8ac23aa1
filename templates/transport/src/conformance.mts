// What `tepui plugin test` needs beside the plugin: a client that sends whatever it is told to. It
// is looked for beside the entry, and is not packed.
import { connect } from "node:net";
import type { OpenRaw } from "tepui/conformance";
import { FrameSocket, Kind } from "./frames.mts";

/** Larger than any frame of the rules. */
const BYTES_MAX = 1 << 30;
/** A kind that the protocol does not have, as the text frames of WebSockets are. */
const UNKNOWN = 99;

/** Opens a connection; rejects when the server does not take it. */
export const openRaw: OpenRaw = ({ host, port }, events) =>
  new Promise((resolve, reject) => {
    const frames = new FrameSocket(connect({ host, port }), BYTES_MAX, {
      onOpen: () =>
        resolve({
          sendBinary: (bytes) => frames.send(Kind.FRAME, bytes),
          sendText: (text) => frames.send(UNKNOWN, Buffer.from(text)),
          pause: () => frames.pause(),
          resume: () => frames.resume(),
          end: (code, message) => frames.end(code, message),
          cut: () => frames.cut(),
        }),
      onFrame: (bytes) => events.onFrame(bytes),
      onAlive: () => {},
      onDrained: () => {},
      onClosed(code, message) {
        reject(new Error(message));
        events.onClosed(code, message);
      },
    });
  });
