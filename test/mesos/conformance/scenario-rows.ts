import { expect } from "vitest";
import { subscribeCall } from "../support/client.ts";
import { commandTask, type HttpFramework, openStream, type V1Offer } from "../support/framework.ts";
import { PlayedExecutor, until, update } from "./executor-rows.ts";
import { both, type Client, type Row, together } from "./suite.ts";

const HOUR = { refuse_seconds: 3600 };

/** A framework with a task `t` that runs, and the offer that it was launched with. */
export async function running(client: Client, info: object = {}, command = "exec sleep 600") {
  const framework = await client.framework({ failover_timeout: 3600, ...info });
  const offer = await framework.offer();
  await framework.launch(offer, [commandTask("t", command)]);
  await framework.reach("TASK_RUNNING");
  return { framework, offer };
}

const cpusOf = (offer: V1Offer): number =>
  offer.resources?.find(({ name }) => name === "cpus")?.scalar?.value ?? 0;

/** The next offer of this agent with all of its cpus. */
async function wholeOffer(framework: HttpFramework, like: V1Offer): Promise<V1Offer> {
  for (;;) {
    const offer = await framework.offer();
    const isIt = offer.agent_id.value === like.agent_id.value;
    if (isIt && Math.abs(cpusOf(offer) - cpusOf(like)) < 1e-6) return offer;
    await framework.call("DECLINE", {
      decline: { offer_ids: [offer.id], filters: { refuse_seconds: 0 } },
    });
  }
}

/** Subscribes a known framework again, as often as it takes. */
export async function subscribeAgain(client: Client, framework: HttpFramework, info: object = {}) {
  for (;;) {
    try {
      const again = await client.framework({ failover_timeout: 3600, ...info, id: framework.id });
      if (again.id !== undefined) return again;
    } catch {
      // The master is not up yet.
    }
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
}

const lives: Row[] = [
  both(
    "O1",
    "a task starts, runs and ends; its resources come back unacknowledged",
    async (client) => {
      const framework = await client.framework();
      const offer = await framework.offer();
      const filters = { refuse_seconds: 0 };
      await framework.launch(offer, [commandTask("t", "true")], filters);
      const seen: string[] = [];
      let status = await framework.status();
      for (; status.state !== "TASK_FINISHED"; status = await framework.status()) {
        seen.push(status.state);
        await framework.acknowledge(status);
      }
      expect(seen).toEqual(["TASK_STARTING", "TASK_RUNNING"]);
      // The end is not acknowledged, and all of the agent is offered all the same.
      expect(cpusOf(await wholeOffer(framework, offer))).toBe(cpusOf(offer));
      await framework.acknowledge(status);
    },
  ),
  both(
    "O2",
    "what is not acknowledged comes again, the same; other tasks go on",
    async (client) => {
      const framework = await client.framework();
      const offer = await framework.offer();
      await framework.launch(offer, [commandTask("slow", "sleep 600"), commandTask("t", "true")]);
      const mute: string[] = [];
      let isOver = false;
      while (mute.length < 3 || !isOver) {
        const status = await framework.status();
        if (status.task_id.value === "slow") mute.push(`${status.state} ${status.uuid}`);
        else await framework.acknowledge(status);
        isOver ||= status.state === "TASK_FINISHED";
      }
      expect(new Set(mute).size).toBe(1);
      expect(mute[0]).toMatch(/^TASK_STARTING /);
    },
  ),
  both("O3", "who takes over hears at once what was not acknowledged", async (client) => {
    const framework = await client.framework({ failover_timeout: 3600 });
    await framework.launch(await framework.offer(), [commandTask("t", "sleep 600")]);
    const first = await framework.status();
    const again = await client.framework({ failover_timeout: 3600, id: framework.id });
    expect((await framework.next("ERROR")).error?.message).toBe("Framework failed over");
    expect(await framework.events.next()).toBeUndefined();
    expect(again.events.streamId).not.toBe(framework.events.streamId);
    expect((await again.status()).uuid).toEqual(first.uuid);
    expect(await framework.call("REVIVE")).toBe(400);
  }),
  both("O7", "an executor that dies: FAILURE with its status, its task fails", async (client) => {
    const played = await PlayedExecutor.start(client, "sleep 3; exit 5");
    const events = await played.subscribe();
    await until(events, "LAUNCH");
    await played.ask("UPDATE", update("t", "TASK_RUNNING"));
    const failure = (await played.framework.next("FAILURE")).failure;
    expect(failure).toMatchObject({
      agent_id: played.agentId,
      executor_id: { value: "played" },
      status: 5 << 8,
    });
    const status = await played.framework.reach("TASK_FAILED");
    expect(status).toMatchObject({
      source: "SOURCE_AGENT",
      reason: "REASON_EXECUTOR_TERMINATED",
      executor_id: { value: "played" },
    });
    events.close();
  }),
  both(
    "O11",
    "a task that is killed before its executor came was killed in launch",
    async (client) => {
      const played = await PlayedExecutor.start(client);
      await played.framework.call("KILL", { kill: { task_id: { value: "t" } } });
      const status = await played.framework.reach("TASK_KILLED");
      expect(status.reason).toBe("REASON_TASK_KILLED_DURING_LAUNCH");
      await expect
        .poll(async () => (await played.ask("UPDATE", update("t", "TASK_RUNNING"))).status, {
          timeout: 10_000,
        })
        .toBe(400);
    },
  ),
];

const offering: Row[] = [
  both("O8", "REVIVE brings back at once what was declined for an hour", async (client) => {
    const framework = await client.framework();
    const offer = await framework.offer();
    await framework.call("DECLINE", { decline: { offer_ids: [offer.id], filters: HOUR } });
    await framework.call("REVIVE");
    expect(cpusOf(await wholeOffer(framework, offer))).toBe(cpusOf(offer));
  }),
  both("O9", "more than was declined is offered although the hour is not over", async (client) => {
    const framework = await client.framework();
    const offer = await framework.offer();
    await framework.launch(offer, [commandTask("t", "exec sleep 600")], { refuse_seconds: 0 });
    let rest = await framework.offer();
    while (rest.agent_id.value !== offer.agent_id.value) rest = await framework.offer();
    await framework.call("DECLINE", { decline: { offer_ids: [rest.id], filters: HOUR } });
    await framework.call("KILL", { kill: { task_id: { value: "t" } } });
    expect(cpusOf(await wholeOffer(framework, offer))).toBeGreaterThan(cpusOf(rest));
  }),
  both("O10", "what was suppressed flows again after a SUBSCRIBE without it", async (client) => {
    const framework = await client.framework({ failover_timeout: 3600 });
    const offer = await framework.offer();
    await framework.call("SUPPRESS");
    await framework.call("DECLINE", { decline: { offer_ids: [offer.id], filters: HOUR } });
    framework.events.close();
    const again = await client.framework({ failover_timeout: 3600, id: framework.id });
    expect(cpusOf(await wholeOffer(again, offer))).toBe(cpusOf(offer));
  }),
  together("O12", "two frameworks get equal shares, and 2:1 with weights 2:1", async (client) => {
    for (const [weight, low, high] of [
      [1, 0.8, 1.25],
      [2, 1.6, 2.5],
    ] as const) {
      const weight_infos = [{ role: "heavy", weight }];
      await client.operator({ type: "UPDATE_WEIGHTS", update_weights: { weight_infos } });
      const capabilities = [{ type: "MULTI_ROLE" }];
      const pair = [
        await client.framework({ roles: ["heavy"], capabilities }),
        await client.twin.framework({ roles: ["light"], capabilities }),
      ] as const;
      const [heavy, light] = await Promise.all(pair.map(takeAll));
      const ratio = Number(heavy) / Number(light);
      expect(ratio).toBeGreaterThanOrEqual(low);
      expect(ratio).toBeLessThanOrEqual(high);
      for (const framework of pair) await framework.teardown();
    }
  }),
];

/** Launches one task on each offer until none fits any more; answers how many there were. */
async function takeAll(framework: HttpFramework): Promise<number> {
  let count = 0;
  for (let misses = 0; misses < 4; ) {
    const offer = await Promise.race([
      framework.offer(),
      new Promise<undefined>((resolve) => setTimeout(() => resolve(undefined), 3_000)),
    ]);
    if (offer === undefined) break;
    if (cpusOf(offer) < 0.25) {
      misses += 1;
      await framework.call("DECLINE", { decline: { offer_ids: [offer.id] } });
      continue;
    }
    const resources = [
      { name: "cpus", type: "SCALAR", scalar: { value: 0.25 } },
      { name: "mem", type: "SCALAR", scalar: { value: 32 } },
    ];
    const task = commandTask(`t${count++}`, "exec sleep 600", { resources });
    await framework.launch(offer, [task], { refuse_seconds: 0 });
  }
  return count;
}

const endings: Row[] = [
  both("O13", "TEARDOWN closes the stream without a word; the id is spent", async (client) => {
    const { framework } = await running(client);
    const before = framework.statuses.length;
    expect(await framework.call("TEARDOWN")).toBe(202);
    const rest: string[] = [];
    for (let event = await framework.events.next(); event; event = await framework.events.next()) {
      rest.push(String(event.type));
    }
    expect(rest.filter((type) => type !== "OFFERS")).toEqual([]);
    expect(framework.statuses.length).toBe(before);
    const call = subscribeCall({ id: framework.id });
    const events = await openStream(client.master, client.wire, call);
    expect(events.status).toBe(200);
    expect((await events.next())?.error?.message).toBe("Framework has been removed");
    expect(await events.next()).toBeUndefined();
  }),
  both("12.17", "without a failover timeout, going away ends all tasks", async (client) => {
    const { framework } = await running(client, { failover_timeout: 0 });
    framework.events.close();
    await expect
      .poll(
        async () => {
          const { completed_frameworks } = await client.view<{
            completed_frameworks: { id: string; completed_tasks: { state: string }[] }[];
          }>("/state");
          const gone = completed_frameworks.find(({ id }) => id === framework.id?.value);
          return gone?.completed_tasks.map(({ state }) => state);
        },
        { timeout: 10_000 },
      )
      .toEqual(["TASK_KILLED"]);
  }),
  both("12.17", "with one, tasks run on and are there when it comes back", async (client) => {
    const { framework } = await running(client);
    framework.events.close();
    const again = await client.framework({ failover_timeout: 3600, id: framework.id });
    await again.call("RECONCILE", { reconcile: {} });
    const status = await again.status();
    expect(status).toMatchObject({ state: "TASK_RUNNING", task_id: { value: "t" } });
  }),
];

/** The scenarios that disturb nobody but their own frameworks. */
export const scenarioRows: readonly Row[] = [...lives, ...offering, ...endings];
