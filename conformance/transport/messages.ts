import { strict as assert } from "node:assert";
import type { Peer } from "../../contract/ports/transport.ts";
import type { WireMessage } from "../../contract/wire-protocol.ts";
import type { Rule } from "../rule.ts";
import { pause, until } from "../until.ts";
import { frameOf, type MakeTransport, serve } from "./subject.ts";

const note = (n: number, more: object = {}): WireMessage => ({ type: "note", n, ...more }) as never;
const numberOf = (message: WireMessage): number => (message as unknown as { n: number }).n;
const upTo = (count: number): number[] => Array.from({ length: count }, (_, at) => at);

/** How messages travel. */
export const messageRules: readonly Rule<MakeTransport>[] = [
  {
    name: "10,000 messages each way arrive once and in order",
    async run(make) {
      const server = await serve(make);
      const { link, messages } = server.dial();
      await until("open", () => link.state === "open");
      const peer = server.hellos[0]?.peer as Peer;
      for (const n of upTo(10_000)) {
        assert.equal(link.send(note(n)), true);
        peer.send(note(n));
        if (n % 700 === 0) server.under.transport.server.flushAll();
        if (n % 900 === 0) await new Promise((resolve) => setImmediate(resolve));
      }
      server.under.transport.server.flushAll();
      await until("all up", () => server.messages.length >= 10_000);
      await until("all down", () => messages.length >= 10_000);
      assert.deepEqual(
        server.messages.map(({ message }) => numberOf(message)),
        upTo(10_000),
      );
      assert.deepEqual(messages.map(numberOf), upTo(10_000));
      await server.stop();
    },
  },
  {
    name: "what is sent in one turn arrives as one frame",
    async run(make) {
      const server = await serve(make);
      const { link } = server.dial();
      await until("open", () => link.state === "open");
      for (const n of upTo(100)) link.send(note(n));
      await until("all", () => server.messages.length === 100);
      assert.deepEqual(server.batches, [100]);
      await server.stop();
    },
  },
  {
    name: "the size of a frame comes with its messages, for bounds on what waits",
    async run(make) {
      const server = await serve(make);
      const raw = await server.welcomed();
      const frames = [frameOf(note(1)), frameOf(note(2, { text: "x".repeat(9_000) }), note(3))];
      for (const frame of frames) raw.sendBinary(frame);
      await until("all", () => server.messages.length === 3);
      assert.deepEqual(
        server.frameBytes,
        frames.map((frame) => frame.length),
      );
      await server.stop();
    },
  },
  {
    name: "nothing leaves the server before a flush",
    async run(make) {
      const server = await serve(make);
      const raw = await server.welcomed();
      const peer = server.hellos[0]?.peer as Peer;
      peer.send(note(1));
      await pause(30);
      assert.equal(raw.received.length, 1);
      assert.ok(peer.bufferedBytes > 0);
      server.under.transport.server.flushAll();
      await until("the note", () => raw.received.length === 2);
      await server.stop();
    },
  },
  {
    name: "messages carry every kind of value that JSON has, and bytes",
    async run(make) {
      const server = await serve(make);
      const { link, messages } = server.dial();
      await until("open", () => link.state === "open");
      const sent = note(0, {
        nothing: null,
        yes: true,
        whole: [0, -1, 127, 128, -33, 65_536, -70_000, 2 ** 40, -(2 ** 40), 2 ** 53 - 1],
        broken: [0.5, -1e300, Number.MIN_VALUE],
        text: ["", "é", "日本", "x".repeat(70_000), "𝄞"],
        nested: { a: { b: [{}, []] } },
        bytes: Buffer.from([0, 255, 7]),
      });
      const copy = structuredClone(sent) as object;
      link.send(sent);
      await until("up", () => server.messages.length === 1);
      const up = server.messages[0]?.message as { bytes?: Uint8Array };
      assert.deepEqual([...(up.bytes ?? [])], [0, 255, 7]);
      assert.deepEqual({ ...up, bytes: 0 }, { ...copy, bytes: 0 });
      server.hellos[0]?.peer.send(up as never);
      server.hellos[0]?.peer.flush();
      await until("down", () => messages.length === 1);
      assert.deepEqual({ ...messages[0], bytes: 0 }, { ...copy, bytes: 0 });
      await server.stop();
    },
  },
  {
    name: "a message is what it was when it was sent, whatever happens to the object later",
    async run(make) {
      const server = await serve(make);
      const { link } = server.dial();
      await until("open", () => link.state === "open");
      const changing = { type: "note", n: 1 };
      link.send(changing);
      changing.n = 2;
      await until("the note", () => server.messages.length === 1);
      assert.equal(numberOf(server.messages[0]?.message as WireMessage), 1);
      await server.stop();
    },
  },
  {
    name: "messages of unknown type or wrong shape are answered at once, and the rest counts",
    async run(make) {
      const server = await serve(make);
      const raw = await server.welcomed();
      raw.sendBinary(
        frameOf(note(1), { type: "nonsense", id: 7 }, { type: "note", n: "x", id: "q" }, note(2)),
      );
      await until("the good ones", () => server.messages.length === 2);
      await until("the answers", () => raw.received.length === 3);
      const [, unknown, invalid] = raw.received as unknown as Record<string, unknown>[];
      assert.equal(unknown?.["type"], "error");
      assert.equal(unknown?.["code"], "MESSAGE_TYPE_UNKNOWN");
      assert.equal(unknown?.["of"], "nonsense");
      assert.equal(unknown?.["id"], 7);
      assert.equal(invalid?.["code"], "MESSAGE_INVALID");
      assert.equal(invalid?.["where"], "/n");
      assert.equal(invalid?.["id"], "q");
      assert.equal(raw.ended, undefined);
      await server.stop();
    },
  },
  {
    name: "an error is never answered with an error",
    async run(make) {
      const server = await serve(make);
      const raw = await server.welcomed();
      raw.sendBinary(frameOf({ type: "error", code: "X", message: "y" }, note(1)));
      await until("the note", () => server.messages.length === 1);
      server.under.transport.server.flushAll();
      await pause(20);
      assert.equal(raw.received.length, 1);
      await server.stop();
    },
  },
  {
    name: "a message that no frame can carry is refused to its sender, and harms nothing else",
    async run(make) {
      const server = await serve(make, { frameBytesMax: 100_000 });
      const { link, messages } = server.dial();
      await until("open", () => link.state === "open");
      const peer = server.hellos[0]?.peer as Peer;
      const circle: { type: string; self?: unknown } = { type: "note" };
      circle.self = circle;
      const bad: [object, string][] = [
        [note(0, { text: "x".repeat(100_000) }), "MESSAGE_TOO_LARGE"],
        [circle, "MESSAGE_UNENCODABLE"],
        [note(0, { when: new Date() }), "MESSAGE_UNENCODABLE"],
        [note(0, { big: 2n ** 60n }), "MESSAGE_UNENCODABLE"],
        [note(0, { symbol: Symbol("x") }), "MESSAGE_UNENCODABLE"],
        [note(0, JSON.parse('{"__proto__":{"x":1}}')), "MESSAGE_UNENCODABLE"],
      ];
      // Spreading an own `__proto__` would lose it, so that one is made directly.
      bad[5] = [JSON.parse('{"type":"note","__proto__":{"x":1}}'), "MESSAGE_UNENCODABLE"];
      peer.send(note(1));
      for (const [message, code] of bad) {
        assert.throws(() => peer.send(message as never), { code });
        assert.throws(() => link.send(message as never), { code });
      }
      peer.send(note(2));
      peer.flush();
      link.send(note(3));
      await until("both down", () => messages.length === 2);
      await until("one up", () => server.messages.length === 1);
      await server.stop();
    },
  },
  {
    name: "more than fits one frame is split over several, in order",
    async run(make) {
      const server = await serve(make, { frameBytesMax: 64 * 1024 });
      const { link, messages } = server.dial();
      await until("open", () => link.state === "open");
      const peer = server.hellos[0]?.peer as Peer;
      for (const n of upTo(100)) {
        peer.send(note(n, { text: "x".repeat(10_000) }));
        link.send(note(n, { text: "x".repeat(10_000) }));
      }
      peer.flush();
      await until("down", () => messages.length === 100);
      await until("up", () => server.messages.length === 100);
      assert.ok(server.batches.length >= 16, `${server.batches.length} frames`);
      assert.deepEqual(messages.map(numberOf), upTo(100));
      assert.deepEqual(
        server.messages.map(({ message }) => numberOf(message)),
        upTo(100),
      );
      await server.stop();
    },
  },
  {
    name: "a message handler that throws costs that peer its connection and nobody else anything",
    async run(make) {
      const server = await serve(
        make,
        {},
        {
          onMessages(_, messages) {
            if (numberOf(messages[0] as WireMessage) === 13) throw new Error("a mistake");
          },
        },
      );
      const unlucky = await server.welcomed();
      const lucky = await server.welcomed();
      unlucky.sendBinary(frameOf(note(13)));
      await until("the end", () => unlucky.ended !== undefined);
      assert.equal(unlucky.ended?.code, "INTERNAL");
      lucky.sendBinary(frameOf(note(1)));
      await until("the other", () => server.messages.length === 2);
      assert.equal(lucky.ended, undefined);
      await server.stop();
    },
  },
];
