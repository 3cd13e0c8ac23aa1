import { TepuiError } from "../../../../contract/errors.ts";
import type { HttpExchange } from "../../../../contract/ports/http.ts";
import type { NestedInput } from "../../../../contract/ports/nested-containers.ts";
import { Call } from "../definitions/agent-call.ts";
import type { Message } from "../definitions/define.ts";
import { answerEmpty, Refusal, refuse } from "../http/answers.ts";
import { decode, type Media } from "../http/media.ts";
import { RecordReader } from "../http/record-io.ts";
import { nestedIdFrom, terminalFrom } from "../map/nested.ts";
import type { AgentApiParts } from "./agent-api.ts";

type AttachCall = NonNullable<Message<typeof Call>["attach_container_input"]>;

/** Largest record of input, in bytes. */
const RECORD_BYTES_MAX = 4 << 20;
/** In which the first record must have come, which says what to attach to. */
const FIRST_RECORD_MS = 10_000;

/** ATTACH_CONTAINER_INPUT: a request that goes on for as long as somebody types. */
export class AttachedInput {
  readonly #parts: AgentApiParts;
  readonly #exchange: HttpExchange;
  readonly #media: Media;
  #input: NestedInput | undefined;
  #stop: () => void = () => {};

  constructor(parts: AgentApiParts, exchange: HttpExchange, media: Media) {
    this.#parts = parts;
    this.#exchange = exchange;
    this.#media = media;
  }

  /** Serves the request to its end, or to that of the container; `admit` lets its sender in. */
  async serve(admit: () => void): Promise<void> {
    const exchange = this.#exchange;
    const body = exchange.openBody();
    const late = this.#parts.clock.after(FIRST_RECORD_MS, () => {
      if (this.#input !== undefined || exchange.isAnswered) return;
      refuse(exchange, 408, "Expecting the first record sooner");
    });
    try {
      admit();
      const reader = new RecordReader(RECORD_BYTES_MAX);
      for await (const bytes of body) {
        for (const record of recordsOf(reader, bytes)) await this.#hear(record);
      }
      // The container has ended, or the first record was late.
      if (exchange.isAnswered) return;
      if (this.#input === undefined || !reader.isEmpty) {
        throw new Refusal(400, "Received EOF while reading request body");
      }
      answerEmpty(exchange, 200);
    } catch (thrown) {
      // Whoever has been answered, or is gone, has been told all there is.
      const isAborted = thrown instanceof TepuiError && thrown.code === "REQUEST_ABORTED";
      if (!exchange.isAnswered && !isAborted) throw thrown;
    } finally {
      late.cancel();
      this.#stop();
      this.#input?.release();
    }
  }

  async #hear(record: Uint8Array): Promise<void> {
    if (this.#exchange.isAnswered) return;
    const { type, attach_container_input: call } = decode(this.#media, Call, "agent::Call", record);
    if (type === undefined || type === "UNKNOWN") throw invalid("'type'");
    if (type !== "ATTACH_CONTAINER_INPUT") {
      const reason = "Streaming 'Content-Type' application/recordio is not supported for";
      throw new Refusal(415, `${reason} ${type} call`);
    }
    if (call === undefined) throw invalid("'attach_container_input'");
    if (this.#input === undefined) this.#attach(call);
    else await this.#take(call);
  }

  #attach({ type, container_id }: AttachCall): void {
    if (type !== "CONTAINER_ID") {
      throw new Refusal(400, "Expecting 'attach_container_input.type' to be CONTAINER_ID");
    }
    if (container_id === undefined) throw invalid("'attach_container_input.container_id'");
    const { nested } = this.#parts.view;
    const id = nestedIdFrom(container_id);
    this.#input = nested.attachInput(id);
    this.#stop = nested.onEnded(id, () => {
      if (!this.#exchange.isAnswered) answerEmpty(this.#exchange, 200);
    });
  }

  async #take({ type, process_io }: AttachCall): Promise<void> {
    if (type !== "PROCESS_IO") {
      throw new Refusal(400, "Expecting 'attach_container_input.type' to be PROCESS_IO");
    }
    if (process_io === undefined) throw invalid("'attach_container_input.process_io'");
    const { data, control } = process_io;
    const where = "'attach_container_input.process_io";
    if (process_io.type === "DATA") {
      if (data === undefined) throw invalid(`${where}.data'`);
      if (data.type !== "STDIN")
        throw new Refusal(400, `Expecting ${where}.data.type' to be STDIN`);
      // No bytes stand for the end of them.
      if (data.data === undefined || data.data.length === 0) this.#input?.end();
      else await this.#input?.write(data.data);
      return;
    }
    if (process_io.type !== "CONTROL") throw invalid(`${where}.type'`);
    if (control === undefined) throw invalid(`${where}.control'`);
    if (control.type === "HEARTBEAT") return;
    if (control.type !== "TTY_INFO") throw invalid(`${where}.control.type'`);
    const size = control.tty_info?.window_size;
    if (size === undefined) throw invalid(`${where}.control.tty_info.window_size'`);
    this.#input?.resize(terminalFrom(size));
  }
}

function recordsOf(reader: RecordReader, bytes: Uint8Array): Uint8Array[] {
  try {
    return reader.push(bytes);
  } catch (thrown) {
    throw new Refusal(400, `Failed to decode the records: ${(thrown as Error).message}`);
  }
}

function invalid(field: string): Refusal {
  return new Refusal(400, `Failed to validate agent::Call: Expecting ${field} to be present`);
}
