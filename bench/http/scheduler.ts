import { Agent, type ClientRequest, type IncomingMessage, request } from "node:http";
import { fromJson } from "../../plugins/transports/mesos-v1-http/codec/json-read.ts";
import { readProto } from "../../plugins/transports/mesos-v1-http/codec/proto-read.ts";
import { writeProto } from "../../plugins/transports/mesos-v1-http/codec/proto-write.ts";
import type { Message } from "../../plugins/transports/mesos-v1-http/definitions/define.ts";
import { Call, Event } from "../../plugins/transports/mesos-v1-http/definitions/scheduler.ts";
import { RecordReader } from "../../plugins/transports/mesos-v1-http/http/record-io.ts";

/** The two forms of the Mesos HTTP API. */
export type Wire = "json" | "protobuf";

/** An event as a scheduler gets it. */
export type SchedulerEvent = Message<typeof Event>;

const types = { json: "application/json", protobuf: "application/x-protobuf" } as const;

/** What a scheduler is made of. */
export interface HttpSchedulerOptions {
  readonly port: number;
  readonly wire: Wire;
  readonly name: string;
  readonly role: string;
  /** Hears of every record that came, read only when it looks at it. */
  readonly onRecord: (read: () => SchedulerEvent, scheduler: HttpScheduler) => void;
}

/** A scheduler that speaks the Mesos HTTP API: one connection for the stream, one for calls. */
export class HttpScheduler {
  readonly #options: HttpSchedulerOptions;
  readonly #agent = new Agent({ keepAlive: true, maxSockets: 1 });
  readonly #stream: IncomingMessage;
  #id = "";

  private constructor(options: HttpSchedulerOptions, stream: IncomingMessage) {
    this.#options = options;
    this.#stream = stream;
  }

  /** Subscribes, and resolves when the master has said so. */
  static async subscribe(options: HttpSchedulerOptions): Promise<HttpScheduler> {
    const { port, wire, name, role } = options;
    const capabilities = [{ type: "MULTI_ROLE" }];
    const framework_info = { user: "root", name, roles: [role], capabilities };
    const sent = open(port, wire, {});
    sent.end(bodyOf(wire, { type: "SUBSCRIBE", subscribe: { framework_info } }));
    const stream = await answered(sent);
    const scheduler = new HttpScheduler(options, stream);
    await scheduler.#read();
    return scheduler;
  }

  /** Sends a call, and resolves with its status. */
  async call(type: string, more: object = {}): Promise<number> {
    const { port, wire } = this.#options;
    const sent = open(port, wire, {
      agent: this.#agent,
      streamId: String(this.#stream.headers["mesos-stream-id"]),
    });
    sent.end(bodyOf(wire, { type, framework_id: { value: this.#id }, ...more }));
    const response = await answered(sent);
    response.resume();
    return response.statusCode ?? 0;
  }

  /** Goes away, with everything that the framework runs. */
  async close(): Promise<void> {
    await this.call("TEARDOWN").catch(() => 0);
    this.#stream.destroy();
    this.#agent.destroy();
  }

  #read(): Promise<void> {
    const { wire, onRecord } = this.#options;
    const reader = new RecordReader();
    return new Promise((resolve, reject) => {
      this.#stream.on("data", (bytes: Buffer) => {
        for (const record of reader.push(bytes)) {
          const read = () => eventOf(wire, record);
          if (this.#id === "") {
            this.#id = read().subscribed?.framework_id.value ?? "";
            resolve();
          } else onRecord(read, this);
        }
      });
      this.#stream.on("error", reject);
    });
  }
}

function open(
  port: number,
  wire: Wire,
  { agent, streamId }: { readonly agent?: Agent; readonly streamId?: string },
): ClientRequest {
  return request({
    host: "127.0.0.1",
    port,
    path: "/api/v1/scheduler",
    method: "POST",
    ...(agent === undefined ? { agent: false as const } : { agent }),
    headers: {
      "content-type": types[wire],
      accept: types[wire],
      ...(streamId === undefined ? {} : { "mesos-stream-id": streamId }),
    },
  });
}

function answered(sent: ClientRequest): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    sent.on("response", resolve);
    sent.on("error", reject);
  });
}

function bodyOf(wire: Wire, call: object): string | Uint8Array {
  return wire === "json" ? JSON.stringify(call) : writeProto(Call, fromJson(Call, call));
}

function eventOf(wire: Wire, record: Uint8Array): SchedulerEvent {
  if (wire === "protobuf") return readProto(Event, record);
  return JSON.parse(Buffer.from(record).toString("utf8")) as SchedulerEvent;
}
