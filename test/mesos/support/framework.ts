import { fromJson } from "../../../plugins/transports/mesos-v1-http/codec/json-read.ts";
import { writeProto } from "../../../plugins/transports/mesos-v1-http/codec/proto-write.ts";
import type {
  Message,
  MessageDef,
} from "../../../plugins/transports/mesos-v1-http/definitions/define.ts";
import {
  Call,
  type Event,
} from "../../../plugins/transports/mesos-v1-http/definitions/scheduler.ts";
import { type Answer, ask, type Stream, stream, subscribeCall } from "./client.ts";

type SchedulerEvent = Message<typeof Event>;
type EventType = NonNullable<SchedulerEvent["type"]>;
/** A status as it comes in an UPDATE. */
export type Status = NonNullable<SchedulerEvent["update"]>["status"];
/** An offer as it comes in OFFERS. */
export type V1Offer = NonNullable<NonNullable<SchedulerEvent["offers"]>["offers"]>[number];

/** The two forms in which a client may speak. */
export type Wire = "json" | "protobuf";

const types = { json: "application/json", protobuf: "application/x-protobuf" } as const;

/**
 * A call as it is sent, in the client's form; one of the scheduler API unless `def` says otherwise.
 */
export function encoded(
  wire: Wire,
  call: object,
  def: MessageDef = Call,
): { headers: Record<string, string>; body: Buffer } {
  const body = wire === "json" ? JSON.stringify(call) : protobuf(def, call);
  const headers = { "content-type": types[wire], accept: types[wire] };
  return { headers, body: Buffer.from(body as string) };
}

/** What lacks something required has no form in the definitions, and is written as it stands. */
function protobuf(def: MessageDef, call: object): Uint8Array {
  try {
    return writeProto(def, fromJson(def, call));
  } catch {
    return writeProto(def, call as never);
  }
}

/** Opens a subscription, whatever comes of it. */
export function openStream(port: number, wire: Wire, call: object): Promise<Stream> {
  return stream(port, encoded(wire, call));
}

/** A framework that speaks HTTP as any other Mesos client does. */
export class HttpFramework {
  readonly port: number;
  readonly wire: Wire;
  readonly events: Stream;
  /** `undefined` when the subscription was refused. */
  readonly id: { value: string } | undefined;
  /** Every status that came, in order. */
  readonly statuses: Status[] = [];
  /** Offers that came while something else was waited for, or together with one that was taken. */
  readonly #offers: V1Offer[] = [];

  private constructor(port: number, wire: Wire, events: Stream, id: { value: string } | undefined) {
    this.port = port;
    this.wire = wire;
    this.events = events;
    this.id = id;
  }

  /** Subscribes with the least that is needed; `info` adds to the framework, `more` beside it. */
  static async subscribe(
    port: number,
    info: object = {},
    { wire = "json", ...more }: { readonly wire?: Wire } & Readonly<Record<string, unknown>> = {},
  ): Promise<HttpFramework> {
    const call = subscribeCall(info) as { subscribe: object };
    const body = { ...call, subscribe: { ...call.subscribe, ...more } };
    const events = await openStream(port, wire, body);
    const first = await events.any();
    return new HttpFramework(port, wire, events, first?.subscribed?.framework_id);
  }

  /** A call of this subscription, as it is sent. */
  encode(type: string, more: object = {}): { headers: Record<string, string>; body: Buffer } {
    const { headers, body } = encoded(this.wire, { framework_id: this.id, type, ...more });
    return { headers: { ...headers, "mesos-stream-id": this.events.streamId }, body };
  }

  /** Sends a call of this subscription. */
  ask(type: string, body: object = {}): Promise<Answer> {
    return ask(this.port, this.encode(type, body));
  }

  /** Sends a call of this subscription and answers its status. */
  async call(type: string, body: object = {}): Promise<number> {
    return (await this.ask(type, body)).status;
  }

  /** The next event of a type; others are passed over. */
  async next<T extends EventType>(type: T): Promise<SchedulerEvent> {
    for (;;) {
      const event = await this.events.next();
      if (event === undefined) throw new Error(`the stream ended before ${type}`);
      if (event.type === "UPDATE" && event.update !== undefined) {
        this.statuses.push(event.update.status);
      }
      this.#offers.push(...(event.offers?.offers ?? []));
      const gone = event.rescind?.offer_id.value;
      const at = this.#offers.findIndex(({ id }) => id.value === gone);
      if (at >= 0) this.#offers.splice(at, 1);
      if (event.type === type) return event;
    }
  }

  /** The next offer that has not been rescinded. */
  async offer(): Promise<V1Offer> {
    for (;;) {
      const offer = this.#offers.shift();
      if (offer !== undefined) return offer;
      await this.next("OFFERS");
    }
  }

  /** The next status; it is not acknowledged. */
  async status(): Promise<Status> {
    return (await this.next("UPDATE")).update?.status as Status;
  }

  /** Acknowledges a status, if it wants to be. */
  async acknowledge({ agent_id, task_id, uuid }: Status): Promise<void> {
    if (uuid === undefined) return;
    const status = await this.call("ACKNOWLEDGE", { acknowledge: { agent_id, task_id, uuid } });
    if (status !== 202) throw new Error(`ACKNOWLEDGE: ${status}`);
  }

  /** Acknowledges what comes until a task (or any) is in this state. */
  async reach(state: string, taskId?: string): Promise<Status> {
    for (;;) {
      const status = await this.status();
      await this.acknowledge(status);
      const isWanted = taskId === undefined || status.task_id.value === taskId;
      if (status.state === state && isWanted) return status;
    }
  }

  /** Accepts an offer with these operations. */
  accept(offer: V1Offer, operations: readonly object[], filters?: object): Promise<number> {
    const accept = { offer_ids: [offer.id], operations, filters };
    return this.call("ACCEPT", { accept });
  }

  /** Launches tasks on an offer. */
  launch(offer: V1Offer, tasks: readonly object[], filters?: object): Promise<number> {
    const infos = tasks.map((task) => ({ agent_id: offer.agent_id, ...task }));
    return this.accept(offer, [{ type: "LAUNCH", launch: { task_infos: infos } }], filters);
  }

  /** Ends the framework and its tasks. */
  async teardown(): Promise<void> {
    await this.call("TEARDOWN");
    this.events.close();
  }
}

/** A command task; `more` adds to it. */
export function commandTask(id: string, command: string, more: object = {}): object {
  return {
    name: id,
    task_id: { value: id },
    command: { value: command },
    resources: [scalar("cpus", 0.1), scalar("mem", 32)],
    ...more,
  };
}

/** An amount of a resource. */
export function scalar(name: string, value: number, more: object = {}): object {
  return { name, type: "SCALAR", scalar: { value }, ...more };
}
