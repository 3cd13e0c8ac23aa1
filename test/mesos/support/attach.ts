import { type ClientRequest, request } from "node:http";
import { connect, type Socket } from "node:net";
import {
  Call,
  ProcessIO,
} from "../../../plugins/transports/mesos-v1-http/definitions/agent-call.ts";
import type { Message } from "../../../plugins/transports/mesos-v1-http/definitions/define.ts";
import {
  frameRecord,
  RecordReader,
} from "../../../plugins/transports/mesos-v1-http/http/record-io.ts";
import { until } from "../../support/until.ts";
import { bytesOf } from "../conformance/suite.ts";
import { type Answer, type Stream, stream } from "./client.ts";
import { encoded, type Wire } from "./framework.ts";

type V1Id = { readonly value: string; readonly parent?: V1Id };
type Io = Message<typeof ProcessIO>;

const types = { json: "application/json", protobuf: "application/x-protobuf" } as const;
const PATH = "/api/v1";

/** The answer to a call that streams output, and what has come of it. */
export class Output {
  readonly stream: Stream<typeof ProcessIO>;
  readonly #parts: { stdout: Buffer[]; stderr: Buffer[] } = { stdout: [], stderr: [] };
  heartbeats = 0;
  isEnded = false;

  private constructor(from: Stream<typeof ProcessIO>) {
    this.stream = from;
    void this.#read();
  }

  /** Sends a call, as a client does that takes records, or one of the plain types. */
  static async open(
    port: number,
    wire: Wire,
    call: object,
    accept: Readonly<Record<string, string>> = {
      accept: "application/recordio",
      "message-accept": types[wire],
    },
  ): Promise<Output> {
    const { headers, body } = encoded(wire, call, Call);
    const what = { headers: { ...headers, ...accept }, body, path: PATH };
    return new Output(await stream(port, what, ProcessIO));
  }

  async #read(): Promise<void> {
    for (let io = await this.stream.any(); io !== undefined; io = await this.stream.any()) {
      this.#take(io);
    }
    this.isEnded = true;
  }

  #take({ type, data, control }: Io): void {
    if (type === "CONTROL" && control?.type === "HEARTBEAT") this.heartbeats += 1;
    if (type !== "DATA") return;
    this.#parts[data?.type === "STDERR" ? "stderr" : "stdout"].push(bytesOf(data?.data));
  }

  get stdout(): Buffer {
    return Buffer.concat(this.#parts.stdout);
  }

  get stderr(): Buffer {
    return Buffer.concat(this.#parts.stderr);
  }

  /** Waits until it has written this. */
  async has(text: string | RegExp): Promise<void> {
    await until(`${text} in the output`, () => {
      const now = this.stdout.toString();
      return typeof text === "string" ? now.includes(text) : text.test(now);
    });
  }

  /** Waits until it is over; answers what it wrote. */
  async end(): Promise<{ stdout: string; stderr: string }> {
    await until("the end of the output", () => this.isEnded);
    return { stdout: this.stdout.toString(), stderr: this.stderr.toString() };
  }
}

/** A request that goes on: the input of a container. */
export class Input {
  readonly answer: Promise<Answer>;
  readonly #request: ClientRequest;
  readonly #wire: Wire;

  /** Begins the request; `id` is what to attach to, and its record is the first. */
  constructor(
    port: number,
    wire: Wire,
    id?: V1Id,
    headers: Readonly<Record<string, string>> = {
      "content-type": "application/recordio",
      "message-content-type": types[wire],
    },
  ) {
    this.#wire = wire;
    this.#request = request({ port, host: "127.0.0.1", method: "POST", path: PATH, headers });
    this.answer = new Promise((resolve, reject) => {
      this.#request.on("error", reject);
      this.#request.on("response", (response) => {
        const parts: Buffer[] = [];
        response.on("data", (part: Buffer) => parts.push(part));
        response.on("end", () => {
          const body = Buffer.concat(parts);
          const { statusCode: status = 0 } = response;
          resolve({ status, headers: response.headers, body, text: body.toString("utf8") });
        });
      });
    });
    this.answer.catch(() => {});
    if (id !== undefined) this.call({ type: "CONTAINER_ID", container_id: id });
  }

  /** Sends bytes as they are; false while they are not taken. */
  raw(bytes: string | Uint8Array): boolean {
    return this.#request.write(bytes);
  }

  /** Sends one record of the call. */
  call(attach_container_input: object): boolean {
    const call = { type: "ATTACH_CONTAINER_INPUT", attach_container_input };
    return this.raw(frameRecord(encoded(this.#wire, call, Call).body));
  }

  /** Sends input; none of it is its end. */
  say(text: string | Uint8Array): boolean {
    const data = { type: "STDIN", data: Buffer.from(text as string).toString("base64") };
    return this.call({ type: "PROCESS_IO", process_io: { type: "DATA", data } });
  }

  /** Says something else. */
  control(control: object): boolean {
    return this.call({ type: "PROCESS_IO", process_io: { type: "CONTROL", control } });
  }

  /** Waits until what was sent is taken. */
  async drained(): Promise<void> {
    if (!this.#request.writableNeedDrain) return;
    await new Promise<void>((resolve) => {
      this.#request.once("drain", resolve);
    });
  }

  get waitingBytes(): number {
    return this.#request.socket?.writableLength ?? 0;
  }

  /** Ends the request in order. */
  end(): Promise<Answer> {
    this.#request.end();
    return this.answer;
  }

  /** Goes away. */
  close(): void {
    this.#request.destroy();
  }
}

/** A request as the command lines of Mesos and DC/OS send it, byte for byte, and its answer. */
export class CommandLine {
  readonly #socket: Socket;
  text = "";
  isClosed = false;

  constructor(port: number, headers: Readonly<Record<string, string>>) {
    this.#socket = connect(port, "127.0.0.1");
    this.#socket.on("error", () => {});
    this.#socket.on("data", (bytes: Buffer) => {
      this.text += bytes.toString("latin1");
    });
    this.#socket.on("close", () => {
      this.isClosed = true;
    });
    const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
    const first = `POST ${PATH} HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\n`;
    const always = "Accept-Encoding: gzip, deflate\r\nConnection: close\r\n";
    this.#socket.write(`${first}${always}${lines.join("")}Transfer-Encoding: chunked\r\n\r\n`);
  }

  /** Sends a chunk; the empty one is the last. */
  send(bytes: string | Uint8Array): void {
    const body = Buffer.from(bytes as string);
    this.#socket.write(`${body.length.toString(16)}\r\n`);
    this.#socket.write(body);
    this.#socket.write("\r\n");
  }

  /** What the container has written, in chunks that are closed. */
  output(): string {
    const reader = new RecordReader();
    let output = "";
    let at = this.text.indexOf("\r\n\r\n") + 4;
    for (;;) {
      const lineEnd = this.text.indexOf("\r\n", at);
      const start = lineEnd + 2;
      const end = start + Number.parseInt(this.text.slice(at, lineEnd), 16);
      if (lineEnd < 0 || this.text.slice(end, end + 2) !== "\r\n") return output;
      for (const record of reader.push(Buffer.from(this.text.slice(start, end), "latin1"))) {
        const { data } = JSON.parse(Buffer.from(record).toString()) as { data?: { data: string } };
        output += Buffer.from(data?.data ?? "", "base64").toString();
      }
      at = end + 2;
    }
  }

  close(): void {
    this.#socket.destroy();
  }
}
