import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "vitest";
import { until } from "../../support/until.ts";
import { type HttpFramework, scalar } from "../support/framework.ts";
import { nextEvent, watching } from "./event-rows.ts";
import { running as runningOn, subscribeAgain } from "./scenario-rows.ts";
import { type Client, type Row, together } from "./suite.ts";

const share = [scalar("cpus", 0.1), scalar("mem", 32)];
const aware = { capabilities: [{ type: "PARTITION_AWARE" }], checkpoint: true };

/** A framework of each form with a task that runs, both on the only agent that is disturbed. */
async function pair(client: Client): Promise<{ client: Client; framework: HttpFramework }[]> {
  const found = [];
  for (const one of [client, client.twin]) {
    const { framework } = await runningOn(one, aware);
    await framework.call("SUPPRESS");
    found.push({ client: one, framework });
  }
  return found;
}

function signal(pids: readonly number[], name: NodeJS.Signals): void {
  for (const pid of pids) process.kill(pid, name);
}

async function agentStates(client: Client): Promise<string> {
  const { activated_slaves, unreachable_slaves, slaves, recovered_slaves } =
    await client.view<Record<string, number & { length: number }>>("/state");
  return `${activated_slaves} ${unreachable_slaves} ${slaves?.length} ${recovered_slaves?.length}`;
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
      signal(client.cluster.agentPids(), "SIGKILL");
      const rescinded = (await watcher.next("RESCIND")).rescind?.offer_id;
      expect(rescinded?.value).toMatch(/-O\d+$/);
      const after = await watcher.offer();
      expect(after.id).not.toEqual(before.id);
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
    "6.5",
    "an executor dies while its agent is away: FAILURE names it when the agent is back",
    async (client) => {
      const folder = mkdtempSync(join(tmpdir(), "tepui-executors-"));
      const frameworks = [];
      for (const one of [client, client.twin]) {
        const framework = await one.framework({ ...aware, failover_timeout: 3600 });
        const pidFile = join(folder, one.wire);
        const executor = {
          executor_id: { value: `executor-${one.wire}` },
          command: { value: `echo $$ > ${pidFile}.new; mv ${pidFile}.new ${pidFile}; sleep 600` },
          resources: share,
        };
        const task = { name: "t", task_id: { value: "t" }, executor, resources: share };
        await framework.launch(await framework.offer(), [task]);
        await framework.call("SUPPRESS");
        const pid = await until("the executor", () => existsSync(pidFile) || undefined).then(() =>
          Number(readFileSync(pidFile, "utf8")),
        );
        frameworks.push({ framework, pid, executor });
      }
      rmSync(folder, { recursive: true });
      signal(client.cluster.agentPids(), "SIGKILL");
      for (const { pid } of frameworks) signal([pid], "SIGKILL");
      for (const { framework, executor } of frameworks) {
        const { failure } = await framework.next("FAILURE");
        expect(failure).toMatchObject({ executor_id: executor.executor_id });
        expect(failure?.agent_id).toBeDefined();
        // Some clients read it wherever there is an executor_id.
        expect(failure?.status).toBeTypeOf("number");
        const told = framework.statuses.at(-1) ?? (await framework.status());
        expect(told).toMatchObject({ state: "TASK_FAILED", task_id: { value: "t" } });
      }
    },
  ),
  // The last one: it takes the agent that the others have.
  together(
    "8.2",
    "MARK_AGENT_GONE: its tasks are lost or gone by the operator, and it never comes back",
    async (client) => {
      const plain = { checkpoint: true };
      const cases = [
        { one: client, info: aware, state: "TASK_GONE_BY_OPERATOR" },
        { one: client.twin, info: plain, state: "TASK_LOST" },
      ] as const;
      const running = [];
      for (const { one, info, state } of cases) {
        const { framework, offer } = await runningOn(one, info);
        await framework.call("SUPPRESS");
        running.push({ framework, state, agent: offer.agent_id.value });
      }
      const [agent = ""] = running.map((one) => one.agent);
      const watchers = [await watching(client), await watching(client.twin)];
      for (const one of watchers) await one.any();
      const pids = client.cluster.agentPids();
      const mark = { type: "MARK_AGENT_GONE", mark_agent_gone: { agent_id: { value: agent } } };
      const { status, text } = await client.operator(mark);
      expect([status, text]).toEqual([200, ""]);
      for (const { framework, state } of running) {
        const told = await framework.status();
        expect(told).toMatchObject({ task_id: { value: "t" }, state, source: "SOURCE_MASTER" });
        expect(told.reason).toBe("REASON_AGENT_REMOVED_BY_OPERATOR");
        const failure = (await framework.next("FAILURE")).failure;
        expect(failure).toMatchObject({ agent_id: { value: agent } });
        expect(failure?.executor_id).toBeUndefined();
      }
      for (const one of watchers) {
        const removed = await nextEvent(one, ({ type }) => type === "AGENT_REMOVED");
        expect(removed.agent_removed?.agent_id.value).toBe(agent);
        one.close();
      }
      for (const { framework, state } of running) {
        const tasks = [{ task_id: { value: "t" }, agent_id: { value: agent } }];
        await framework.call("RECONCILE", { reconcile: { tasks } });
        const told = await framework.status();
        expect(told).toMatchObject({ state, reason: "REASON_RECONCILIATION" });
      }
      expect((await client.operator(mark)).status).toBe(200);
      // The agent ends what it runs, and then itself.
      await until("the agent to end", () => {
        const isThere = client.cluster.agentPids().some((pid) => pids.includes(pid));
        return isThere ? undefined : true;
      });
      const { agents } = (await client.operator({ type: "GET_AGENTS" })).value.get_agents ?? {};
      expect(agents?.map(({ agent_info }) => agent_info.id?.value) ?? []).not.toContain(agent);
    },
  ),
];
