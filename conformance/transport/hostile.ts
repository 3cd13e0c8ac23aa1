import { strict as assert } from "node:assert";
import type { Peer } from "../../contract/ports/transport.ts";
import { closeCodes } from "../../contract/wire-protocol.ts";
import { Random } from "../random.ts";
import type { Rule } from "../rule.ts";
import { until } from "../until.ts";
import { frameOf, type MakeTransport, type Server, serve } from "./subject.ts";

/** Sends something to a server that has welcomed the sender; answers how both sides saw the end. */
async function rude(make: MakeTransport, bytes: Uint8Array | string): Promise<readonly string[]> {
  const server = await serve(make, { frameBytesMax: 64 * 1024 });
  try {
    const peer = await server.welcomed();
    if (typeof bytes === "string") peer.sendText(bytes);
    else peer.sendBinary(bytes);
    await until("the end", () => peer.ended !== undefined && server.closes.length === 1);
    assert.equal(server.messages.length, 0, "some of it was taken");
    await stillServes(server);
    const { code = "", message = "" } = server.closes[0]?.reason ?? {};
    if (code === "FRAME_TOO_LARGE") assert.match(message, /\b65536\b/, "the limit is not said");
    return [peer.ended?.code ?? "", code];
  } finally {
    await server.stop();
  }
}

async function stillServes(server: Server): Promise<void> {
  const before = server.messages.length;
  const good = await server.welcomed();
  good.sendBinary(frameOf({ type: "note", n: 1 }));
  await until("a good peer is still served", () => server.messages.length === before + 1);
}

/** 72 KB of array headers, each around the next. */
const nested = (): Buffer => Buffer.concat([Buffer.alloc(72 * 1024, 0x91), Buffer.from([0xc0])]);

/** What must not hurt. */
export const hostileRules: readonly Rule<MakeTransport>[] = [
  {
    name: "a text frame ends the connection with its reason",
    async run(make) {
      const both = ["FRAME_NOT_BINARY", "FRAME_NOT_BINARY"];
      assert.deepEqual(await rude(make, '[{"type":"note","n":1}]'), both);
    },
  },
  {
    name: "a frame larger than is taken ends the connection with its reason",
    async run(make) {
      const both = ["FRAME_TOO_LARGE", "FRAME_TOO_LARGE"];
      const frame = frameOf({ type: "note", n: 1, text: "x".repeat(65_536) });
      assert.deepEqual(await rude(make, frame), both);
    },
  },
  {
    name: "a frame some times larger than is taken is told of, too",
    async run(make) {
      const both = ["FRAME_TOO_LARGE", "FRAME_TOO_LARGE"];
      assert.deepEqual(await rude(make, Buffer.alloc(3 * 64 * 1024, 0xc0)), both);
    },
  },
  {
    name: "a peer that takes no frame of the server's size says so before, or in closing",
    async run(make) {
      const server = await serve(make);
      const { link, messages, downs } = server.dial({ frameBytesMax: 100_000 });
      await until("open", () => link.state === "open");
      const peer = server.hellos[0]?.peer as Peer;
      const text = "x".repeat(100_000);
      assert.throws(() => peer.send({ type: "note", n: 1, text } as never), {
        code: "MESSAGE_TOO_LARGE",
        message: /has 1000\d\d bytes, a frame holds 100000/,
      });
      peer.send({ type: "note", n: 2 } as never);
      peer.flush();
      await until("what fits", () => messages.length === 1);
      assert.deepEqual(downs, []);
      const library = await server.welcomed();
      library.end(1009, "Message too big");
      await until("its end", () => server.closes.length === 1);
      assert.equal(server.closes[0]?.reason.code, "FRAME_TOO_LARGE");
      await server.stop();
    },
  },
  {
    name: "a frame far larger than is taken is not even collected",
    async run(make) {
      const [, seen] = await rude(make, Buffer.alloc(1 << 20, 0xc0));
      assert.equal(seen, "FRAME_TOO_LARGE");
    },
  },
  {
    name: "deep nesting is refused",
    async run(make) {
      const server = await serve(make);
      const peer = await server.welcomed();
      peer.sendBinary(nested());
      await until("the end", () => peer.ended !== undefined);
      assert.equal(peer.ended?.code, "FRAME_TOO_DEEP");
      await stillServes(server);
      await server.stop();
    },
  },
  {
    name: "truncated frames and frames that hold no messages are refused",
    async run(make) {
      const both = ["FRAME_MALFORMED", "FRAME_MALFORMED"];
      const good = frameOf({ type: "note", n: 1 });
      const bad: Uint8Array[] = [
        good.subarray(0, good.length - 1),
        Buffer.concat([good, Buffer.from([0xc0])]),
        Buffer.from([]),
        Buffer.from([0xc0]),
        Buffer.from([0x81, 0xa4, 0x74, 0x79, 0x70, 0x65, 0xa1, 0x78]),
        Buffer.from([0x91, 0x01]),
        Buffer.from([0x91, 0x80]),
        Buffer.from([0x91, 0x81, 0xa4, 0x74, 0x79, 0x70, 0x65, 0x05]),
        Buffer.from([0xdd, 0xff, 0xff, 0xff, 0xff]),
        Buffer.from([0x91, 0xd6, 0xff, 0, 0, 0, 0]),
      ];
      for (const bytes of bad) assert.deepEqual(await rude(make, bytes), both);
    },
  },
  {
    name: "random bytes end the connection with a coded reason and hurt nobody else",
    async run(make) {
      const server = await serve(make);
      const known = new Set(Object.keys(closeCodes));
      const random = new Random(60);
      for (let run = 0; run < 60; run++) {
        const noise = Uint8Array.from({ length: 1 + random.below(200) }, () => random.below(256));
        // An empty array is a frame of no messages; everything else is refused.
        if (noise.length === 1 && noise[0] === 0x90) continue;
        const peer = random.chance(0.5) ? await server.raw() : await server.welcomed();
        peer.sendBinary(noise);
        await until("the end", () => peer.ended !== undefined);
        const said = `${peer.ended?.code} to ${Buffer.from(noise).toString("hex")}`;
        assert.ok(known.has(peer.ended?.code ?? ""), said);
        assert.notEqual(peer.ended?.code, "CONNECTION_LOST", said);
      }
      assert.equal(server.messages.length, 0);
      await stillServes(server);
      await server.stop();
    },
  },
  {
    name: "a slow reader is cut off with its reason, and what waited for it is freed",
    async run(make) {
      const queueBytesMax = 1 << 20;
      const server = await serve(make, { queueBytesMax, frameBytesMax: 128 * 1024 });
      const slow = await server.welcomed();
      const good = await server.welcomed();
      const [slowPeer, goodPeer] = server.hellos.map(({ peer }) => peer);
      assert.ok(slowPeer !== undefined && goodPeer !== undefined);
      slow.pause();
      const text = "x".repeat(60_000);
      let most = 0;
      // Loopback sockets swallow some megabytes before any pressure shows.
      for (let n = 0; n < 2_000 && slowPeer.isOpen; n++) {
        slowPeer.send({ type: "note", n, text } as never);
        most = Math.max(most, slowPeer.bufferedBytes);
        server.under.transport.server.flushAll();
        if (n % 10 === 0) await new Promise((resolve) => setImmediate(resolve));
      }
      assert.equal(slowPeer.isOpen, false, "it was never cut off");
      assert.equal(slowPeer.bufferedBytes, 0, "what waited for it is freed with the cut");
      assert.ok(most <= queueBytesMax + 2 * 60_100, `${most} bytes were buffered`);
      await until("the end", () => server.closes.length === 1);
      assert.equal(server.closes[0]?.reason.code, "SLOW_READER");
      assert.equal(server.closes[0]?.reason.byPeer, false);
      assert.equal(server.closes[0]?.peer.id, slowPeer.id);
      slowPeer.send({ type: "note", n: 0 } as never);
      assert.equal(slowPeer.bufferedBytes, 0);
      slow.resume();
      await until("the socket's end", () => slow.ended !== undefined);
      goodPeer.send({ type: "note", n: 1 } as never);
      server.under.transport.server.flushAll();
      await until("the good one", () => good.received.length === 2);
      await server.stop();
    },
  },
  {
    name: "connections beyond the bound are refused, and taken again when others have gone",
    async run(make) {
      const server = await serve(make, { connectionsMax: 2 });
      const first = await server.welcomed();
      await server.welcomed();
      await assert.rejects(server.raw());
      first.cut();
      await until("room", () => server.closes.length === 1);
      await server.welcomed();
      await server.stop();
    },
  },
  {
    name: "one address gets no more connections than its bound",
    async run(make) {
      const server = await serve(make, { connectionsPerAddressMax: 1 });
      const only = await server.welcomed();
      await assert.rejects(server.raw());
      only.cut();
      await until("room", () => server.closes.length === 1);
      await server.welcomed();
      await server.stop();
    },
  },
];
