import { expect } from "vitest";
import { Call, Event } from "../../../plugins/transports/mesos-v1-http/definitions/executor.ts";
import { type Answer, ask, type Stream, stream } from "../support/client.ts";
import {
  commandTask,
  encoded,
  type HttpFramework,
  scalar,
  type V1Offer,
} from "../support/framework.ts";
import { both, type Client, type Row } from "./suite.ts";

let uuids = 0;

/**
 * An executor that the test plays itself: what the agent starts only sleeps, since whoever knows
 * the ids may speak for it.
 */
export class PlayedExecutor {
  readonly framework: HttpFramework;
  readonly ids: object;
  readonly agentId: { readonly value: string };
  readonly #client: Client;

  private constructor(client: Client, framework: HttpFramework, agentId: { value: string }) {
    this.#client = client;
    this.framework = framework;
    this.agentId = agentId;
    this.ids = { framework_id: framework.id, executor_id: { value: "played" } };
  }

  /** Has an agent start it, for a task `t`. */
  static async start(client: Client, command = "exec sleep 600"): Promise<PlayedExecutor> {
    const framework = await client.framework({ failover_timeout: 60, checkpoint: true });
    const offer = await offerOf(framework, client.agent);
    const executor = {
      executor_id: { value: "played" },
      command: { value: command },
      resources: [scalar("cpus", 0.1), scalar("mem", 32)],
    };
    const { command: _, ...task } = commandTask("t", "") as { command: object };
    expect(await framework.launch(offer, [{ ...task, executor }])).toBe(202);
    const played = new PlayedExecutor(client, framework, offer.agent_id);
    // The agent knows it as soon as the launch has come to it.
    await expect
      .poll(async () => (await played.ask("UPDATE", update("t", "TASK_RUNNING"))).status, {
        timeout: 10_000,
      })
      .toBe(403);
    return played;
  }

  /** Sends a call of the executor. */
  ask(type: string, body: object = {}): Promise<Answer> {
    const sent = encoded(this.#client.wire, { ...this.ids, type, ...body }, Call);
    return ask(this.#client.agent, { path: "/slave(1)/api/v1/executor", ...sent });
  }

  /** Opens its event stream. */
  subscribe(body: object = {}): Promise<Stream<typeof Event>> {
    const call = { ...this.ids, type: "SUBSCRIBE", subscribe: body };
    const path = "/api/v1/executor";
    return stream(this.#client.agent, { path, ...encoded(this.#client.wire, call, Call) }, Event);
  }
}

/** An offer of the agent under this port. */
async function offerOf(framework: HttpFramework, port: number): Promise<V1Offer> {
  for (;;) {
    const offer = await framework.offer();
    if (offer.url?.address.port === port) return offer;
  }
}

/** The body of an update, with a uuid of its own. */
export function update(task: string, state: string, more: object = {}): object {
  const uuid = Buffer.alloc(16, ++uuids % 256).toString("base64");
  const source = "SOURCE_EXECUTOR";
  return { update: { status: { task_id: { value: task }, state, source, uuid, ...more } } };
}

/** The next event of a type for an executor; others are passed over. */
export async function until(events: Stream<typeof Event>, type: string) {
  for (;;) {
    const event = await events.next();
    if (event === undefined) throw new Error(`the stream ended before ${type}`);
    if (event.type === type) return event;
  }
}

/** §7.2: the order of checks. */
const checks: Row[] = [
  both("7.2", "an executor's call names framework, executor and type", async (client) => {
    const nobody = { framework_id: { value: "f" }, executor_id: { value: "e" } };
    const send = (body: object) =>
      ask(client.agent, { path: "/api/v1/executor", ...encoded(client.wire, body, Call) });
    expect((await send(nobody)).text).toMatch(/'type'/);
    for (const [body, status] of [
      [{ type: "HEARTBEAT", framework_id: { value: "f" } }, 400],
      [{ type: "HEARTBEAT", executor_id: { value: "e" } }, 400],
      [{ type: "HEARTBEAT", ...nobody }, 202],
      [{ type: "MESSAGE", ...nobody }, 400],
      [{ type: "UPDATE", ...nobody }, 400],
    ] as const) {
      expect([body, (await send(body)).status]).toEqual([body, status]);
    }
  }),
  both("7.2", "unknown frameworks and executors are 400, by name of what", async (client) => {
    const played = await PlayedExecutor.start(client);
    const message = { type: "MESSAGE", message: { data: "AQ==" } };
    for (const [ids, text] of [
      [{ framework_id: { value: "x" }, executor_id: { value: "x" } }, "Framework cannot be found"],
      [{ ...played.ids, executor_id: { value: "x" } }, "Executor cannot be found"],
    ] as const) {
      const sent = encoded(client.wire, { ...message, ...ids }, Call);
      const answer = await ask(client.agent, { path: "/api/v1/executor", ...sent });
      expect([answer.status, answer.text]).toEqual([400, text]);
    }
  }),
  both("7.2", "the status of an update is checked", async (client) => {
    const played = await PlayedExecutor.start(client);
    const events = await played.subscribe();
    for (const [more, text] of [
      [{ source: "SOURCE_AGENT" }, /SOURCE_AGENT/],
      [{ source: undefined }, /SOURCE_MASTER/],
      [{ uuid: undefined }, /'uuid'/],
      [{ uuid: "AQ==" }, /16 bytes/],
      [{ state: "TASK_STAGING" }, /TASK_STAGING/],
      [{ executor_id: { value: "other" } }, /ExecutorID/],
    ] as const) {
      const answer = await played.ask("UPDATE", update("t", "TASK_RUNNING", more));
      expect([answer.status, answer.text]).toEqual([400, expect.stringMatching(text)]);
    }
    events.close();
  }),
];

/** §7.3 to §7.6: a life of an executor. */
const life: Row[] = [
  both("7.4", "SUBSCRIBED says who it is, whose, where; then comes LAUNCH", async (client) => {
    const played = await PlayedExecutor.start(client);
    const events = await played.subscribe();
    expect(events.status).toBe(200);
    expect(events.headers["mesos-stream-id"]).toBeUndefined();
    const { framework } = played;
    expect((await until(events, "SUBSCRIBED")).subscribed).toMatchObject({
      executor_info: { executor_id: { value: "played" } },
      framework_info: { id: framework.id },
      agent_info: { id: { value: expect.any(String) }, port: client.agent },
      container_id: { value: expect.stringMatching(/^[0-9a-f-]{36}$/) },
    });
    const task = (await until(events, "LAUNCH")).launch?.task;
    expect(task).toMatchObject({ name: "t", task_id: { value: "t" } });
    events.close();
  }),
  both(
    "7.5",
    "an update is ACKNOWLEDGED once stored, before the scheduler knows",
    async (client) => {
      const played = await PlayedExecutor.start(client);
      const events = await played.subscribe();
      const running = update("t", "TASK_RUNNING");
      expect((await played.ask("UPDATE", running)).status).toBe(202);
      const told = (await until(events, "ACKNOWLEDGED")).acknowledged;
      expect(told?.task_id).toEqual({ value: "t" });
      const { framework } = played;
      const status = await framework.reach("TASK_RUNNING");
      expect(status.uuid).toEqual(told?.uuid);
      expect(status).toMatchObject({ executor_id: { value: "played" }, source: "SOURCE_EXECUTOR" });
      events.close();
    },
  ),
  both(
    "7.5",
    "updates that were not acknowledged come again with SUBSCRIBE, once",
    async (client) => {
      const played = await PlayedExecutor.start(client);
      const first = await played.subscribe();
      await until(first, "LAUNCH");
      first.close();
      const { update: unacknowledged } = update("t", "TASK_RUNNING") as { update: object };
      for (let time = 0; time < 2; time++) {
        const again = await played.subscribe({ unacknowledged_updates: [unacknowledged] });
        await until(again, "ACKNOWLEDGED");
        again.close();
      }
      await played.framework.reach("TASK_RUNNING");
      await played.framework.call("RECONCILE", { reconcile: {} });
      // Had it been taken twice, it would have come before the answer.
      expect((await played.framework.status()).reason).toBe("REASON_RECONCILIATION");
    },
  ),
  both("7.5", "a task that never reached its executor is lost or dropped", async (client) => {
    const played = await PlayedExecutor.start(client);
    (await played.subscribe()).close();
    const events = await played.subscribe();
    const status = await played.framework.status();
    expect(status).toMatchObject({ state: "TASK_LOST", reason: "REASON_AGENT_RESTARTED" });
    events.close();
  }),
  both("7.6", "a second SUBSCRIBE ends the first stream", async (client) => {
    const played = await PlayedExecutor.start(client);
    const first = await played.subscribe();
    await until(first, "SUBSCRIBED");
    const task = { unacknowledged_tasks: [] };
    const { update: known } = update("t", "TASK_RUNNING") as { update: object };
    const second = await played.subscribe({ ...task, unacknowledged_updates: [known] });
    while ((await first.any()) !== undefined);
    expect(first.isEnded).toBe(true);
    await until(second, "ACKNOWLEDGED");
    second.close();
  }),
  both("7.3", "messages go both ways", async (client) => {
    const played = await PlayedExecutor.start(client);
    const events = await played.subscribe();
    expect((await played.ask("MESSAGE", { message: { data: "aGk=" } })).status).toBe(202);
    const heard = (await played.framework.next("MESSAGE")).message;
    const bytes = (data: unknown) =>
      Buffer.from(data as string, client.wire === "json" ? "base64" : undefined).toString();
    expect(bytes(heard?.data)).toBe("hi");
    const message = {
      agent_id: played.agentId,
      executor_id: { value: "played" },
      data: "eW91",
    };
    await played.framework.call("MESSAGE", { message });
    expect(bytes((await until(events, "MESSAGE")).message?.data)).toBe("you");
    events.close();
  }),
  both(
    "7.4",
    "KILL comes with its policy, and the executor says what became of it",
    async (client) => {
      const played = await PlayedExecutor.start(client);
      const events = await played.subscribe();
      await played.ask("UPDATE", update("t", "TASK_RUNNING"));
      const kill_policy = { grace_period: { nanoseconds: 2_000_000_000 } };
      await played.framework.call("KILL", { kill: { task_id: { value: "t" }, kill_policy } });
      const kill = (await until(events, "KILL")).kill;
      expect(kill).toMatchObject({ task_id: { value: "t" }, kill_policy });
      await played.ask("UPDATE", update("t", "TASK_KILLED"));
      await played.framework.reach("TASK_KILLED");
      events.close();
    },
  ),
  both("7.8", "SHUTDOWN comes on request; who stays is killed after the grace", async (client) => {
    const played = await PlayedExecutor.start(client);
    const events = await played.subscribe();
    await played.ask("UPDATE", update("t", "TASK_RUNNING"));
    const { agent_id } = await played.framework.reach("TASK_RUNNING");
    const shutdown = { executor_id: { value: "played" }, agent_id };
    await played.framework.call("SHUTDOWN", { shutdown });
    expect((await until(events, "SHUTDOWN")).type).toBe("SHUTDOWN");
    const failure = (await played.framework.next("FAILURE")).failure;
    expect(failure).toMatchObject({ executor_id: { value: "played" }, status: 9 });
    events.close();
  }),
];

/** §7 of the API's description. */
export const executorRows: readonly Row[] = [...checks, ...life];
