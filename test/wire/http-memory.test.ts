import { afterEach, beforeEach, expect, test } from "vitest";
import type { HttpStream, StreamEnd } from "../../contract/ports/http.ts";
import { FAIR_BYTES, HttpMemory } from "../../plugins/transports/uws-msgpack/http-memory.ts";
import { until } from "../support/until.ts";
import { type HttpBench, httpBench } from "./http-bench.ts";

const LARGE = 4 * FAIR_BYTES;
let memory: HttpMemory;
let bench: HttpBench;

beforeEach(async () => {
  memory = new HttpMemory(LARGE);
  bench = await httpBench({ memory, streamBytesMax: 1 << 24 });
  bench.router.route("POST", "/size", async (exchange) => {
    const body = await exchange.readBody(1 << 24);
    exchange.respond(200, {}, String(body.length));
  });
});
afterEach(() => bench.stop());

function post(bytes: number): Promise<Response> {
  return fetch(`${bench.url}/size`, { method: "POST", body: new Uint8Array(bytes) });
}

test("while others fill the memory, large bodies are refused and small ones are read", async () => {
  memory.take(LARGE + 1);
  const refused = await post(2 * FAIR_BYTES);
  expect(refused.status).toBe(503);
  expect(await refused.json()).toMatchObject({ code: "BODY_NO_ROOM" });
  expect(await (await post(FAIR_BYTES)).text()).toBe(String(FAIR_BYTES));
  memory.give(LARGE + 1);
  expect(await (await post(LARGE)).text()).toBe(String(LARGE));
});

test("a body counts until it is answered, or its client has gone", async () => {
  const raw = await bench.socket();
  const head = `POST /size HTTP/1.1\r\nhost: x\r\ncontent-length: ${1 << 20}\r\n\r\n`;
  raw.socket.write(head);
  raw.socket.write(new Uint8Array(LARGE + 1));
  await until("the body", () => memory.isFull);
  raw.socket.destroy();
  await until("room", () => !memory.isFull);
  expect((await post(LARGE)).status).toBe(200);
});

test("a length beyond what is read is refused before the body comes", async () => {
  const raw = await bench.socket();
  const bytes = (1 << 24) + 1;
  raw.socket.write(`POST /size HTTP/1.1\r\nhost: x\r\ncontent-length: ${bytes}\r\n\r\n`);
  await until("the end", () => raw.isClosed);
  expect(raw.text()).toContain("413 Payload Too Large");
});

test("while others fill the memory, a reader that is behind is cut off", async () => {
  const streams: HttpStream[] = [];
  const ends: StreamEnd[] = [];
  bench.router.route("GET", "/events", (exchange) => {
    const stream = exchange.stream(200, {});
    stream.onEnd((how) => ends.push(how));
    streams.push(stream);
  });
  const raw = await bench.socket();
  raw.socket.pause();
  raw.socket.write("GET /events HTTP/1.1\r\nhost: x\r\n\r\n");
  await until("the stream", () => streams.length === 1);
  const [stream] = streams;
  // Whatever the system's buffers take, some of this waits here.
  await until("a reader behind", () => {
    stream?.write(new Uint8Array(FAIR_BYTES / 2));
    return (stream?.bufferedBytes ?? 0) > FAIR_BYTES;
  });
  memory.take(LARGE);
  expect(stream?.write("more")).toBe(false);
  await until("the end", () => ends.length === 1);
  expect(ends).toEqual(["SLOW_READER"]);
  memory.give(LARGE);
  expect(memory.isFull).toBe(false);
});

test("answers that nobody reads are not piled up: the next request ends the connection", async () => {
  let asked = 0;
  const answer = Buffer.alloc(16 << 20);
  bench.router.route("GET", "/large", (exchange) => {
    asked += 1;
    exchange.respond(200, {}, answer);
  });
  const raw = await bench.socket();
  raw.socket.pause();
  raw.socket.write("GET /large HTTP/1.1\r\nhost: x\r\n\r\n".repeat(1_000));
  await until("the first", () => asked > 0);
  await until("the end", () => bench.open() === 0);
  expect(asked).toBe(1);
});

test("an answer that is read slowly arrives whole", async () => {
  const answer = Buffer.from(Array.from({ length: 1 << 22 }, (_, at) => at % 251));
  bench.router.route("GET", "/large", (exchange) => exchange.respond(200, {}, answer));
  const response = await fetch(`${bench.url}/large`);
  const parts: Uint8Array[] = [];
  for await (const part of response.body ?? []) parts.push(part);
  expect(Buffer.concat(parts).equals(answer)).toBe(true);
  await until("nothing is left", () => bench.open() === 0);
});

test("what many streams share counts once, may be more than one of them may hold, and arrives whole", async () => {
  const shared = Buffer.from(Array.from({ length: 5 << 20 }, (_, at) => at % 251));
  const room = new HttpMemory(6 << 20);
  const own = await httpBench({ memory: room, streamBytesMax: 1 << 20 });
  const streams: HttpStream[] = [];
  const ends: StreamEnd[] = [];
  own.router.route("GET", "/events", (exchange) => {
    const stream = exchange.stream(200, {});
    stream.onEnd((how) => ends.push(how));
    stream.write("first,");
    stream.writeShared(shared);
    streams.push(stream);
  });
  const idle = await own.socket();
  idle.socket.pause();
  idle.socket.write("GET /events HTTP/1.1\r\nhost: x\r\n\r\n");
  await until("one who does not read", () => streams.length === 1);
  const readers = [1, 2, 3].map(async () => {
    const response = await fetch(`${own.url}/events`);
    const parts: Uint8Array[] = [];
    for await (const part of response.body ?? []) parts.push(part);
    return Buffer.concat(parts);
  });
  await until("all of them", () => streams.length === 4);
  for (const stream of streams.slice(1)) {
    stream.write(",last");
    stream.end();
  }
  const whole = Buffer.concat([Buffer.from("first,"), shared, Buffer.from(",last")]);
  for (const text of await Promise.all(readers)) expect(text.equals(whole)).toBe(true);
  expect([streams[0]?.isOpen, room.isFull]).toEqual([true, false]);
  // What follows it counts against who does not read.
  streams[0]?.write(new Uint8Array(1 << 20));
  expect(streams[0]?.write("more")).toBe(false);
  await until("the ends", () => ends.length === 4);
  expect(ends).toContain("SLOW_READER");
  room.take((6 << 20) + 1);
  room.give(1);
  expect(room.isFull).toBe(false);
  await own.stop();
});
