import { expect, test } from "vitest";
import { frameOf, helloOf } from "../../conformance/transport/subject.ts";
import { silentLog } from "../../contract/ports/log.ts";
import { silentMetrics } from "../../contract/ports/metrics.ts";
import { dialLink, hubSettings, SessionHub } from "../../wire/index.ts";
import { HandClock } from "../support/hand-clock.ts";

const HEARTBEAT_MS = 1_000;

/** A server's session whose socket is heard of by hand. */
function serverSide() {
  const clock = new HandClock();
  const closed: string[] = [];
  const hub = new SessionHub(
    hubSettings({ heartbeatMs: HEARTBEAT_MS }),
    { clock, log: silentLog, metrics: silentMetrics },
    { agent: () => undefined },
    {
      onHello: () => ({ accept: true, welcome: { server: "m1", software: "test" } }),
      onMessages() {},
      onClosed: (_, { code }) => closed.push(code),
    },
  );
  const session = hub.admit({
    remote: "test",
    send: () => "sent",
    bufferedBytes: () => 0,
    ping() {},
    end() {},
    cut() {},
  });
  session.onFrame(frameOf(helloOf()), true);
  return { clock, session, closed };
}

test("a peer that was silent for three heartbeats is given up at the next one", async () => {
  const { clock, closed } = serverSide();
  clock.move(3 * HEARTBEAT_MS);
  await Promise.resolve();
  expect(closed).toEqual([]);
  clock.move(HEARTBEAT_MS);
  await Promise.resolve();
  expect(closed).toEqual(["PEER_SILENT"]);
});

test("a server that was held up itself does not take that for its peers' silence", async () => {
  const { clock, session, closed } = serverSide();
  clock.stall(60 * HEARTBEAT_MS);
  await Promise.resolve();
  expect(closed).toEqual([]);
  // What had waited in the socket is read now.
  session.onAlive();
  clock.move(3 * HEARTBEAT_MS);
  await Promise.resolve();
  expect(closed).toEqual([]);
});

test("one that stays silent after that is given up all the same", async () => {
  const { clock, closed } = serverSide();
  clock.stall(60 * HEARTBEAT_MS);
  clock.move(HEARTBEAT_MS);
  await Promise.resolve();
  expect(closed).toEqual(["PEER_SILENT"]);
});

test("the same holds of a link and its server", () => {
  const clock = new HandClock();
  const downs: string[] = [];
  let frame: (bytes: Uint8Array) => void = () => {};
  const link = dialLink(
    { addresses: ["127.0.0.1:1"], peer: "agent", name: "a1", software: "test" },
    { onOpen() {}, onMessages() {}, onDown: ({ code }) => downs.push(code) },
    {
      clock,
      log: silentLog,
      random: () => 0,
      open: (_, events) => {
        frame = (bytes) => events.onFrame(bytes, true);
        return { send() {}, bufferedBytes: () => 0, end() {}, cut() {} };
      },
    },
  );
  clock.move(0);
  const limits = { heartbeatMs: HEARTBEAT_MS, frameBytesMax: 1 << 20, frameMessagesMax: 100 };
  frame(frameOf({ type: "welcome", tepui: 1, server: "m1", software: "test", ...limits }));
  expect(link.state).toBe("open");
  clock.stall(60 * HEARTBEAT_MS);
  expect(downs).toEqual([]);
  clock.move(HEARTBEAT_MS);
  expect(downs).toEqual(["PEER_SILENT"]);
});
