import type { ClusterEvent } from "../../../../contract/operator-api.ts";
import type { Clock, Timer } from "../../../../contract/ports/clock.ts";
import type { HttpExchange, HttpStream } from "../../../../contract/ports/http.ts";
import type { Message } from "../definitions/define.ts";
import { Event } from "../definitions/master-event.ts";
import { encode, encodePieces, type Media, mediaTypes } from "../http/media.ts";
import { frameRecord } from "../http/record-io.ts";
import { wrap } from "../map/basics.ts";
import { frameworkTo } from "../map/cluster.ts";
import { statusTo, taskRecordTo } from "../map/tasks.ts";
import { type TextPieces, ViewCache, type ViewText } from "../views/view-cache.ts";
import { agentViewTo, frameworkViewTo, type QuerySource } from "./queries.ts";
import { stateOf } from "./sliced-queries.ts";

type OperatorEvent = Message<typeof Event>;

/** Streams at once; one more ends the oldest (§8.3). */
const STREAMS_MAX = 1_000;
/** Events that wait for the state; with more, the stream ends. */
const HELD_MAX = 100_000;

/** One operator who listens. */
interface Listener {
  readonly stream: HttpStream;
  readonly media: Media;
  readonly heartbeats: Timer;
  /** A heartbeat follows what was sent, before this process does anything else. */
  isPadDue: boolean;
  /** What happened while the state that comes first is being made. */
  held: Held[] | undefined;
}

/** An event that waits, and what the cluster was by then. */
interface Held {
  readonly revision: number;
  readonly record: Uint8Array;
}

/** The event streams of SUBSCRIBE to the operator API (§8.3). */
export class EventStreams {
  readonly #source: QuerySource;
  readonly #clock: Clock;
  /** The oldest first. */
  readonly #listeners = new Set<Listener>();
  readonly #heartbeats: Readonly<Record<Media, Uint8Array>>;
  /** Many who come at once, as after a change of leader, are told of one state. */
  readonly #states: ViewCache;
  readonly #records = new WeakMap<ViewText, Uint8Array>();
  #unwatch: (() => void) | undefined;

  constructor(source: QuerySource, clock: Clock) {
    this.#source = source;
    this.#clock = clock;
    this.#states = new ViewCache(source.view, clock);
    this.#heartbeats = {
      json: record("json", { type: "HEARTBEAT" }),
      protobuf: record("protobuf", { type: "HEARTBEAT" }),
    };
  }

  /** Answers with a stream: the whole state, a heartbeat, then what happens. */
  open(exchange: HttpExchange, media: Media): Promise<void> {
    const { view, config } = this.#source;
    const { heartbeatMs } = config;
    if (this.#listeners.size >= STREAMS_MAX) {
      const [oldest] = this.#listeners;
      oldest?.stream.end();
    }
    const stream = exchange.stream(200, { "content-type": mediaTypes[media] });
    const heartbeats = this.#clock.every(heartbeatMs, () => {
      // Who does not lead any more knows nothing that is worth a heartbeat.
      if (view.standing() !== "leading") stream.end();
      else if (listener.held === undefined) stream.write(this.#heartbeats[media]);
    });
    const listener: Listener = { stream, media, heartbeats, isPadDue: false, held: [] };
    this.#listeners.add(listener);
    this.#unwatch ??= view.watch((event) => this.#tell(event));
    stream.onEnd(() => this.#forget(listener));
    return this.#begin(listener);
  }

  /** Sends the state, which is made in slices, and after it what happened meanwhile. */
  async #begin(listener: Listener): Promise<void> {
    const { stream, media } = listener;
    try {
      const text = await this.#states.text(media, () => this.#subscribed(media));
      stream.writeShared(this.#recordOf(text));
      stream.write(this.#heartbeats[media]);
      // A state that was begun later than the stream shows some of it already.
      for (const { revision, record } of listener.held ?? []) {
        if (revision > text.revision) stream.write(record);
      }
      listener.held = undefined;
    } catch (thrown) {
      stream.end();
      throw thrown;
    }
  }

  #subscribed(media: Media): TextPieces {
    const { view, config } = this.#source;
    const subscribed = {
      get_state: stateOf(view.snapshot(), config.version),
      heartbeat_interval_seconds: config.heartbeatMs / 1_000,
    };
    return encodePieces(media, Event, { type: "SUBSCRIBED", subscribed });
  }

  #recordOf(text: ViewText): Uint8Array {
    const record = this.#records.get(text) ?? frameRecord(text.whole());
    this.#records.set(text, record);
    return record;
  }

  /** Ends all streams. */
  close(): void {
    for (const { stream } of this.#listeners) stream.end();
  }

  #forget(listener: Listener): void {
    listener.heartbeats.cancel();
    this.#listeners.delete(listener);
    if (this.#listeners.size > 0) return;
    this.#unwatch?.();
    this.#unwatch = undefined;
  }

  #tell(happened: ClusterEvent): void {
    const event = this.#eventOf(happened);
    if (event === undefined) return;
    const made: Partial<Record<Media, Uint8Array>> = {};
    for (const listener of this.#listeners) {
      const { media, stream } = listener;
      made[media] ??= record(media, event);
      if (listener.held !== undefined) {
        const revision = this.#source.view.revision();
        if (listener.held.push({ revision, record: made[media] }) > HELD_MAX) stream.end();
        continue;
      }
      stream.write(made[media]);
      if (this.#source.config.padStreams) this.#pad(listener);
    }
  }

  /** Some readers show a record only when something follows it; see `padStreams`. */
  #pad(listener: Listener): void {
    if (listener.isPadDue) return;
    listener.isPadDue = true;
    setImmediate(() => {
      listener.isPadDue = false;
      listener.stream.write(this.#heartbeats[listener.media]);
    });
  }

  /** The event as Mesos tells it; nothing for what Mesos does not know, or is gone already. */
  #eventOf(happened: ClusterEvent): OperatorEvent | undefined {
    const { view, config } = this.#source;
    const { kind, frameworkId, agentId, taskId, status, state, name = "" } = happened;
    switch (kind) {
      case "task-added": {
        const shown = view.task(frameworkId as never, taskId as never);
        return shown && { type: "TASK_ADDED", task_added: { task: taskRecordTo(shown.task) } };
      }
      case "task-updated": {
        if (status === undefined || state === undefined) return undefined;
        const { data: _, ...rest } = status;
        const update = { framework_id: wrap(frameworkId ?? ""), status: statusTo(rest), state };
        return { type: "TASK_UPDATED", task_updated: update };
      }
      case "agent-added": {
        const shown = view.agent(agentId as never);
        const agent = shown && agentViewTo(shown, config.version);
        return agent && { type: "AGENT_ADDED", agent_added: { agent } };
      }
      case "agent-removed":
        return { type: "AGENT_REMOVED", agent_removed: { agent_id: wrap(agentId ?? "") } };
      case "framework-added":
      case "framework-updated": {
        const shown = view.shownFramework(frameworkId as never);
        const open = view.offersTo(frameworkId as never);
        const framework = shown && frameworkViewTo(shown, open);
        if (framework === undefined) return undefined;
        if (kind === "framework-updated") {
          return { type: "FRAMEWORK_UPDATED", framework_updated: { framework } };
        }
        return { type: "FRAMEWORK_ADDED", framework_added: { framework } };
      }
      case "framework-removed": {
        const shown = view.shownFramework(frameworkId as never);
        const bare = { user: "", name, id: wrap(frameworkId ?? "") };
        const framework_info = shown === undefined ? bare : frameworkTo(shown.framework);
        return { type: "FRAMEWORK_REMOVED", framework_removed: { framework_info } };
      }
      default:
        return undefined;
    }
  }
}

function record(media: Media, event: OperatorEvent): Uint8Array {
  return frameRecord(encode(media, Event, event));
}
