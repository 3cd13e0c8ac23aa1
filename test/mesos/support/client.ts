import { type ClientRequest, type IncomingMessage, request } from "node:http";
import { readProto } from "../../../plugins/transports/mesos-v1-http/codec/proto-read.ts";
import { Event } from "../../../plugins/transports/mesos-v1-http/definitions/scheduler.ts";
import { RecordReader } from "../../../plugins/transports/mesos-v1-http/http/record-io.ts";
import type { SchedulerEvent } from "../../../plugins/transports/mesos-v1-http/map/scheduler-events.ts";

/** An answer that was read to its end. */
export interface Answer {
  readonly status: number;
  readonly headers: IncomingMessage["headers"];
  readonly body: Buffer;
  readonly text: string;
}

/** What to send. */
export interface Ask {
  readonly method?: string;
  readonly path?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: unknown;
}

const SCHEDULER = "/api/v1/scheduler";

function open(port: number, ask: Ask): ClientRequest {
  const {
    method = "POST",
    path = SCHEDULER,
    headers = { "content-type": "application/json" },
  } = ask;
  const sent = request({ port, host: "127.0.0.1", method, path, headers: { ...headers } });
  const { body } = ask;
  if (body === undefined) sent.end();
  else if (typeof body === "string" || body instanceof Uint8Array) sent.end(body);
  else sent.end(JSON.stringify(body));
  return sent;
}

/** Sends a request and reads its whole answer. */
export function ask(port: number, what: Ask): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const sent = open(port, what);
    sent.on("error", reject);
    sent.on("response", (response) => {
      const parts: Buffer[] = [];
      response.on("data", (part: Buffer) => parts.push(part));
      response.on("error", reject);
      response.on("end", () => {
        const body = Buffer.concat(parts);
        const { statusCode: status = 0, headers } = response;
        resolve({ status, headers, body, text: body.toString("utf8") });
      });
    });
  });
}

/** An event stream; records are taken off with `next`. */
export class Stream {
  readonly status: number;
  readonly headers: IncomingMessage["headers"];
  /** HTTP chunks as the parser gave them, to see what shares one. */
  readonly chunks: Buffer[] = [];
  readonly records: Uint8Array[] = [];
  isEnded = false;
  readonly #response: IncomingMessage;
  readonly #waiting: (() => void)[] = [];

  constructor(response: IncomingMessage) {
    this.#response = response;
    this.status = response.statusCode ?? 0;
    this.headers = response.headers;
    const reader = new RecordReader();
    response.on("data", (chunk: Buffer) => {
      this.chunks.push(chunk);
      this.records.push(...reader.push(chunk));
      this.#wake();
    });
    const end = () => {
      this.isEnded = true;
      this.#wake();
    };
    response.on("end", end);
    response.on("error", end);
    response.on("close", end);
  }

  /** The next event that is not a heartbeat, or `undefined` at the end. */
  async next(): Promise<SchedulerEvent | undefined> {
    while (true) {
      const event = await this.any();
      if (event?.type !== "HEARTBEAT") return event;
    }
  }

  /** The next event of any type, or `undefined` at the end. */
  async any(): Promise<SchedulerEvent | undefined> {
    while (this.records.length === 0 && !this.isEnded) {
      await new Promise<void>((wake) => this.#waiting.push(wake));
    }
    const record = this.records.shift();
    if (record === undefined) return undefined;
    if (this.headers["content-type"] === "application/x-protobuf") return readProto(Event, record);
    return JSON.parse(Buffer.from(record).toString("utf8")) as SchedulerEvent;
  }

  get streamId(): string {
    return String(this.headers["mesos-stream-id"]);
  }

  /** Stops reading without going away. */
  stall(): void {
    this.#response.pause();
  }

  close(): void {
    this.#response.destroy();
  }

  #wake(): void {
    for (const wake of this.#waiting.splice(0)) wake();
  }
}

/** Opens an event stream. */
export function stream(port: number, what: Ask): Promise<Stream> {
  return new Promise((resolve, reject) => {
    const sent = open(port, what);
    sent.on("error", reject);
    sent.on("response", (response) => resolve(new Stream(response)));
  });
}

/** A subscription with the least that is needed; `info` adds to the framework. */
export function subscribeCall(info: object = {}): object {
  const { id } = info as { id?: object };
  const subscribe = { framework_info: { user: "u", name: "n", ...info } };
  return { type: "SUBSCRIBE", ...(id === undefined ? {} : { framework_id: id }), subscribe };
}
