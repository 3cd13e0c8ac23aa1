import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { afterAll, beforeAll, expect, test } from "vitest";
import { writeProto } from "../../plugins/transports/mesos-v1-http/codec/proto-write.ts";
import { Call } from "../../plugins/transports/mesos-v1-http/definitions/scheduler.ts";
import { subscribeCall } from "./support/client.ts";
import { ScriptedMaster } from "./support/scripted-master.ts";

// The next scheduled heartbeat is an hour away: whatever arrives was sent for its own sake.
let master: ScriptedMaster;
beforeAll(async () => {
  master = await ScriptedMaster.start({ heartbeatMs: 3_600_000 });
});
afterAll(() => master.stop());

const frameworkId = "bytes-1";
const events = ["O1", "O2", "O3"].map((id) => ({ type: "rescind", offerId: id }) as never);

/** A bare socket and all that has come over it. */
class Bytes {
  readonly socket: Socket;
  #all: Buffer = Buffer.alloc(0);

  constructor(port: number) {
    this.socket = connect(port, "127.0.0.1");
    this.socket.on("data", (more: Buffer) => {
      this.#all = Buffer.concat([this.#all, more]);
    });
  }

  /** Waits until `found` finds something in all that has arrived. */
  async until<T>(found: (bytes: Buffer) => T | undefined): Promise<T> {
    for (;;) {
      const result = found(this.#all);
      if (result !== undefined) return result;
      await once(this.socket, "data");
    }
  }
}

/** Subscribes on a bare socket. */
function subscribe(type: "json" | "x-protobuf"): Bytes {
  const call = subscribeCall({ id: { value: frameworkId } });
  const body = Buffer.from(
    type === "json" ? JSON.stringify(call) : writeProto(Call, call as never),
  );
  const media = `application/${type}`;
  const lines = ["POST /api/v1/scheduler HTTP/1.1", "Host: m", `Content-Type: ${media}`];
  lines.push(`Accept: ${media}`, `Content-Length: ${body.length}`, "", "");
  const bytes = new Bytes(master.port);
  bytes.socket.write(Buffer.concat([Buffer.from(lines.join("\r\n")), body]));
  return bytes;
}

/** The chunks whose closing line end is here, as a client sees them that waits for it. */
function closedChunks(bytes: Buffer): Buffer[] {
  const chunks: Buffer[] = [];
  let at = bytes.indexOf("\r\n\r\n") + 4;
  while (at >= 4 && at < bytes.length) {
    const lineEnd = bytes.indexOf("\r\n", at);
    if (lineEnd < 0) break;
    const size = Number.parseInt(bytes.toString("latin1", at, lineEnd), 16);
    const end = lineEnd + 2 + size;
    if (bytes.length < end + 2) break;
    expect(bytes.toString("latin1", end, end + 2)).toBe("\r\n");
    chunks.push(bytes.subarray(lineEnd + 2, end));
    at = end + 2;
  }
  return chunks;
}

test.each(["json", "x-protobuf"] as const)(
  "head, and each event as a whole chunk, arrive without waiting for another event: %s",
  async (type) => {
    const stream = subscribe(type);
    const head = await stream.until((bytes) => {
      const end = bytes.indexOf("\r\n\r\n");
      return end < 0 ? undefined : bytes.toString("latin1", 0, end);
    });
    expect(head).toMatch(/^HTTP\/1\.1 200 OK\r\n/);
    expect(head).toMatch(/\r\ntransfer-encoding: chunked/i);
    // A chunk holds one record: the whole of it, and nothing else (§3.2).
    for (const [at, event] of events.entries()) {
      master.tell(frameworkId, event);
      const id = `O${at + 1}`;
      const chunk = await stream.until((bytes) =>
        closedChunks(bytes).find((one) => one.includes(id)),
      );
      const newline = chunk.indexOf("\n");
      expect(Number(chunk.toString("latin1", 0, newline))).toBe(chunk.length - newline - 1);
    }
    stream.socket.destroy();
  },
);

test("a client that reads line by line sees each event at once", async () => {
  const stream = subscribe("json");
  const lines = (bytes: Buffer): string[] => {
    const end = bytes.indexOf("\r\n\r\n");
    // The sizes and ends of the chunks are not the client's business.
    const text = bytes.toString("utf8", end + 4).replaceAll(/(\r\n)?[0-9a-f]+\r\n/g, "");
    return text.split("\n").slice(0, -1);
  };
  await stream.until((bytes) => lines(bytes).find((line) => line.includes("SUBSCRIBED")));
  for (const [at, event] of events.entries()) {
    master.tell(frameworkId, event);
    const id = `"O${at + 1}"`;
    const line = await stream.until((bytes) => lines(bytes).find((one) => one.includes(id)));
    expect(JSON.parse(line.replace(/\d+$/, ""))).toMatchObject({ type: "RESCIND" });
  }
  stream.socket.destroy();
});

test("without the padding the last event waits for the next one", async () => {
  const bare = await ScriptedMaster.start({ heartbeatMs: 3_600_000, padStreams: false });
  const padded = master;
  master = bare;
  const stream = subscribe("json");
  const both = stream.until((bytes) => {
    const all = closedChunks(bytes).join("");
    return all.includes("O2") ? all : undefined;
  });
  await bare.heard("subscribe");
  for (const event of events) bare.tell(frameworkId, event);
  expect(await both).not.toContain("O3");
  master = padded;
  stream.socket.destroy();
  await bare.stop();
});
