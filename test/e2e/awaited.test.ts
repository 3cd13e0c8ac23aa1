import { describe, expect, test } from "vitest";
import { until } from "../support/until.ts";
import type { LocalCluster } from "./support/local-cluster.ts";
import { forAllTests } from "./support/suite-cluster.ts";

describe("a new master that waits for an agent (B26)", () => {
  let cluster: LocalCluster;
  forAllTests(1, (started) => {
    cluster = started;
  });

  test("says so of tasks that it does not know yet, and logs go on when they are", async () => {
    const small = ["--cpus", "0.1", "--mem", "32"];
    const line = "echo early; sleep 600";
    const running = cluster.start("run", ...small, "--name", "nap", "--", line);
    await until("it runs", () => running.output().includes("early"));
    const begun = cluster.start("logs", "-f", "nap");
    await until("its output", () => begun.output().includes("early"));
    const [agent = 0] = cluster.agentPids();
    const before = cluster.masterPid();
    process.kill(agent, "SIGSTOP");
    process.kill(before, "SIGKILL");
    await until("another master", () => ![0, before].includes(cluster.masterPid()));
    await until("what it knows", async () => {
      const { stderr } = await cluster.run("ps");
      return stderr.includes("1 agent has not come back to the new master yet");
    });
    expect((await cluster.run("status")).stdout).toMatch(/^policy: +drf /m);
    for (const words of [["kill"], ["logs"], ["explain", "task"]]) {
      const { code, stderr } = await cluster.run(...words, "nap");
      expect([code, stderr]).toEqual([1, expect.stringContaining("error[TASK_AWAITED]")]);
      expect(stderr).toContain('no task "nap" is known yet: 1 agent has not come back');
    }
    for (const words of [["teardown"], ["explain", "framework"]]) {
      const { code, stderr } = await cluster.run(...words, "elsewhere");
      expect([code, stderr]).toEqual([1, expect.stringContaining("error[FRAMEWORK_AWAITED]")]);
    }
    for (const list of ["frameworks", "status"]) {
      expect((await cluster.run(list)).stderr).toContain("1 agent has not come back");
    }
    expect((await cluster.run("explain", "agent", "agent-1")).stdout).toContain("not come back");
    const waiting = cluster.start("logs", "-f", "nap");
    process.kill(agent, "SIGCONT");
    await until("its output again", () => waiting.output().includes("early"));
    expect((await cluster.run("kill", "nap")).code).toBe(0);
    expect(await waiting.result).toMatchObject({ code: 0, stdout: "early\n" });
    expect(await begun.result).toMatchObject({ code: 0, stdout: "early\n", stderr: "" });
    expect((await running.result).code).not.toBe(0);
    expect((await cluster.run("kill", "nobody")).stderr).toContain("error[TASK_NOT_FOUND]");
  }, 180_000);
});
