import { strict as assert } from "node:assert";
import type { Refused, Welcome } from "../../contract/wire-protocol.ts";
import type { Rule } from "../rule.ts";
import { until } from "../until.ts";
import type { RawPeer } from "./raw.ts";
import { frameOf, helloOf, type MakeTransport, serve } from "./subject.ts";

async function endOf(peer: RawPeer): Promise<string> {
  await until("the end of the connection", () => peer.ended !== undefined);
  return peer.ended?.code ?? "";
}

/** Says something first on a fresh connection; answers what came back and how it ended. */
async function opening(make: MakeTransport, frame: Buffer): Promise<readonly [unknown[], string]> {
  const server = await serve(make);
  try {
    const peer = await server.raw();
    peer.sendBinary(frame);
    const code = await endOf(peer);
    assert.equal(server.hellos.length, 0, "the kernel heard of it");
    assert.equal(server.closes.length, 0, "the kernel heard of the end of what it never knew");
    return [[...peer.received], code];
  } finally {
    await server.stop();
  }
}

/** How connections begin. */
export const handshakeRules: readonly Rule<MakeTransport>[] = [
  {
    name: "a hello is welcomed with the server's id, version, heartbeat and limits",
    async run(make) {
      const server = await serve(make, { heartbeatMs: 777 });
      const { link, welcomes } = server.dial({ name: "host-7", token: "secret" });
      await until("open", () => link.state === "open");
      const { welcome } = welcomes[0] as { welcome: Welcome };
      assert.equal(welcome.server, "m1");
      assert.equal(welcome.tepui, 1);
      assert.equal(welcome.heartbeatMs, 777);
      assert.ok(welcome.frameBytesMax > 0 && welcome.frameMessagesMax > 0);
      const [{ hello, peer } = { hello: undefined, peer: undefined }] = server.hellos;
      assert.equal(hello?.token, "secret");
      assert.equal(peer?.name, "host-7");
      assert.equal(peer?.kind, "agent");
      await server.stop();
    },
  },
  {
    name: "a refused hello is told why, and a final refusal ends the link",
    async run(make) {
      const refusal = { code: "AGENT_GONE", message: "it was marked gone", hint: "x", final: true };
      const onHello = () => ({ accept: false, refusal }) as const;
      const server = await serve(make, {}, { onHello });
      const { link, closes, welcomes } = server.dial();
      await until("closed", () => closes.length === 1);
      assert.equal(link.state, "closed");
      assert.equal(closes[0]?.reason.code, "HELLO_REFUSED");
      assert.deepEqual(closes[0]?.refused, { type: "refused", ...refusal });
      assert.equal(welcomes.length, 0);
      assert.equal(server.closes.length, 0, "the kernel heard of the end of what it refused");
      await server.stop();
    },
  },
  {
    name: "an answer may take its time; frames that come before it break the handshake",
    async run(make) {
      let answer: (value: { accept: true; welcome: never }) => void = () => {};
      const onHello = () =>
        new Promise<never>((resolve) => {
          answer = resolve as never;
        });
      const server = await serve(make, {}, { onHello });
      const hasty = await server.raw();
      hasty.sendBinary(frameOf(helloOf()));
      hasty.sendBinary(frameOf({ type: "note", n: 1 }));
      assert.equal(await endOf(hasty), "HELLO_EXPECTED");
      const welcome = { server: "m1", software: "t" } as never;
      answer({ accept: true, welcome });
      // It was accepted after its end, so the kernel has to hear of that end.
      await until("the late end", () => server.closes.length === 1);
      const patient = await server.raw();
      patient.sendBinary(frameOf(helloOf()));
      await until("the hello", () => server.hellos.length === 2);
      answer({ accept: true, welcome });
      await until("the welcome", () => patient.received[0]?.type === "welcome");
      assert.equal(server.messages.length, 0);
      await server.stop();
    },
  },
  {
    name: "an unknown version is refused with the one that is spoken, whatever else it holds",
    async run(make) {
      const later = { type: "hello", tepui: 2, whatever: [1, 2] };
      const [[refused], code] = await opening(make, frameOf(later));
      assert.equal(code, "VERSION_UNKNOWN");
      assert.equal((refused as Refused).code, "VERSION_UNKNOWN");
      assert.match((refused as Refused).hint ?? "", /version 1/);
    },
  },
  {
    name: "a hello of the wrong shape is refused and says which field",
    async run(make) {
      const [[refused], code] = await opening(make, frameOf(helloOf({ name: 7 })));
      assert.equal(code, "HELLO_INVALID");
      assert.match((refused as Refused).message, /\/name must be text/);
    },
  },
  {
    name: "a kind of peer that is not served is refused",
    async run(make) {
      const [[refused], code] = await opening(make, frameOf(helloOf({ peer: "executor" })));
      assert.equal(code, "HELLO_REFUSED");
      assert.equal((refused as Refused).code, "PEER_KIND_REFUSED");
    },
  },
  {
    name: "a message before the hello ends the connection",
    async run(make) {
      const [answers, code] = await opening(make, frameOf({ type: "note", n: 1 }));
      assert.equal(code, "HELLO_EXPECTED");
      assert.deepEqual(answers, []);
    },
  },
  {
    name: "a hello must be alone in its frame",
    async run(make) {
      const [, code] = await opening(make, frameOf(helloOf(), { type: "note", n: 1 }));
      assert.equal(code, "HELLO_EXPECTED");
    },
  },
  {
    name: "a hello larger than a hello may be is not read",
    async run(make) {
      const [, code] = await opening(make, frameOf(helloOf({ more: "x".repeat(10_000) })));
      assert.equal(code, "FRAME_TOO_LARGE");
    },
  },
  {
    name: "a connection without a hello ends at the deadline",
    async run(make) {
      const server = await serve(make, { helloDeadlineMs: 40 });
      const peer = await server.raw();
      assert.equal(await endOf(peer), "HELLO_LATE");
      await server.stop();
    },
  },
  {
    name: "a second hello ends the connection",
    async run(make) {
      const server = await serve(make);
      const peer = await server.welcomed();
      peer.sendBinary(frameOf(helloOf()));
      assert.equal(await endOf(peer), "HELLO_REPEATED");
      await until("closed", () => server.closes.length === 1);
      assert.equal(server.closes[0]?.reason.code, "HELLO_REPEATED");
      assert.equal(server.closes[0]?.reason.byPeer, false);
      await server.stop();
    },
  },
  {
    name: "a hello handler that throws costs that peer its connection and nobody else anything",
    async run(make) {
      let calls = 0;
      const onHello = () => {
        if (calls++ === 0) throw new Error("a mistake");
        return { accept: true, welcome: { server: "m1", software: "t" } } as const;
      };
      const server = await serve(make, {}, { onHello });
      const unlucky = await server.raw();
      unlucky.sendBinary(frameOf(helloOf()));
      assert.equal(await endOf(unlucky), "INTERNAL");
      await server.welcomed();
      await server.stop();
    },
  },
  {
    name: "what the kernel sends while it says yes comes after the welcome",
    async run(make) {
      const server = await serve(
        make,
        {},
        {
          onHello(peer) {
            peer.send({ type: "first", n: 1 } as never);
            return { accept: true, welcome: { server: "m1", software: "t" } };
          },
        },
      );
      const peer = await server.welcomed();
      await until("both", () => peer.received.length === 2);
      assert.deepEqual(
        peer.received.map(({ type }) => type),
        ["welcome", "first"],
      );
      await server.stop();
    },
  },
];
