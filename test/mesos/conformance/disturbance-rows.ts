import { readFileSync } from "node:fs";
import { expect } from "vitest";
import { listPids } from "../../../agent/containerizer/proc.ts";
import { until } from "../../support/until.ts";
import { type HttpFramework, scalar } from "../support/framework.ts";
import { nextEvent, watching } from "./event-rows.ts";
import { running, subscribeAgain } from "./scenario-rows.ts";
import { type Client, type Row, together } from "./suite.ts";

const aware = { capabilities: [{ type: "PARTITION_AWARE" }], checkpoint: true };

/** A framework of each form with a task that runs, both on the only agent that is disturbed. */
async function pair(client: Client): Promise<{ client: Client; framework: HttpFramework }[]> {
  const found = [];
  for (const one of [client, client.twin]) {
    const { framework } = await running(one, aware);
    await framework.call("SUPPRESS");
    found.push({ client: one, framework });
  }
  return found;
}

function signal(pids: readonly number[], name: NodeJS.Signals): void {
  for (const pid of pids) process.kill(pid, name);
}

/** Processes that sleep for so many seconds. */
function sleepers(seconds: string): number {
  return listPids().filter((pid) => commandOf(pid) === `sleep\0${seconds}\0`).length;
}

function commandOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "utf8");
  } catch {
    return "";
  }
}

async function agentStates(client: Client): Promise<string> {
  const { activated_slaves, unreachable_slaves, slaves, recovered_slaves } =
    await client.view<Record<string, number & { length: number }>>("/state");
  return `${activated_slaves} ${unreachable_slaves} ${slaves?.length} ${recovered_slaves?.length}`;
}

const reserving = {
  roles: ["kept"],
  capabilities: [{ type: "MULTI_ROLE" }, { type: "RESERVATION_REFINEMENT" }],
};

/** The next word of an operation: an outcome, which has a uuid, or an answer, which has none. */
async function operationStatus(framework: HttpFramework, what: "outcome" | "answer") {
  for (;;) {
    const { status } =
      (await framework.next("UPDATE_OPERATION_STATUS")).update_operation_status ?? {};
    if (status !== undefined && (status.uuid !== undefined) === (what === "outcome")) return status;
  }
}

/** A framework of each form with a reservation whose outcome it has and does not acknowledge. */
async function reservers(client: Client) {
  const found = [];
  for (const one of [client, client.twin]) {
    const framework = await one.framework({ failover_timeout: 3600, ...reserving });
    const { agent_id, ...offer } = await framework.offer();
    await framework.call("SUPPRESS");
    const resources = [scalar("cpus", 0.1, { reservations: [{ type: "DYNAMIC", role: "kept" }] })];
    const operation = { type: "RESERVE", id: { value: "op" }, reserve: { resources } };
    await framework.accept({ agent_id, ...offer }, [operation]);
    const outcome = await operationStatus(framework, "outcome");
    expect(outcome).toMatchObject({ state: "OPERATION_FINISHED", operation_id: { value: "op" } });
    found.push({ client: one, framework, agent_id, outcome, resources });
  }
  return found;
}

/** What the master answers of the operation, and how many it shows of the framework. */
async function standing(framework: HttpFramework, agent_id: object, client: Client) {
  const operations = [{ operation_id: { value: "op" }, agent_id }];
  await framework.call("RECONCILE_OPERATIONS", { reconcile_operations: { operations } });
  const { state } = await operationStatus(framework, "answer");
  const { get_operations } = (await client.operator({ type: "GET_OPERATIONS" })).value;
  const mine = get_operations?.operations?.filter(
    ({ framework_id }) => framework_id?.value === framework.id?.value,
  );
  return [state, ...(mine ?? []).map(({ latest_status }) => latest_status.state)];
}

async function reregistrations(client: Client): Promise<number> {
  const metrics = await client.view<Record<string, number>>("/metrics/snapshot");
  return metrics["master/slave_reregistrations"] ?? Number.NaN;
}

/** The scenarios in which a process of the cluster goes away. */
export const disturbanceRows: readonly Row[] = [
  together(
    "O5",
    "an agent restarts: no word of its tasks, its offers are rescinded",
    async (client) => {
      const frameworks = await pair(client);
      const watcher = await client.framework();
      const before = await watcher.offer();
      const returns = await reregistrations(client);
      signal(client.cluster.agentPids(), "SIGKILL");
      const rescinded = (await watcher.next("RESCIND")).rescind?.offer_id;
      expect(rescinded?.value).toMatch(/-O\d+$/);
      const after = await watcher.offer();
      expect(after.id).not.toEqual(before.id);
      expect(await reregistrations(client)).toBe(returns + 1);
      for (const { framework } of frameworks) {
        await framework.call("RECONCILE", { reconcile: {} });
        // The answer is the first that comes: nothing is said while the agent is away. But for what
        // it sends again, if it was killed before an acknowledgement was on its disk (D5).
        let status = await framework.status();
        while (status.uuid !== undefined) {
          expect(status.state).toMatch(/^TASK_(STARTING|RUNNING)$/);
          await framework.acknowledge(status);
          status = await framework.status();
        }
        expect(status).toMatchObject({ state: "TASK_RUNNING", reason: "REASON_RECONCILIATION" });
        await framework.call("KILL", { kill: { task_id: { value: "t" } } });
        await framework.reach("TASK_KILLED");
      }
    },
  ),
  together(
    "B23",
    "an agent restarts: tasks of frameworks that do not checkpoint are lost, and do not run on",
    async (client) => {
      const marks = [client, client.twin].map(
        () => `${41_000_000 + Math.floor(Math.random() * 1e6)}`,
      );
      const frameworks: HttpFramework[] = [];
      for (const [at, one] of [client, client.twin].entries()) {
        // What it says nothing of is not so: the default of Mesos, and of most frameworks.
        const info = at === 0 ? {} : { ...aware, checkpoint: false };
        const { framework } = await running(one, info, `exec sleep ${marks[at]}`);
        await framework.call("SUPPRESS");
        frameworks.push(framework);
      }
      expect(marks.map(sleepers)).toEqual([1, 1]);
      signal(client.cluster.agentPids(), "SIGKILL");
      for (const framework of frameworks) {
        const status = await framework.status();
        expect(status).toMatchObject({
          state: "TASK_LOST",
          reason: "REASON_AGENT_DISCONNECTED",
          source: "SOURCE_MASTER",
        });
        expect(status.message).toMatch(/^Agent .* disconnected$/);
      }
      const watcher = await client.framework();
      await watcher.offer();
      expect(marks.map(sleepers)).toEqual([0, 0]);
      for (const framework of frameworks) {
        const before = framework.statuses.length;
        await framework.call("RECONCILE", { reconcile: {} });
        const tasks = [{ task_id: { value: "t" } }];
        await framework.call("RECONCILE", { reconcile: { tasks } });
        // No word of it came in between: the answers are the first.
        const status = await framework.status();
        expect(status.reason).toBe("REASON_RECONCILIATION");
        expect(status.state).toMatch(/^TASK_(LOST|UNKNOWN)$/);
        expect(framework.statuses).toHaveLength(before + 1);
      }
    },
  ),
  together(
    "O6",
    "an agent falls silent: UNREACHABLE and FAILURE; back: RUNNING",
    async (client) => {
      const frameworks = await pair(client);
      const events = await watching(client);
      const pids = client.cluster.agentPids();
      signal(pids, "SIGSTOP");
      try {
        for (const { framework } of frameworks) {
          const status = await framework.status();
          expect(status).toMatchObject({ state: "TASK_UNREACHABLE", source: "SOURCE_MASTER" });
          expect(status.unreachable_time?.nanoseconds).toBeDefined();
          const failure = (await framework.next("FAILURE")).failure;
          expect(failure).toMatchObject({ agent_id: status.agent_id });
          expect(failure?.executor_id).toBeUndefined();
        }
        const { frameworks: shown } = await client.view<{
          frameworks: { unreachable_tasks: { id: string }[] }[];
        }>("/state");
        const away = shown.flatMap(({ unreachable_tasks }) => unreachable_tasks);
        expect(away.map(({ id }) => id)).toEqual(["t", "t"]);
        const removed = await nextEvent(events, ({ type }) => type === "AGENT_REMOVED");
        expect(removed.agent_removed?.agent_id.value).toMatch(/-S\d+$/);
      } finally {
        signal(pids, "SIGCONT");
      }
      for (const { framework } of frameworks) {
        const status = await framework.reach("TASK_RUNNING");
        expect(status.reason).toBe("REASON_AGENT_REREGISTERED");
      }
      const added = await nextEvent(events, ({ type }) => type === "AGENT_ADDED");
      expect(added.agent_added?.agent.active).toBe(true);
      events.close();
    },
  ),
  together(
    "O4",
    "the master fails: streams end, tasks are known again, ids hold",
    async (client) => {
      const frameworks = await pair(client);
      const pids = client.cluster.agentPids();
      // Agents stand still, so that the new master waits for them as long as the test wants.
      signal(pids, "SIGSTOP");
      try {
        signal([client.cluster.masterPid()], "SIGKILL");
        for (const one of frameworks) {
          while ((await one.framework.events.any()) !== undefined);
          const again = await subscribeAgain(one.client, one.framework, aware);
          expect(again.id).toEqual(one.framework.id);
          one.framework = again;
        }
        expect(await agentStates(client)).toBe("0 0 0 1");
        for (const { framework } of frameworks) {
          const tasks = [{ task_id: { value: "t" } }];
          await framework.call("RECONCILE", { reconcile: { tasks } });
        }
      } finally {
        signal(pids, "SIGCONT");
      }
      await until("the agent", async () => (await agentStates(client)) === "1 0 1 0", 60_000);
      for (const { framework } of frameworks) {
        // Nothing was said of the task while its agent was awaited.
        expect(framework.statuses).toEqual([]);
        await framework.call("RECONCILE", { reconcile: {} });
        expect(await framework.status()).toMatchObject({ state: "TASK_RUNNING" });
        expect(framework.statuses).toHaveLength(1);
      }
    },
  ),
  together(
    "O4",
    "the master fails: what became of operations is known again, and told again",
    async (client) => {
      const reserved = await reservers(client);
      const pids = client.cluster.agentPids();
      signal(pids, "SIGSTOP");
      try {
        signal([client.cluster.masterPid()], "SIGKILL");
        for (const one of reserved) {
          while ((await one.framework.events.any()) !== undefined);
          one.framework = await subscribeAgain(one.client, one.framework, reserving);
          // Its agent is awaited.
          const before = await standing(one.framework, one.agent_id, client);
          expect(before).toEqual(["OPERATION_RECOVERING"]);
        }
      } finally {
        signal(pids, "SIGCONT");
      }
      for (const { framework, agent_id, outcome, resources } of reserved) {
        const again = await operationStatus(framework, "outcome");
        expect(again).toEqual(outcome);
        const after = await standing(framework, agent_id, client);
        expect(after).toEqual(["OPERATION_FINISHED", "OPERATION_FINISHED"]);
        const { uuid, operation_id } = outcome;
        const acknowledge_operation_status = { agent_id, uuid: uuid?.value, operation_id };
        await framework.call("ACKNOWLEDGE_OPERATION_STATUS", { acknowledge_operation_status });
        expect(await standing(framework, agent_id, client)).toEqual(["OPERATION_UNKNOWN"]);
        // What it reserved was not forgotten either: it can be given free.
        const unreserve_resources = { agent_id, resources };
        const call = { type: "UNRESERVE_RESOURCES", unreserve_resources };
        expect((await client.operator(call)).status).toBe(202);
      }
    },
  ),
];
