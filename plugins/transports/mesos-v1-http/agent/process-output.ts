import type { Clock, Timer } from "../../../../contract/ports/clock.ts";
import type { HttpExchange, HttpStream } from "../../../../contract/ports/http.ts";
import type { OutputReader } from "../../../../contract/ports/nested-containers.ts";
import { ProcessIO } from "../definitions/agent-call.ts";
import type { Message } from "../definitions/define.ts";
import { encode, type Media, mediaTypes } from "../http/media.ts";
import { frameRecord } from "../http/record-io.ts";
import { type AgentMedia, RECORDS } from "../http/record-media.ts";

/** As often as Mesos sends them. */
const HEARTBEAT_MS = 30_000;
/** A longer piece of output is several records. */
const RECORD_BYTES_MAX = 64 << 10;

/** How output is sent. */
export interface OutputForm extends AgentMedia {
  /** A heartbeat follows what is sent; see `padStreams` of the config. */
  readonly isPadded: boolean;
}

/** What a container writes, as the answer to a request: records of ProcessIO. */
export class ProcessOutput implements OutputReader {
  readonly #form: OutputForm;
  readonly #clock: Clock;
  readonly #heartbeat: Uint8Array;
  #stream: HttpStream | undefined;
  #heartbeats: Timer | undefined;
  #isPadDue = false;
  #isOver = false;
  /** What waits for the stream to be opened, to be drained, or to be over. */
  #waiting: (() => void)[] = [];

  constructor(form: OutputForm, clock: Clock) {
    this.#form = form;
    this.#clock = clock;
    const control = {
      type: "HEARTBEAT",
      heartbeat: { interval: { nanoseconds: HEARTBEAT_MS * 1e6 } },
    } as const;
    this.#heartbeat = record(form.media, { type: "CONTROL", control });
  }

  /** Begins the answer; `onGone` is called when its client goes before its end. */
  open(exchange: HttpExchange, onGone: () => void): void {
    const { media, isRecords } = this.#form;
    const headers = isRecords
      ? { "content-type": RECORDS, "message-content-type": mediaTypes[media] }
      : { "content-type": mediaTypes[media] };
    const stream = exchange.stream(200, headers);
    this.#stream = stream;
    // The head of the answer leaves with it: clients attach the input when they have that.
    stream.write(this.#heartbeat);
    this.#heartbeats = this.#clock.every(HEARTBEAT_MS, () => stream.write(this.#heartbeat));
    stream.onDrained(() => this.#awake());
    stream.onEnd((how) => {
      const wasOver = this.#isOver;
      this.#over();
      if (how !== "ended" && !wasOver) onGone();
    });
    if (this.#isOver) stream.end();
    this.#awake();
  }

  async take(type: "stdout" | "stderr", data: Uint8Array): Promise<void> {
    while (this.#stream === undefined && !this.#isOver) await this.#sleep();
    const stream = this.#stream;
    const kind = type === "stdout" ? "STDOUT" : "STDERR";
    for (let at = 0; at < data.length && stream?.isOpen; at += RECORD_BYTES_MAX) {
      const piece = data.subarray(at, at + RECORD_BYTES_MAX);
      const sent = { type: "DATA", data: { type: kind, data: piece } } as const;
      if (!stream.write(record(this.#form.media, sent)) && stream.isOpen) await this.#sleep();
    }
    if (this.#form.isPadded) this.#pad();
  }

  end(): void {
    this.#over();
    this.#stream?.end();
  }

  /** Some readers show a record only when something follows it. */
  #pad(): void {
    if (this.#isPadDue) return;
    this.#isPadDue = true;
    setImmediate(() => {
      this.#isPadDue = false;
      this.#stream?.write(this.#heartbeat);
    });
  }

  #sleep(): Promise<void> {
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  #awake(): void {
    for (const wake of this.#waiting.splice(0)) wake();
  }

  #over(): void {
    this.#isOver = true;
    this.#heartbeats?.cancel();
    this.#awake();
  }
}

function record(media: Media, io: Message<typeof ProcessIO>): Uint8Array {
  return frameRecord(encode(media, ProcessIO, io));
}
