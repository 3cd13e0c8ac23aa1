import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "vitest";
import { until } from "../../support/until.ts";
import { scalar } from "../support/framework.ts";
import { aware, signal } from "./disturbance-rows.ts";
import { nextEvent, watching } from "./event-rows.ts";
import { running as runningOn } from "./scenario-rows.ts";
import { type Row, together } from "./suite.ts";

const share = [scalar("cpus", 0.1), scalar("mem", 32)];

/** The scenarios in which what went away does not come back. */
export const leavingRows: readonly Row[] = [
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
