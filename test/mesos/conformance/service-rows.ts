import { expect } from "vitest";
import { until } from "../../support/until.ts";
import { commandTask, type HttpFramework } from "../support/framework.ts";
import { call, printing } from "./agent-rows.ts";
import { until as eventOf, PlayedExecutor, update } from "./executor-rows.ts";
import { both, type Client, type Row } from "./suite.ts";

/** Sends a change to the operator API, which takes it. */
async function change(client: Client, type: string, body: object): Promise<void> {
  const { status, text } = await client.operator({ type, [type.toLowerCase()]: body });
  expect([type, status, text]).toEqual([type, 200, ""]);
}

/** The agent that has this id, as the master shows it. */
async function shown(client: Client, id: string) {
  const { agents } = (await client.operator({ type: "GET_AGENTS" })).value.get_agents ?? {};
  return agents?.find(({ agent_info }) => agent_info.id?.value === id);
}

/** A framework with a task that runs, and the agent that it runs on. */
async function running(client: Client): Promise<{ framework: HttpFramework; agent: string }> {
  const framework = await client.framework();
  const offer = await framework.offer();
  await framework.launch(offer, [commandTask("t", "sleep 600")]);
  await framework.reach("TASK_RUNNING");
  return { framework, agent: offer.agent_id.value };
}

/** Agents that are taken out of service, and operations that are asked about. */
export const serviceRows: readonly Row[] = [
  both("6.7", "reconciling an operation that nobody knows says so", async (client) => {
    const framework = await client.framework();
    const operation_id = { value: "nothing" };
    const reconcile_operations = { operations: [{ operation_id }] };
    expect(await framework.call("RECONCILE_OPERATIONS", { reconcile_operations })).toBe(202);
    const event = await framework.next("UPDATE_OPERATION_STATUS");
    const status = event.update_operation_status?.status;
    expect(status).toMatchObject({ operation_id, state: "OPERATION_UNKNOWN" });
    expect(status?.uuid).toBeUndefined();
  }),
  both("8.2", "an agent that is deactivated is not offered, its tasks run on", async (client) => {
    const { framework, agent } = await running(client);
    await change(client, "DEACTIVATE_AGENT", { agent_id: { value: agent } });
    try {
      expect(await shown(client, agent)).toMatchObject({ active: false, deactivated: true });
      // What the first one holds would otherwise keep the other from being offered anything.
      const { id } = await framework.offer();
      expect(await framework.call("DECLINE", { decline: { offer_ids: [id] } })).toBe(202);
      const other = await client.framework();
      expect((await other.offer()).agent_id.value).not.toBe(agent);
      const { get_tasks } = (await client.operator({ type: "GET_TASKS" })).value;
      const mine = get_tasks?.tasks?.filter(
        ({ framework_id }) => framework_id.value === framework.id?.value,
      );
      expect(mine?.map(({ state }) => state)).toEqual(["TASK_RUNNING"]);
    } finally {
      await change(client, "REACTIVATE_AGENT", { agent_id: { value: agent } });
    }
    expect(await shown(client, agent)).toMatchObject({ active: true, deactivated: false });
  }),
  both("8.2", "draining an agent ends its tasks, and it is drained then", async (client) => {
    const framework = await printing(client, "trap '' TERM; while :; do sleep 0.1; done");
    const agentShown = async () => (await call(client, { type: "GET_AGENT" })).value.get_agent;
    const agent = (await agentShown())?.agent_info?.id?.value ?? "";
    const max_grace_period = { seconds: 1 };
    await change(client, "DRAIN_AGENT", { agent_id: { value: agent }, max_grace_period });
    try {
      // The agent knows it while it waits for the end of what it runs.
      const told = await until("the agent to be told", async () => {
        const { drain_config, estimated_drain_start_time } = (await agentShown()) ?? {};
        return drain_config && { drain_config, estimated_drain_start_time };
      });
      expect(Number(told.drain_config.max_grace_period?.nanoseconds)).toBe(1e9);
      expect(Number(told.estimated_drain_start_time?.nanoseconds)).toBeGreaterThan(0);
      await framework.reach("TASK_KILLED");
      const state = await until("the agent to be drained", async () => {
        const { drain_info } = (await shown(client, agent)) ?? {};
        return drain_info?.state === "DRAINED" ? drain_info.state : undefined;
      });
      expect(state).toBe("DRAINED");
      // The end of its last task is acknowledged to the agent a little later.
      await until("the agent to be empty", async () => {
        const isOver = (await agentShown())?.drain_config === undefined;
        return isOver || undefined;
      });
    } finally {
      await change(client, "REACTIVATE_AGENT", { agent_id: { value: agent } });
    }
    expect((await shown(client, agent))?.drain_info).toBeUndefined();
  }),
  both(
    "7.4",
    "a drain has executors kill their tasks, in its own grace at most",
    async (client) => {
      const played = await PlayedExecutor.start(client);
      const events = await played.subscribe();
      await played.ask("UPDATE", update("t", "TASK_RUNNING"));
      const { framework, agentId: agent_id } = played;
      await framework.reach("TASK_RUNNING");
      const max_grace_period = { seconds: 30 };
      await change(client, "DRAIN_AGENT", { agent_id, max_grace_period });
      try {
        const kill_policy = { grace_period: { nanoseconds: expect.anything() } };
        const { kill } = await eventOf(events, "KILL");
        expect(kill).toMatchObject({ task_id: { value: "t" }, kill_policy });
        expect(Number(kill?.kill_policy?.grace_period?.nanoseconds)).toBe(30e9);
        for (const state of ["TASK_KILLING", "TASK_KILLED"]) {
          await played.ask("UPDATE", update("t", state));
          const told = await framework.reach(state);
          const reason = "REASON_AGENT_DRAINING";
          expect(told).toMatchObject({ source: "SOURCE_EXECUTOR", reason });
        }
        // It has nothing left to do.
        expect((await eventOf(events, "SHUTDOWN")).type).toBe("SHUTDOWN");
        await until("the agent to be drained", async () => {
          const { drain_info } = (await shown(client, agent_id.value)) ?? {};
          return drain_info?.state === "DRAINED" || undefined;
        });
      } finally {
        await change(client, "REACTIVATE_AGENT", { agent_id });
        events.close();
      }
    },
  ),
  both("6.6", "maintenance is asked for by inverse offers, and answered", async (client) => {
    const { framework, agent } = await running(client);
    const hostname = (await shown(client, agent))?.agent_info.hostname ?? "";
    const start = { nanoseconds: (Date.now() + 3_600_000) * 1e6 };
    const window = { machine_ids: [{ hostname }], unavailability: { start } };
    await change(client, "UPDATE_MAINTENANCE_SCHEDULE", { schedule: { windows: [window] } });
    try {
      const { inverse_offers } = await framework.next("INVERSE_OFFERS");
      const [inverse] = inverse_offers?.inverse_offers ?? [];
      expect(inverse).toMatchObject({ agent_id: { value: agent }, framework_id: framework.id });
      const accept_inverse_offers = { inverse_offer_ids: [inverse?.id] };
      const status = await framework.call("ACCEPT_INVERSE_OFFERS", { accept_inverse_offers });
      expect(status).toBe(202);
      const answered = await until("the answer to be shown", async () => {
        const { value } = await client.operator({ type: "GET_MAINTENANCE_STATUS" });
        const { draining_machines } = value.get_maintenance_status?.status ?? {};
        const { statuses } = draining_machines?.find(({ id }) => id.hostname === hostname) ?? {};
        return statuses?.find(({ framework_id }) => framework_id.value === framework.id?.value);
      });
      expect(answered.status).toBe("ACCEPT");
    } finally {
      await change(client, "UPDATE_MAINTENANCE_SCHEDULE", { schedule: { windows: [] } });
    }
    const { value } = await client.operator({ type: "GET_MAINTENANCE_SCHEDULE" });
    expect(value.get_maintenance_schedule?.schedule.windows ?? []).toEqual([]);
  }),
];
