import { afterAll, expect, test } from "vitest";
import { FAIR_BYTES, HttpMemory } from "../../plugins/transports/uws-msgpack/http-memory.ts";
import { pause, until } from "../support/until.ts";
import { type HttpBench, httpBench } from "./http-bench.ts";

const MIB = 1 << 20;

interface Count {
  readonly memory: HttpMemory;
  readonly bench: HttpBench;
  /** Bytes that the handler has read. */
  read: number;
  /** Lets the handler read on; it waits before each piece while there is one. */
  gate?: Promise<void>;
  problem?: unknown;
}

const benches: HttpBench[] = [];
afterAll(async () => {
  for (const bench of benches) await bench.stop();
});

/** A server of one test's own that counts what it is sent. */
async function counting(): Promise<Count> {
  const memory = new HttpMemory(MIB);
  const bench = await httpBench({ memory, answerDeadlineMs: 500, bodyDeadlineMs: 500 });
  const count: Count = { memory, bench, read: 0 };
  benches.push(bench);
  bench.router.route("POST", "/count", async (exchange) => {
    try {
      for await (const chunk of exchange.openBody()) {
        count.read += chunk.length;
        await count.gate;
      }
      exchange.respond(200, {}, String(count.read));
    } catch (thrown) {
      count.problem = thrown;
      throw thrown;
    }
  });
  bench.router.route("POST", "/early", async (exchange) => {
    for await (const _ of exchange.openBody()) break;
    exchange.respond(200, {}, "enough");
  });
  return count;
}

const head = (path: string) =>
  `POST ${path} HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n`;
const chunk = (text: string) => `${text.length.toString(16)}\r\n${text}\r\n`;

test("a body is handed out as it comes, for longer than bodies and answers may take", async () => {
  const count = await counting();
  const raw = await count.bench.socket();
  raw.socket.write(head("/count"));
  for (let at = 1; at <= 8; at++) {
    raw.socket.write(chunk("x"));
    await until("the piece", () => count.read === at);
    await pause(150);
  }
  raw.socket.write("0\r\n\r\n");
  await until("the answer", () => raw.text().endsWith("\r\n\r\n8"));
  expect(raw.text()).toContain("200 OK");
});

// These two wait, so they wait at the same time.
test.concurrent("who sends now and then is not given up, also while nobody reads", async () => {
  const count = await counting();
  const [slow, held] = [await count.bench.socket(), await count.bench.socket()];
  slow.socket.write(head("/count") + chunk("a"));
  await until("the first", () => count.read === 1);
  let open = () => {};
  count.gate = new Promise((resolve) => {
    open = resolve;
  });
  held.socket.write(head("/count"));
  const piece = "y".repeat(60_000);
  for (let at = 0; at < 200; at++) held.socket.write(chunk(piece));
  await pause(13_000);
  expect([slow.isClosed, held.isClosed]).toEqual([false, false]);
  open();
  slow.socket.write(`${chunk("b")}0\r\n\r\n`);
  held.socket.write("0\r\n\r\n");
  await until("both answers", () => slow.text() !== "" && held.text() !== "");
  expect(count.read).toBe(2 + 200 * piece.length);
}, 60_000);

test.concurrent("a stream that may take long waits for a reader who takes nothing", async () => {
  const count = await counting();
  const bytes = 32 * MIB;
  const page = Buffer.alloc(FAIR_BYTES, "~");
  for (const path of ["/hasty", "/patient"]) {
    count.bench.router.route("GET", path, async (exchange) => {
      if (path === "/patient") exchange.waitLong();
      const stream = exchange.stream(200, {});
      const drained: (() => void)[] = [];
      stream.onDrained(() => {
        for (const wake of drained.splice(0)) wake();
      });
      for (let sent = 0; sent < bytes && stream.isOpen; sent += page.length) {
        if (!stream.write(page)) await new Promise<void>((wake) => drained.push(wake));
      }
      stream.end();
    });
  }
  const [hasty, patient] = [await count.bench.socket(), await count.bench.socket()];
  for (const raw of [hasty, patient]) raw.socket.pause();
  hasty.socket.write("GET /hasty HTTP/1.1\r\nhost: x\r\n\r\n");
  patient.socket.write("GET /patient HTTP/1.1\r\nhost: x\r\n\r\n");
  await pause(13_000);
  for (const raw of [hasty, patient]) raw.socket.resume();
  await until("the end", () => hasty.isClosed && patient.text().endsWith("\r\n0\r\n\r\n"));
  expect(patient.text().split("~").length - 1).toBe(bytes);
  expect(hasty.text().length).toBeLessThan(bytes);
}, 60_000);

test("what nobody reads waits at its sender", async () => {
  const count = await counting();
  let open = () => {};
  count.gate = new Promise((resolve) => {
    open = resolve;
  });
  const raw = await count.bench.socket();
  raw.socket.write(head("/count"));
  const bytes = 64 * MIB;
  for (let at = 0; at < bytes; at += MIB) raw.socket.write(chunk("z".repeat(MIB)));
  raw.socket.write("0\r\n\r\n");
  await pause(500);
  expect(raw.socket.writableLength).toBeGreaterThan(bytes / 2);
  expect(count.memory.isFull).toBe(false);
  open();
  await until("the answer", () => raw.text().endsWith(`\r\n\r\n${bytes}`));
}, 60_000);

test("an answer before the end drops the rest, and the connection goes on", async () => {
  const count = await counting();
  const raw = await count.bench.socket();
  raw.socket.write(head("/early") + chunk("a".repeat(1_000)));
  await until("the answer", () => raw.text().endsWith("enough"));
  for (let at = 0; at < 50; at++) raw.socket.write(chunk("b".repeat(100_000)));
  raw.socket.write(`0\r\n\r\n${head("/count")}${chunk("four")}0\r\n\r\n`);
  await until("the next answer", () => raw.text().endsWith("\r\n\r\n4"));
});

test("a sender that goes away is told to the reader, and holds nothing", async () => {
  const count = await counting();
  const raw = await count.bench.socket();
  raw.socket.write(head("/count") + chunk("abc"));
  await until("the piece", () => count.read === 3);
  raw.socket.destroy();
  await until("the end", () => count.problem !== undefined);
  expect(count.problem).toMatchObject({ code: "REQUEST_ABORTED" });
  await until("nothing is left", () => count.bench.open() === 0);
});

test("a body can be asked for once, and only at the beginning", async () => {
  const count = await counting();
  count.bench.router.route("POST", "/twice", async (exchange) => {
    exchange.openBody();
    await exchange.readBody(10);
  });
  count.bench.router.route("POST", "/late", async (exchange) => {
    await pause(1);
    exchange.openBody();
  });
  for (const path of ["/twice", "/late"]) {
    const { status } = await fetch(count.bench.url + path, { method: "POST", body: "x" });
    expect([path, status]).toEqual([path, 500]);
  }
});
