import { strict as assert } from "node:assert";
import type { Peer } from "../../contract/ports/transport.ts";
import { hubSettings } from "../../wire/index.ts";
import type { Rule } from "../rule.ts";
import { pause, until } from "../until.ts";
import {
  dialWith,
  frameOf,
  type MakeTransport,
  serve,
  type TransportUnderTest,
} from "./subject.ts";

/** How connections end, and begin again. */
export const endRules: readonly Rule<MakeTransport>[] = [
  {
    name: "an abrupt disconnect is reported once, as the peer's doing",
    async run(make) {
      const server = await serve(make);
      const peer = await server.welcomed();
      peer.cut();
      await until("closed", () => server.closes.length === 1);
      assert.equal(server.closes[0]?.reason.code, "CONNECTION_LOST");
      assert.equal(server.closes[0]?.reason.byPeer, true);
      assert.equal(server.closes[0]?.peer.isOpen, false);
      await pause(20);
      assert.equal(server.closes.length, 1);
      await server.stop();
    },
  },
  {
    name: "a link that closes delivers what it had queued, and both sides know why",
    async run(make) {
      const server = await serve(make);
      const { link, closes } = server.dial();
      await until("open", () => link.state === "open");
      link.send({ type: "note", n: 1 } as never);
      await link.close("done");
      assert.equal(link.state, "closed");
      assert.equal(link.send({ type: "note", n: 2 } as never), false);
      await until("the end", () => server.closes.length === 1 && closes.length === 1);
      assert.equal(server.messages.length, 1);
      assert.deepEqual(server.closes[0]?.reason, { code: "CLOSED", message: "done", byPeer: true });
      await server.stop();
      assert.equal(closes.length, 1);
    },
  },
  {
    name: "a peer that the server closes gets what was queued, then the reason, and dials again",
    async run(make) {
      const server = await serve(make);
      const { link, messages, downs, welcomes } = server.dial();
      await until("open", () => link.state === "open");
      const peer = server.hellos[0]?.peer as Peer;
      peer.send({ type: "note", n: 1 } as never);
      peer.close("REPLACED", "a newer one");
      assert.equal(server.closes.length, 0, "onClosed was called from inside close");
      await until("down", () => downs.length === 1 && server.closes.length === 1);
      assert.equal(messages.length, 1);
      assert.equal(downs[0]?.reason.code, "REPLACED");
      assert.equal(downs[0]?.reason.message, "a newer one");
      assert.equal(server.closes[0]?.reason.byPeer, false);
      await until("open again", () => welcomes.length === 2);
      await server.stop();
    },
  },
  {
    name: "a server that closes delivers what it had queued, says why, and takes nobody else",
    async run(make) {
      const server = await serve(make);
      const peers = [await server.welcomed(), await server.welcomed(), await server.welcomed()];
      for (const { peer } of server.hellos) {
        for (let n = 0; n < 1000; n++)
          peer.send({ type: "note", n, text: "x".repeat(500) } as never);
      }
      await server.under.transport.server.close(60_000);
      for (const peer of peers) {
        await until("the end", () => peer.ended !== undefined);
        assert.equal(peer.ended?.code, "SHUTTING_DOWN");
        assert.equal(peer.received.length, 1001);
      }
      await until("all ends", () => server.closes.length === 3);
      assert.ok(server.closes.every(({ reason }) => reason.code === "SHUTTING_DOWN"));
      await assert.rejects(server.raw());
      await server.stop();
    },
  },
  {
    name: "a server that closes does not wait for a peer that never reads",
    async run(make) {
      const server = await serve(make);
      const peer = await server.welcomed();
      peer.pause();
      const text = "x".repeat(100_000);
      for (let n = 0; n < 120; n++) server.hellos[0]?.peer.send({ type: "note", n, text } as never);
      const startMs = performance.now();
      await server.under.transport.server.close(100);
      // Nor until it is given up as silent, after three heartbeats.
      assert.ok(performance.now() - startMs < 3 * hubSettings().heartbeatMs);
      await until("reported", () => server.closes.length === 1);
      await server.stop();
    },
  },
  {
    name: "a link finds its server again after it was away, and drops what the gap made stale",
    async run(make) {
      const server = await serve(make);
      const { link, welcomes, downs } = server.dial();
      await until("open", () => link.state === "open");
      for (let round = 1; round <= 3; round++) {
        server.hellos.at(-1)?.peer.close("SESSION_ENDED", `round ${round}`);
        await until("down", () => downs.length === round);
        assert.equal(link.send({ type: "note", n: 1 } as never), link.state === "open");
        await until("open again", () => welcomes.length === round + 1);
      }
      assert.equal(downs.length, 3);
      await server.stop();
    },
  },
  {
    name: "addresses are tried in turn until one answers",
    async run(make) {
      const server = await serve(make);
      const dialled = dialWith(server.under.transport, { addresses: ["127.0.0.1:1", server.at] });
      await until("open", () => dialled.link.state === "open");
      assert.ok(dialled.welcomes[0]?.address.includes(server.at));
      await dialled.link.close();
      await server.stop();
    },
  },
  {
    name: "a redirect of a standby is followed; one without an address is waited out",
    async run(make) {
      const leader = await serve(make);
      let redirect: string | undefined;
      const onHello = () => {
        const refusal = { code: "NOT_LEADER", message: "this one stands by" };
        return {
          accept: false,
          refusal: redirect === undefined ? refusal : { ...refusal, redirect },
        } as const;
      };
      const under = leader.under;
      const standby = await serve(() => secondServer(make, under), {}, { onHello });
      const dialled = dialWith(under.transport, { addresses: [standby.at] });
      await until("refused", () => dialled.downs.length >= 1);
      assert.equal(dialled.downs[0]?.refused?.code, "NOT_LEADER");
      redirect = leader.at;
      await until("open", () => dialled.link.state === "open");
      assert.ok(dialled.welcomes[0]?.address.includes(leader.at));
      await dialled.link.close();
      await standby.stop();
      await leader.stop();
    },
  },
  {
    name: "heartbeats keep a quiet connection, and a server's silence is noticed",
    async run(make) {
      const heartbeatMs = 300;
      const server = await serve(make, { heartbeatMs });
      const { link, downs } = server.dial();
      await until("open", () => link.state === "open");
      await pause(6 * heartbeatMs);
      assert.equal(link.state, "open");
      assert.equal(server.closes.length, 0);
      assert.equal(downs.length, 0);
      await server.stop();
    },
  },
  {
    name: "a peer that falls silent is given up after three heartbeats",
    async run(make) {
      const server = await serve(make, { heartbeatMs: 30 });
      const peer = await server.welcomed();
      peer.pause();
      await until("given up", () => server.closes.length === 1);
      assert.equal(server.closes[0]?.reason.code, "PEER_SILENT");
      assert.equal(server.closes[0]?.reason.byPeer, false);
      peer.resume();
      await server.stop();
    },
  },
  {
    name: "an address that is taken is refused with its code",
    async run(make) {
      const server = await serve(make);
      const second = await secondServer(make, server.under);
      const handlers = { onHello: () => ({}) as never, onMessages() {}, onClosed() {} };
      const where = { ...server.address, peers: {} };
      await assert.rejects(second.transport.server.listen(where, handlers), {
        code: "LISTEN_FAILED",
      });
      await second.transport.server.close(0);
      await server.stop();
    },
  },
  {
    name: "frames that were sent before the end are all heard before the end",
    async run(make) {
      const server = await serve(make);
      const peer = await server.welcomed();
      for (let n = 0; n < 200; n++) peer.sendBinary(frameOf({ type: "note", n }));
      peer.sendBinary(frameOf({ type: "hello" }));
      await until("closed", () => server.closes.length === 1);
      assert.equal(server.messages.length, 200);
      await server.stop();
    },
  },
];

/** Another server that can be dialled from the first one's transport. */
function secondServer(make: MakeTransport, first: TransportUnderTest): Promise<TransportUnderTest> {
  return first.beside?.() ?? make({});
}
