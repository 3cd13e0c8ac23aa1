import { existsSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { look } from "../../agent/io/checker.ts";
import { until } from "../support/until.ts";
import { AgentRig } from "./support/agent-rig.ts";

vi.setConfig({ testTimeout: 180_000 });

let rig: AgentRig;
beforeEach(async () => {
  rig = await new AgentRig().open();
});
afterEach(() => rig.close());

const often = { delayMs: 10, intervalMs: 50, gracePeriodMs: 0 };

describe("checks of a real agent", () => {
  test("a command runs in the sandbox with the task's environment, and its change is told", async () => {
    // What the operator gives to all gives way to what is the task's (F13).
    const environment = { OURS: "all", MINE: "no", TEPUI_TASK_ID: "no" };
    const agent = await rig.start({ environment });
    const value = '[ -e sick ] && exit 4; [ "$TEPUI_TASK_ID$MINE$OURS" = t1yesall ]';
    const command = { value, environment: [{ name: "MINE", value: "yes" }] };
    rig.master.launch(
      { t1: "while ! [ -e sick ]; do sleep 0.05; done; exec sleep 600" },
      {
        healthCheck: { command, ...often, consecutiveFailures: 3 },
        check: { command: { value: "exit 7" }, ...often },
      },
    );
    await rig.told("t1", ({ healthy }) => healthy === true);
    await rig.told("t1", ({ checkStatus }) => checkStatus?.command?.exitCode === 7);
    // It goes on after a restart of the agent, in the same container.
    await agent.kill("SIGKILL");
    await rig.start({ environment });
    const run = rig.lastOf("t1")?.containerStatus?.containerId ?? "";
    const runs = join(rig.workDir, "slaves/m1-S0/frameworks/f1/executors/t1/runs");
    expect(existsSync(join(runs, run))).toBe(true);
    writeFileSync(join(runs, run, "sick"), "");
    const sick = await rig.told("t1", ({ healthy }) => healthy === false);
    expect(sick).toMatchObject({
      state: "TASK_RUNNING",
      reason: "REASON_TASK_HEALTH_CHECK_STATUS_UPDATED",
      message: "Health check failed: its command exited with status 4",
    });
    const end = await rig.ended("t1");
    expect(end).toMatchObject({ state: "TASK_KILLED", healthy: false, signal: "SIGTERM" });
    expect(end.message).toContain("[TASK_UNHEALTHY]");
    await until("nothing is left", () => rig.left().length === 0);
  });

  test("a command that hangs is ended with what it started, and the task is killed", async () => {
    await rig.start();
    const hangs = { command: { value: "setsid sleep 601 & sleep 602" }, ...often, timeoutMs: 200 };
    rig.master.launch(
      { t1: "exec sleep 600" },
      { healthCheck: { ...hangs, consecutiveFailures: 2 } },
    );
    const end = await rig.ended("t1");
    expect(end.state).toBe("TASK_KILLED");
    expect(end.message).toContain("it took longer than 200 ms [CHECK_UNAVAILABLE]");
    await until("nothing is left", () => rig.left().length === 0);
  });

  test("a task that runs longer than it may is ended (D19)", async () => {
    await rig.start();
    rig.master.launch({ t1: "exec sleep 600" }, { maxCompletionMs: 100 });
    expect(await rig.ended("t1")).toMatchObject({
      state: "TASK_FAILED",
      reason: "REASON_MAX_COMPLETION_TIME_REACHED",
    });
  });
});

describe("one look", () => {
  const container = { address: "127.0.0.1", exec: async () => 3 };

  test("by HTTP sees the status, and by TCP that somebody listens", async () => {
    const server = createServer(({ url }, response) => {
      if (url === "/silent") return;
      response.writeHead(url === "/ready" ? 204 : 503).end();
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const { port } = server.address() as AddressInfo;
    try {
      expect(await look(container, { http: { port, path: "/ready" } }, 9_000)).toEqual({
        statusCode: 204,
      });
      expect(await look(container, { http: { port } }, 9_000)).toEqual({ statusCode: 503 });
      expect(await look(container, { tcp: { port } }, 9_000)).toEqual({ succeeded: true });
      expect(await look(container, { http: { port, path: "/silent" } }, 50)).toEqual({
        failure: `no answer on port ${port} in 50 ms`,
      });
    } finally {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    }
    expect(await look(container, { tcp: { port } }, 9_000)).toEqual({ succeeded: false });
    expect((await look(container, { http: { port } }, 9_000)).failure).toContain("ECONNREFUSED");
  });

  test("by command sees its exit status", async () => {
    expect(await look(container, { command: { value: "x" } }, 1)).toEqual({ exitCode: 3 });
  });
});
