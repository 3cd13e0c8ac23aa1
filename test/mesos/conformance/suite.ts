import { expect } from "vitest";
import { readProto } from "../../../plugins/transports/mesos-v1-http/codec/proto-read.ts";
import type {
  Message,
  MessageDef,
} from "../../../plugins/transports/mesos-v1-http/definitions/define.ts";
import { Call as MasterCall } from "../../../plugins/transports/mesos-v1-http/definitions/master-call.ts";
import { Response } from "../../../plugins/transports/mesos-v1-http/definitions/master-response.ts";
import type { LocalCluster } from "../../e2e/support/local-cluster.ts";
import { until } from "../../support/until.ts";
import { type Answer, ask, type Stream, stream, subscribeCall } from "../support/client.ts";
import { encoded, HttpFramework, type Wire } from "../support/framework.ts";

/** What the operator API answered. */
export interface OperatorAnswer extends Answer {
  /** Decoded; empty when there was no body. */
  readonly value: Message<typeof Response>;
}

/** A client of a real cluster that speaks one of the two forms. */
export class Client {
  readonly wire: Wire;
  readonly master: number;
  readonly agent: number;
  readonly #frameworks: HttpFramework[] = [];
  readonly #streams: { close(): void }[] = [];
  #twin: Client | undefined;

  /** The cluster's processes, for rows that end or stop one. */
  readonly cluster: LocalCluster;

  constructor(wire: Wire, cluster: LocalCluster, agent: number) {
    this.wire = wire;
    this.cluster = cluster;
    this.master = Number(cluster.address.split(":")[1]);
    this.agent = agent;
  }

  /** A client in the other form, which ends what it has left by itself. */
  get twin(): Client {
    this.#twin ??= new Client(this.wire === "json" ? "protobuf" : "json", this.cluster, this.agent);
    return this.#twin;
  }

  /** GETs a path of the master. */
  get(path: string, headers: Record<string, string> = {}): Promise<Answer> {
    return ask(this.master, { method: "GET", path, headers });
  }

  /** GETs a view of the master. */
  async view<T>(path: string): Promise<T> {
    return JSON.parse((await this.get(path)).text) as T;
  }

  /** Sends a call to the scheduler API; `headers` add to those of the form. */
  send(call: object, headers: Record<string, string> = {}, path?: string): Promise<Answer> {
    const { headers: own, body } = encoded(this.wire, call);
    return ask(this.master, {
      headers: { ...own, ...headers },
      body,
      ...(path === undefined ? {} : { path }),
    });
  }

  /** Sends bytes as they are to the scheduler API. */
  raw(body: string | Uint8Array, headers: Record<string, string>): Promise<Answer> {
    return ask(this.master, { headers, body });
  }

  /** Sends a call to the operator API of the master. */
  async operator(call: object, path = "/api/v1"): Promise<OperatorAnswer> {
    const answer = await ask(this.master, { ...encoded(this.wire, call, MasterCall), path });
    const isBody = answer.status === 200 && answer.body.length > 0;
    const value = isBody ? decoded(this.wire, Response, answer.body) : {};
    return { ...answer, value: value as Message<typeof Response> };
  }

  /** A framework, which is torn down at the end of the row. */
  async framework(info: object = {}, more: object = {}): Promise<HttpFramework> {
    const framework = await HttpFramework.subscribe(
      this.master,
      { user: "root", ...info },
      { wire: this.wire, ...more },
    );
    this.#frameworks.push(framework);
    return framework;
  }

  /** Subscribes, whatever comes of it. */
  async open(info: object = {}, headers: Record<string, string> = {}): Promise<Stream> {
    const { headers: own, body } = encoded(this.wire, subscribeCall(info));
    const events = await stream(this.master, { headers: { ...own, ...headers }, body });
    this.#streams.push(events);
    return events;
  }

  /** Ends what the row has left. */
  async close(): Promise<void> {
    for (const framework of this.#frameworks.splice(0)) {
      if (!framework.events.isEnded) await framework.teardown();
    }
    for (const one of this.#streams.splice(0)) one.close();
    await this.#twin?.close();
  }
}

/** Reads a message in either form. */
export function decoded<M extends MessageDef>(wire: Wire, def: M, body: Uint8Array): Message<M> {
  if (wire === "protobuf") return readProto(def, body);
  return JSON.parse(Buffer.from(body).toString("utf8")) as Message<M>;
}

/** A field of bytes in either form. */
export function bytesOf(value: unknown): Buffer {
  if (typeof value === "string") return Buffer.from(value, "base64");
  return Buffer.from((value as Uint8Array | undefined) ?? []);
}

/** That the logging level of a process rises, returns by itself, and is 0 again on request. */
export async function levelRow(
  ask: (what: object) => Promise<Answer & { readonly value: Leveled }>,
): Promise<void> {
  const level = async () =>
    Number((await ask({ type: "GET_LOGGING_LEVEL" })).value.get_logging_level?.level);
  const set = async (to: number, ms: number) => {
    const set_logging_level = { level: to, duration: { nanoseconds: ms * 1e6 } };
    const { status, text } = await ask({ type: "SET_LOGGING_LEVEL", set_logging_level });
    expect([status, text]).toEqual([200, ""]);
  };
  expect(await level()).toBe(0);
  await set(2, 600_000);
  expect(await level()).toBe(2);
  await set(3, 50);
  await until("the level to return", async () => ((await level()) === 0 ? true : undefined));
  await set(1, 600_000);
  await set(0, 600_000);
  expect(await level()).toBe(0);
  expect((await ask({ type: "SET_LOGGING_LEVEL" })).status).toBe(400);
}

interface Leveled {
  readonly get_logging_level?: { readonly level: number } | undefined;
}

/** One thing that the API promises, and how to see that it is so. */
export interface Row {
  /** Where the API's description says so: `6.1`, or a scenario, `O3`. */
  readonly section: string;
  readonly claim: string;
  /** The forms in which it is tried. */
  readonly wires: readonly Wire[];
  readonly run: (client: Client) => Promise<void>;
  /** Tried once with both forms together, since it takes long or disturbs the cluster. */
  readonly isTogether?: boolean;
}

/** A row that is tried in both forms. */
export function both(section: string, claim: string, run: Row["run"]): Row {
  return { section, claim, wires: ["json", "protobuf"], run };
}

/** A row that is tried once, its client speaking one form and the client's twin the other. */
export function together(section: string, claim: string, run: Row["run"]): Row {
  return { ...both(section, claim, run), isTogether: true };
}

/** A row about JSON alone. */
export function jsonOnly(section: string, claim: string, run: Row["run"]): Row {
  return { section, claim, wires: ["json"], run };
}
