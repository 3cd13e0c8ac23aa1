import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { afterEach, expect, test } from "vitest";
import { frameOf, type Server, serve } from "../../conformance/transport/subject.ts";
import { PARTS_HEADER, WIRE_PATH } from "../../contract/wire-protocol.ts";
import { WHOLE_MAX } from "../../plugins/transports/uws-msgpack/large-frames.ts";
import { makeUws } from "../conformance/transports.ts";
import { until } from "../support/until.ts";

const MIB = 1024 * 1024;

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const clean of cleanups.splice(0).reverse()) await clean();
});

async function serving(settings: Parameters<typeof serve>[1] = {}): Promise<Server> {
  const server = await serve(makeUws, settings);
  cleanups.push(() => server.stop());
  return server;
}

interface Dialled {
  readonly socket: Socket;
  readonly answer: string;
  readonly hasEnded: () => boolean;
}

/** A client of no library: it asks for a WebSocket, and what it sends then is up to the test. */
async function dialRaw(server: Server, header = ""): Promise<Dialled> {
  const { host, port } = server.address;
  const socket = connect({ host, port });
  let ended = false;
  socket.on("error", () => {});
  socket.on("close", () => {
    ended = true;
  });
  cleanups.push(() => socket.destroy());
  socket.write(
    `GET ${WIRE_PATH} HTTP/1.1\r\nHost: ${host}:${port}\r\nUpgrade: websocket\r\n` +
      "Connection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n" +
      `Sec-WebSocket-Version: 13\r\n${header}\r\n`,
  );
  const [answer] = (await once(socket, "data")) as [Buffer];
  return { socket, answer: answer.toString(), hasEnded: () => ended };
}

/** The head of a binary message of so many bytes, masked with zeros, and its first few bytes. */
function begunMessage(bytes: number): Buffer {
  const head = Buffer.alloc(14 + 1024);
  head[0] = 0x82;
  head[1] = 0x80 | 127;
  head.writeBigUInt64BE(BigInt(bytes), 2);
  return head;
}

test("only few connections may make the server hold a large message that is not complete", async () => {
  const server = await serving();
  const many = await Promise.all(Array.from({ length: 40 }, () => dialRaw(server)));
  expect(many.every(({ answer }) => answer.includes(" 101 "))).toBe(true);
  for (const { socket } of many) socket.write(begunMessage(14 * MIB));
  const left = (): number => many.filter(({ hasEnded }) => !hasEnded()).length;
  await until("most are gone", () => left() === WHOLE_MAX);
  // Their places are not given away as soon as they are ended: the library still holds theirs.
  expect(left()).toBe(WHOLE_MAX);
});

test("who says that it sends parts gets none of those places", async () => {
  const server = await serving();
  const one = await dialRaw(server, `${PARTS_HEADER}: 1\r\n`);
  one.socket.write(begunMessage(14 * MIB));
  await until("it is gone", one.hasEnded);
});

test("places come back with the ends of those who sent nothing large", async () => {
  const server = await serving({ frameBytesMax: 64 * 1024 });
  for (let at = 0; at < 2 * WHOLE_MAX; at++) {
    const rude = await server.raw();
    rude.sendBinary(Buffer.from([0xc0]));
    await until("its end", () => rude.ended !== undefined);
  }
  const last = await server.raw();
  last.sendBinary(Buffer.alloc(100_000, 0xc0));
  await until("its end", () => last.ended !== undefined);
  expect(last.ended?.code).toBe("FRAME_TOO_LARGE");
});

test("a connection beyond those that may wait for a welcome is refused with a code", async () => {
  const server = await serving({ unwelcomedMax: 2, unwelcomedPerAddressMax: 2 });
  const [first] = await Promise.all([dialRaw(server), dialRaw(server)]);
  const { answer } = await dialRaw(server);
  expect(answer).toMatch(/^HTTP\/1.1 503 /);
  expect(answer).toMatch(/"code":"TOO_MANY_UNWELCOMED".*said hello yet/);
  first?.socket.destroy();
  const dialled = server.dial();
  await until("it is welcomed", () => dialled.welcomes.length === 1);
});

test("a frame of the largest size comes through in parts", async () => {
  const server = await serving();
  const { link, welcomes } = server.dial();
  await until("open", () => link.state === "open");
  expect(welcomes[0]?.welcome.messageBytesMax).toBe(16 * 1024);
  const text = "x".repeat(4 * MIB - 100);
  expect(link.send({ type: "note", n: 1, text } as never)).toBe(true);
  await until("it is there", () => server.messages.length === 1);
  expect(server.messages[0]?.message).toEqual({ type: "note", n: 1, text });
  expect(server.frameBytes[0]).toBe(frameOf({ type: "note", n: 1, text }).length);
});

test("a thousand agents of one address that dial at once are all welcomed", async () => {
  const server = await serving();
  const links = Array.from({ length: 1_000 }, () => server.dial());
  await until("all", () => links.every(({ welcomes }) => welcomes.length === 1));
  expect(links.every(({ downs }) => downs.length === 0)).toBe(true);
});

test("agents that find no place among the unwelcomed dial again, and none is left out", async () => {
  const server = await serving({ unwelcomedMax: 10, unwelcomedPerAddressMax: 10 });
  const links = Array.from({ length: 300 }, () => server.dial());
  await until("all", () => links.every(({ welcomes }) => welcomes.length === 1));
});
