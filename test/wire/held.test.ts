import { expect, test } from "vitest";
import { frameOf, helloOf } from "../../conformance/transport/subject.ts";
import { silentLog } from "../../contract/ports/log.ts";
import { silentMetrics } from "../../contract/ports/metrics.ts";
import type { WireMessage } from "../../contract/wire-protocol.ts";
import { hubSettings, type Session, SessionHub } from "../../wire/index.ts";
import { inParts } from "../../wire/parts.ts";
import { HandClock } from "../support/hand-clock.ts";

const KIB = 1024;

/** A server whose sockets are made up; what they have not sent is set by hand. */
function server(changed: Partial<Parameters<typeof hubSettings>[0]> = {}) {
  const clock = new HandClock();
  const ends: string[] = [];
  const taken: WireMessage[] = [];
  const hub = new SessionHub(
    hubSettings(changed),
    { clock, log: silentLog, metrics: silentMetrics },
    { agent: () => undefined },
    {
      onHello: () => ({ accept: true, welcome: { server: "m1", software: "test" } }),
      onMessages: (_, messages) => taken.push(...messages),
      onClosed() {},
    },
  );
  const admit = (remote = "here") => {
    const socket = { buffered: 0 };
    const session: Session = hub.admit({
      remote,
      send: (frame) => {
        if (socket.buffered === 0) return "sent";
        socket.buffered += frame.length;
        return "buffered";
      },
      bufferedBytes: () => socket.buffered,
      ping() {},
      end: (_, message) => ends.push(message),
      cut: () => ends.push("cut"),
    });
    return { session, socket };
  };
  const welcomed = () => {
    const one = admit();
    one.session.onFrame(frameOf(helloOf()), true);
    return one;
  };
  return { clock, hub, ends, taken, admit, welcomed };
}

/** A note of so many bytes in parts, without the last of them. */
function unfinished(bytes: number): Uint8Array[] {
  const parts: Uint8Array[] = [];
  inParts(frameOf({ type: "note", text: "x".repeat(bytes) }), 16 * KIB, (part) => parts.push(part));
  return parts.slice(0, -1);
}

const feed = (session: Session, parts: readonly Uint8Array[]): void => {
  for (const part of parts) session.onFrame(part, true);
};

test("a frame in parts is taken whole, and nothing of it is held after that", () => {
  const { hub, taken, welcomed } = server();
  const { session } = welcomed();
  inParts(frameOf({ type: "note", text: "x".repeat(100_000) }), 16 * KIB, (part) => {
    session.onFrame(part, true);
  });
  expect(taken).toEqual([{ type: "note", text: "x".repeat(100_000) }]);
  expect(hub.held.bytes).toBe(0);
});

test("parts before the welcome end the connection", () => {
  const { hub, ends, admit } = server();
  const { session } = admit();
  feed(session, unfinished(100_000));
  expect(session.isOpen).toBe(false);
  expect(ends).toHaveLength(1);
  expect([hub.held.bytes, hub.unwelcomed.count]).toEqual([0, 0]);
});

test("unfinished frames of all connections have one bound, beyond which more are refused", () => {
  const heldBytesMax = 1024 * KIB;
  const { hub, ends, taken, welcomed } = server({ heldBytesMax });
  const many = Array.from({ length: 40 }, welcomed);
  let most = 0;
  for (const { session } of many) {
    feed(session, unfinished(100 * KIB));
    most = Math.max(most, hub.held.bytes);
  }
  expect(most).toBeLessThan(heldBytesMax + 128 * KIB);
  expect(ends.length).toBeGreaterThan(20);
  expect(new Set(ends)).toEqual(
    new Set([`unfinished frames and slow readers hold more than ${heldBytesMax} bytes`]),
  );
  // Whoever sends little is served all the while, and those who have gone leave room.
  const { session: small } = welcomed();
  inParts(frameOf({ type: "note", text: "x".repeat(40 * KIB) }), 16 * KIB, (part) => {
    small.onFrame(part, true);
  });
  expect(taken).toHaveLength(1);
  for (const { session } of many) session.close("CLOSED");
  expect(hub.held.bytes).toBe(0);
});

test("what slow readers have not read counts, and those with much of it are cut", () => {
  const heldBytesMax = 1024 * KIB;
  const { hub, ends, welcomed } = server({ heldBytesMax });
  const quick = welcomed();
  const slow = Array.from({ length: 12 }, welcomed);
  for (const { session, socket } of slow) {
    socket.buffered = 1;
    session.send({ type: "note", text: "x".repeat(100 * KIB) } as WireMessage);
    session.flush();
  }
  expect(ends.length).toBeGreaterThanOrEqual(1);
  expect(ends.length).toBeLessThan(4);
  expect(hub.held.bytes).toBeLessThanOrEqual(heldBytesMax);
  quick.session.send({ type: "note", text: "x".repeat(200 * KIB) } as WireMessage);
  expect(quick.session.isOpen).toBe(true);
  for (const { session, socket } of slow) {
    socket.buffered = 0;
    session.onDrained();
  }
  expect(hub.held.bytes).toBe(0);
});

test("a frame whose other parts do not come ends the connection, whatever else is heard", () => {
  const { clock, ends, welcomed } = server();
  const { session } = welcomed();
  feed(session, unfinished(100_000));
  for (let at = 0; at < 7; at++) {
    clock.move(5_000);
    session.onAlive();
  }
  expect(ends).toEqual(["the rest of a frame did not come in 30000 ms"]);
});

test("a frame that comes between the parts of another ends the connection", () => {
  const { taken, ends, welcomed } = server();
  const { session } = welcomed();
  feed(session, unfinished(100_000));
  session.onFrame(frameOf({ type: "note", n: 1 }), true);
  expect(taken).toEqual([]);
  expect(ends).toEqual(["another frame came before the last part of one that was begun"]);
});

test("connections that were not welcomed have bounds of their own, in all and by address", () => {
  const { hub, clock, admit } = server({ unwelcomedMax: 3, unwelcomedPerAddressMax: 2 });
  const first = admit("one");
  admit("one");
  expect(hub.refusalOf("one")).toBe("TOO_MANY_UNWELCOMED");
  expect(hub.refusalOf("two")).toBeUndefined();
  admit("two");
  expect(hub.refusalOf("three")).toBe("TOO_MANY_UNWELCOMED");
  first.session.onFrame(frameOf(helloOf()), true);
  expect(hub.refusalOf("one")).toBeUndefined();
  // Those who say nothing lose their places at the deadline.
  clock.move(10_000);
  expect([hub.unwelcomed.count, first.session.isOpen]).toEqual([0, true]);
  first.session.close("CLOSED");
  expect(hub.unwelcomed.count).toBe(0);
});
