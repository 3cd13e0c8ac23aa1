import { get as httpGet, type IncomingMessage } from "node:http";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { HttpStream, StreamEnd } from "../../contract/ports/http.ts";
import { pause, until } from "../support/until.ts";
import { chunksOf, type HttpBench, httpBench } from "./http-bench.ts";

const STREAM_BYTES_MAX = 1 << 20;
let bench: HttpBench;
let streams: HttpStream[];
let ends: StreamEnd[];

beforeEach(async () => {
  streams = [];
  ends = [];
  bench = await httpBench({ streamBytesMax: STREAM_BYTES_MAX });
  bench.router.route("GET", "/events", (exchange) => {
    const stream = exchange.stream(200, { "content-type": "application/json", "x-id": "7" });
    stream.onEnd((how) => ends.push(how));
    streams.push(stream);
  });
});
afterEach(() => bench.stop());

interface Client {
  readonly response: IncomingMessage;
  readonly chunks: string[];
  readonly isEnded: boolean;
}

async function subscribe(): Promise<{ stream: HttpStream; client: Promise<Client> }> {
  const before = streams.length;
  const client = new Promise<Client>((resolve, reject) => {
    const sent = httpGet(`${bench.url}/events`, (response) => {
      const chunks: string[] = [];
      let isEnded = false;
      response.on("data", (chunk: Buffer) => chunks.push(chunk.toString()));
      response.on("end", () => {
        isEnded = true;
      });
      response.on("error", () => {});
      resolve({
        response,
        chunks,
        get isEnded() {
          return isEnded;
        },
      });
    });
    sent.on("error", reject);
  });
  client.catch(() => {});
  await until("the request", () => streams.length > before);
  return { stream: streams[before] as HttpStream, client };
}

test("a stream is chunked, has no length, and its head comes with the first chunk", async () => {
  const { stream, client } = await subscribe();
  expect(stream.write("hello")).toBe(true);
  const { response, chunks } = await client;
  expect(response.headers["transfer-encoding"]).toBe("chunked");
  expect(response.headers["content-length"]).toBeUndefined();
  expect(response.headers["x-id"]).toBe("7");
  await until("the chunk", () => chunks.length === 1);
});

test("each write is one chunk, however many are written at once", async () => {
  const raw = await bench.socket();
  raw.socket.write("GET /events HTTP/1.1\r\nhost: x\r\n\r\n");
  await until("the request", () => streams.length === 1);
  const [stream] = streams as [HttpStream];
  const records = Array.from({ length: 500 }, (_, n) => `${n}\nrecord ${"x".repeat(n)}`);
  for (const record of records.slice(0, 400)) stream.write(record);
  await until("400", () => chunksOf(raw.text()).length === 400);
  for (const record of records.slice(400)) {
    stream.write(Buffer.from(record));
    await new Promise((resolve) => setImmediate(resolve));
  }
  await until("all", () => chunksOf(raw.text()).length === 500);
  expect(chunksOf(raw.text())).toEqual(records);
});

test("an empty write is not the end", async () => {
  const { stream, client } = await subscribe();
  stream.write("one");
  stream.write("");
  stream.write("two");
  const { chunks } = await client;
  await until("both", () => chunks.length === 2);
  expect((await client).isEnded).toBe(false);
});

test("an end comes after what was written, and the connection can be used again", async () => {
  const { stream, client } = await subscribe();
  stream.write("a");
  stream.write("b");
  stream.end();
  expect(stream.isOpen).toBe(false);
  expect(stream.write("c")).toBe(false);
  const done = await client;
  await until("the end", () => done.isEnded && ends.length === 1);
  expect(done.chunks.join("")).toBe("ab");
  expect(ends).toEqual(["ended"]);
  await until("nothing is left", () => bench.open() === 0);
});

test("an abort is not taken for a proper end", async () => {
  const { stream, client } = await subscribe();
  stream.write("a");
  const { response } = await client;
  stream.abort();
  await until("the break", () => response.destroyed && ends.length === 1);
  expect(response.complete).toBe(false);
  expect(ends).toEqual(["aborted"]);
});

test("a client that goes away ends its stream, and writing on is a no-op", async () => {
  const { stream, client } = await subscribe();
  stream.write("a");
  (await client).response.destroy();
  await until("the end", () => ends.length === 1);
  expect(ends).toEqual(["aborted"]);
  expect([stream.isOpen, stream.write("b"), stream.bufferedBytes]).toEqual([false, false, 0]);
  stream.end();
  stream.abort();
  let late = "";
  stream.onEnd((how) => {
    late = how;
  });
  expect(late).toBe("aborted");
  await until("nothing is left", () => bench.open() === 0);
});

test("a reader that pauses is waited for, and misses nothing", async () => {
  const { stream, client } = await subscribe();
  const record = "y".repeat(10_000);
  let drained = 0;
  stream.onDrained(() => drained++);
  stream.write(record);
  const paused = await client;
  paused.response.pause();
  let written = 1;
  // Loopback sockets swallow some megabytes before any pressure shows.
  while (stream.write(record)) {
    written++;
    if (written % 5 === 0) await new Promise((resolve) => setImmediate(resolve));
  }
  written++;
  expect(stream.bufferedBytes).toBeLessThan(STREAM_BYTES_MAX);
  paused.response.resume();
  await until("the drain", () => drained === 1);
  const bytes = (): number => paused.chunks.reduce((sum, chunk) => sum + chunk.length, 0);
  await until("every byte, without another write", () => bytes() === written * record.length);
  expect(stream.write("z")).toBe(true);
});

test("a reader that never reads is cut off, and what waited for it is freed", async () => {
  const { stream, client } = await subscribe();
  stream.write("first");
  (await client).response.pause();
  let most = 0;
  for (let n = 0; n < 5_000 && stream.isOpen; n++) {
    stream.write("z".repeat(10_000));
    most = Math.max(most, stream.bufferedBytes);
    if (n % 10 === 0) await new Promise((resolve) => setImmediate(resolve));
  }
  await until("the end", () => ends.length === 1);
  expect(ends).toEqual(["SLOW_READER"]);
  expect(most).toBeLessThanOrEqual(STREAM_BYTES_MAX + 10_000);
  expect([stream.isOpen, stream.bufferedBytes]).toEqual([false, 0]);
});

test("a handler that fails after its stream began breaks the connection", async () => {
  bench.router.route("GET", "/half", async (exchange) => {
    exchange.stream(200, {}).write("half");
    await pause(20);
    throw new Error("a mistake");
  });
  const response = await fetch(`${bench.url}/half`);
  await expect(response.text()).rejects.toThrow();
});

test("a server that stops ends its streams properly", async () => {
  const { stream, client } = await subscribe();
  stream.write("last words");
  await bench.stop();
  const done = await client;
  await until("the end", () => done.isEnded && ends.length === 1);
  expect(done.chunks).toEqual(["last words"]);
  expect(ends).toEqual(["ended"]);
});
