/** A kind of hostile client; see `attacks`. */
export interface Attack {
  /** What one connection does; the next takes its place when it is done. */
  run(line: Line): Promise<void>;
  /** Reads nothing that comes, and so never sees an answer. */
  readonly isDeaf?: boolean;
}

/** One connection of a hostile client. */
export interface Line {
  readonly isOpen: boolean;
  /** Different for every connection. */
  readonly number: number;
  /** Sends bytes; resolves when the system has taken them, or the connection is over. */
  send(bytes: string | Uint8Array): Promise<void>;
  pause(ms: number): Promise<void>;
  /** Waits for an answer or the end. */
  answer(): Promise<void>;
  /** Ends it as a process that dies does: with a reset. */
  reset(): void;
}

const SCHEDULER = "/api/v1/scheduler";
const JSON_TYPE = "application/json";
const MIB = 1 << 20;
/** Long enough that only the other side can end it within a test. */
const LONG_MS = 120_000;

function head(more: readonly string[], path = SCHEDULER, method = "POST"): string {
  return [`${method} ${path} HTTP/1.1`, "Host: master", ...more, "", ""].join("\r\n");
}

function post(body: Uint8Array, type = JSON_TYPE): Buffer {
  const lines = [`Content-Type: ${type}`, `Content-Length: ${body.length}`];
  return Buffer.concat([Buffer.from(head(lines)), body]);
}

function subscription({ number }: Line): Buffer {
  const framework_info = { user: "u", name: `hostile-${number}`, roles: ["hostile"] };
  const capabilities = [{ type: "MULTI_ROLE" }];
  const subscribe = { framework_info: { ...framework_info, capabilities } };
  return Buffer.from(JSON.stringify({ type: "SUBSCRIBE", subscribe }));
}

/** Requests of several MB are built once. */
function once<T>(make: () => T): () => T {
  let made: T | undefined;
  return () => {
    made ??= make();
    return made;
  };
}

const bigText = once(() => post(Buffer.from(`{"type":"${"x".repeat(10 * MIB)}"}`)));
const hugeText = once(() => post(Buffer.alloc(17 * MIB, "[")));
const millionTasks = once(() => {
  const tasks = `[${Array(1_000_000).fill("{}").join()}]`;
  const call = `{"type":"RECONCILE","framework_id":{"value":"f"},"reconcile":{"tasks":${tasks}}}`;
  return post(Buffer.from(call));
});
const manyHeaders = once(() => head(Array.from({ length: 20_000 }, (_, at) => `X-${at}: y`)));
const longHeader = once(() => head([`X: ${"y".repeat(MIB)}`]));

/** Sends one request and waits for what comes of it. */
function told(request: () => string | Uint8Array): Attack {
  return {
    run: async (line) => {
      await line.send(request());
      await line.answer();
    },
  };
}

async function endlessChunks(line: Line, chunk: Buffer, everyMs: number): Promise<void> {
  await line.send(head([`Content-Type: ${JSON_TYPE}`, "Transfer-Encoding: chunked"]));
  const framed = Buffer.concat([
    Buffer.from(`${chunk.length.toString(16)}\r\n`),
    chunk,
    Buffer.from("\r\n"),
  ]);
  while (line.isOpen) {
    await line.send(framed);
    await line.pause(everyMs);
  }
}

/** The kinds of hostile clients, by name. */
export const attacks: Readonly<Record<string, Attack>> = {
  /** Subscribes, is offered what there is, and reads none of it. */
  slowReader: {
    isDeaf: true,
    run: async (line) => {
      await line.send(post(subscription(line)));
      await line.pause(LONG_MS);
    },
  },
  /** Asks for the largest views again and again, and reads none of them. */
  neverReads: {
    isDeaf: true,
    run: async (line) => {
      for (let at = 0; at < 500 && line.isOpen; at++) {
        await line.send(head([], "/state", "GET"));
        await line.pause(20);
      }
    },
  },
  /** Stops in the middle of the head, of the body, or before the first byte. */
  halfOpen: {
    run: async (line) => {
      const whole = head([`Content-Type: ${JSON_TYPE}`, "Content-Length: 1000"]);
      const parts = ["", whole.slice(0, 40), whole, `${whole}{"type":`];
      await line.send(parts[line.number % parts.length] as string);
      await line.pause(LONG_MS);
    },
  },
  bigBody: told(bigText),
  hugeBody: told(hugeText),
  millionElements: told(millionTasks),
  /** Chunks that come slowly for ever, and chunks that come as fast as they are taken. */
  endlessBody: {
    run: (line) =>
      line.number % 2 === 0
        ? endlessChunks(line, Buffer.from(" "), 500)
        : endlessChunks(line, Buffer.alloc(MIB, " "), 1),
  },
  headerFlood: {
    run: async (line) => {
      await line.send(line.number % 2 === 0 ? manyHeaders() : longHeader());
      await line.answer();
    },
  },
  invalidUtf8: told(() => post(Buffer.from([0x7b, 0x22, 0xff, 0xfe, 0xc3, 0x22, 0x7d]))),
  // Field 1 of a call is a message, and here a number; then a length far beyond the end.
  wrongWireType: told(() =>
    post(Buffer.from([0x08, 0x01, 0x1a, 0xff, 0xff, 0xff, 0x7f]), "application/x-protobuf"),
  ),
  /** Goes away in the middle of a body, with more requests behind it. */
  abortedPipeline: {
    isDeaf: true,
    run: async (line) => {
      const lines = [`Content-Type: ${JSON_TYPE}`, "Content-Length: 100"];
      await line.send(head([], "/state", "GET") + head([], "/slaves", "GET") + head(lines));
      await line.send(head([], "/health", "GET"));
      line.reset();
    },
  },
};
