import { type ClientRequest, type IncomingMessage, request } from "node:http";
import { readProto } from "../../../plugins/transports/mesos-v1-http/codec/proto-read.ts";
import type {
  Message,
  MessageDef,
} from "../../../plugins/transports/mesos-v1-http/definitions/define.ts";
import { Event } from "../../../plugins/transports/mesos-v1-http/definitions/scheduler.ts";
import { RecordReader } from "../../../plugins/transports/mesos-v1-http/http/record-io.ts";

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
export class Stream<M extends MessageDef = typeof Event> {
  readonly status: number;
  readonly headers: IncomingMessage["headers"];
  /** HTTP chunks as the parser gave them, to see what shares one. */
  readonly chunks: Buffer[] = [];
  readonly records: Uint8Array[] = [];
  isEnded = false;
  readonly #response: IncomingMessage;
  readonly #waiting: (() => void)[] = [];
  readonly #def: M;

  constructor(response: IncomingMessage, def: M) {
    this.#def = def;
    this.#response = response;
    this.status = response.statusCode ?? 0;
    this.headers = response.headers;
    const reader = new RecordReader();
    response.on("data", (chunk: Buffer) => {
      this.chunks.push(chunk);
      if (this.status === 200) this.records.push(...reader.push(chunk));
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
  async next(): Promise<Message<M> | undefined> {
    while (true) {
      const event = await this.any();
      if ((event as { type?: string } | undefined)?.type !== "HEARTBEAT") return event;
    }
  }

  /** The next event of any type, or `undefined` at the end. */
  async any(): Promise<Message<M> | undefined> {
    while (this.records.length === 0 && !this.isEnded) {
      await new Promise<void>((wake) => this.#waiting.push(wake));
    }
    const record = this.records.shift();
    if (record === undefined) return undefined;
    const { "content-type": type, "message-content-type": form = type } = this.headers;
    const isProto = form === "application/x-protobuf";
    if (isProto) return readProto(this.#def, record);
    return JSON.parse(Buffer.from(record).toString("utf8")) as Message<M>;
  }

  get streamId(): string {
    return String(this.headers["mesos-stream-id"]);
  }

  /** Stops reading without going away. */
  stall(): void {
    this.#response.pause();
  }

  /** Reads on. */
  unstall(): void {
    this.#response.resume();
  }

  close(): void {
    this.#response.destroy();
  }

  #wake(): void {
    for (const wake of this.#waiting.splice(0)) wake();
  }
}

/** Opens an event stream of the scheduler API, or of what `def` says. */
export function stream(port: number, what: Ask): Promise<Stream>;
export function stream<M extends MessageDef>(port: number, what: Ask, def: M): Promise<Stream<M>>;
export function stream(port: number, what: Ask, def: MessageDef = Event): Promise<Stream> {
  return new Promise((resolve, reject) => {
    const sent = open(port, what);
    sent.on("error", reject);
    sent.on("response", (response) => resolve(new Stream(response, def) as Stream));
  });
}

/** A subscription with the least that is needed; `info` adds to the framework. */
export function subscribeCall(info: object = {}): object {
  const { id } = info as { id?: object };
  const subscribe = { framework_info: { user: "u", name: "n", ...info } };
  return { type: "SUBSCRIBE", ...(id === undefined ? {} : { framework_id: id }), subscribe };
}
