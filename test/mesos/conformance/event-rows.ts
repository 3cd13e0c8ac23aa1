import { expect } from "vitest";
import type { Message } from "../../../plugins/transports/mesos-v1-http/definitions/define.ts";
import { Call } from "../../../plugins/transports/mesos-v1-http/definitions/master-call.ts";
import { Event } from "../../../plugins/transports/mesos-v1-http/definitions/master-event.ts";
import { type Stream, stream } from "../support/client.ts";
import { commandTask, encoded } from "../support/framework.ts";
import { both, type Client, type Row } from "./suite.ts";

type Events = Stream<typeof Event>;
type OperatorEvent = Message<typeof Event>;

/** Subscribes to the operator API's events. */
export function watching({ wire, master }: Client): Promise<Events> {
  return stream(master, { ...encoded(wire, { type: "SUBSCRIBE" }, Call), path: "/api/v1" }, Event);
}

/** The next event that `holds`; others are passed over, because other rows leave things behind. */
export async function nextEvent(
  events: Events,
  holds: (event: OperatorEvent) => boolean,
): Promise<OperatorEvent> {
  for (;;) {
    const event = await events.next();
    if (event === undefined) throw new Error("the stream ended");
    if (holds(event)) return event;
  }
}

/** The event stream of the operator API. */
export const eventRows: readonly Row[] = [
  both("8.3", "SUBSCRIBE begins with the state and a heartbeat, which repeats", async (client) => {
    const framework = await client.framework();
    const events = await watching(client);
    expect(events.status).toBe(200);
    expect(events.headers["mesos-stream-id"]).toBeUndefined();
    expect(events.headers["content-length"]).toBeUndefined();
    const { subscribed } = (await events.any()) as OperatorEvent;
    expect(subscribed?.heartbeat_interval_seconds).toBe(1);
    const { get_agents, get_frameworks } = subscribed?.get_state ?? {};
    expect(get_agents?.agents).toHaveLength(2);
    const ids = get_frameworks?.frameworks?.map(({ framework_info }) => framework_info.id);
    expect(ids).toContainEqual(framework.id);
    expect((await events.any())?.type).toBe("HEARTBEAT");
    expect((await events.any())?.type).toBe("HEARTBEAT");
    events.close();
  }),
  both("8.3", "SUBSCRIBE tells of frameworks and tasks, without their data", async (client) => {
    const events = await watching(client);
    const framework = await client.framework({ name: "told" });
    const id = framework.id?.value;
    const added = await nextEvent(events, ({ framework_added: told }) => {
      return told?.framework.framework_info.id?.value === id;
    });
    expect(added.framework_added?.framework.framework_info.name).toBe("told");
    const offer = await framework.offer();
    const framework_info = { user: "root", name: "renamed", id: framework.id };
    await framework.call("UPDATE_FRAMEWORK", { update_framework: { framework_info } });
    const updated = await nextEvent(events, ({ framework_updated: told }) => {
      return told?.framework.framework_info.name === "renamed";
    });
    const shown = updated.framework_updated?.framework.offers?.map((one) => one.id);
    expect(shown).toContainEqual(offer.id);
    await framework.launch(offer, [commandTask("t", "sleep 100")]);
    const task = await nextEvent(events, ({ task_added: told }) => {
      return told?.task.framework_id.value === id;
    });
    expect(task.task_added?.task).toMatchObject({ task_id: { value: "t" }, name: "t" });
    await framework.reach("TASK_RUNNING");
    const isRunning = ({ task_updated: told }: OperatorEvent) =>
      told?.framework_id.value === id && told?.state === "TASK_RUNNING";
    const { task_updated } = await nextEvent(events, isRunning);
    expect(task_updated?.status).toMatchObject({
      state: "TASK_RUNNING",
      source: "SOURCE_EXECUTOR",
    });
    expect(task_updated?.status.data).toBeUndefined();
    await framework.teardown();
    const removed = await nextEvent(events, ({ framework_removed: told }) => {
      return told?.framework_info.id?.value === id;
    });
    expect(removed.framework_removed?.framework_info.name).toBe("renamed");
    events.close();
  }),
];
