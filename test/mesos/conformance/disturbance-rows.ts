import { expect } from "vitest";
import { listPids } from "../../../agent/containerizer/proc.ts";
import { commandOf } from "../../support/processes.ts";
import type { HttpFramework } from "../support/framework.ts";
import { nextEvent, watching } from "./event-rows.ts";
import { running as runningOn } from "./scenario-rows.ts";
import { type Client, type Row, together } from "./suite.ts";

/** What makes a framework hear of partitions, and its tasks outlive their agent's process. */
export const aware = { capabilities: [{ type: "PARTITION_AWARE" }], checkpoint: true };

/** A framework of each form with a task that runs, both on the only agent that is disturbed. */
export async function pair(
  client: Client,
): Promise<{ client: Client; framework: HttpFramework }[]> {
  const found = [];
  for (const one of [client, client.twin]) {
    const { framework } = await runningOn(one, aware);
    await framework.call("SUPPRESS");
    found.push({ client: one, framework });
  }
  return found;
}

/** Sends a signal to processes. */
export function signal(pids: readonly number[], name: NodeJS.Signals): void {
  for (const pid of pids) process.kill(pid, name);
}

/** Processes that sleep for so many seconds. */
function sleepers(seconds: string): number {
  return listPids().filter((pid) => commandOf(pid) === `sleep\0${seconds}\0`).length;
}

/** Agents as `/state` counts them: active, unreachable, listed, awaited. */
export async function agentStates(client: Client): Promise<string> {
  const { activated_slaves, unreachable_slaves, slaves, recovered_slaves } =
    await client.view<Record<string, number & { length: number }>>("/state");
  return `${activated_slaves} ${unreachable_slaves} ${slaves?.length} ${recovered_slaves?.length}`;
}

async function reregistrations(client: Client): Promise<number> {
  const metrics = await client.view<Record<string, number>>("/metrics/snapshot");
  return metrics["master/slave_reregistrations"] ?? Number.NaN;
}

/** The scenarios in which an agent goes away and comes back. */
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
        const { framework } = await runningOn(one, info, `exec sleep ${marks[at]}`);
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
];
