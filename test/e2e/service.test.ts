import { describe, expect, test } from "vitest";
import type { AgentView } from "../../contract/operator-api.ts";
import { until } from "../support/until.ts";
import type { LocalCluster } from "./support/local-cluster.ts";
import { forAllTests } from "./support/suite-cluster.ts";

describe("agents in and out of service, on a local cluster of real processes", () => {
  let cluster: LocalCluster;
  forAllTests(2, (started) => {
    cluster = started;
  });

  const view = async (id: string): Promise<AgentView | undefined> =>
    (await cluster.agents()).find(({ agent }) => agent.id === id);
  const ok = async (...words: string[]): Promise<string> => {
    const { code, stdout, stderr } = await cluster.run(...words);
    expect(stderr).toBe("");
    expect(code).toBe(0);
    return stdout;
  };

  test("a drain moves what runs there, and the agent is offered again afterwards (I5, I6)", async () => {
    const running = cluster.start("run", "--cpus", "0.1", "--mem", "16", "--", "sleep", "1000");
    await until("a running task", async () =>
      (await cluster.liveTasks()).find(({ state }) => state === "TASK_RUNNING"),
    );
    const busy = (await cluster.agents()).find(({ tasks }) => tasks > 0)?.agent.id ?? "";
    expect(await ok("drain", busy, "--grace", "5s")).toContain("is being drained");
    await until("the end of the drain", async () => {
      return (await view(busy))?.drain?.state === "DRAINED";
    });
    expect(await view(busy)).toMatchObject({ state: "inactive", tasks: 0 });
    const { agents } = JSON.parse(await ok("agents", "-o", "json"));
    expect(agents).toContainEqual(expect.objectContaining({ state: "inactive", tasks: 0 }));
    expect(await ok("agents")).toMatch(new RegExp(`^${busy} +\\S+ +drained `, "m"));
    // It costs the task none of its retries, of which it has none.
    const moved = await until("the task elsewhere", async () =>
      (await cluster.liveTasks()).find(({ state }) => state === "TASK_RUNNING"),
    );
    expect(moved.agentId).not.toBe(busy);
    await ok("kill", moved.taskId);
    const { code, stderr } = await running.result;
    expect(code).toBe(143);
    // What the second attempt prints follows what the first one printed, which must be said.
    expect(stderr).toMatch(/^sleep-\w+ is lost \(.+\); it runs again$/m);
    expect(await ok("reactivate", busy)).toContain("offered again");
    expect(await view(busy)).toMatchObject({ state: "active" });
  }, 120_000);

  test("nothing is launched on a deactivated agent (I6)", async () => {
    const [first, second] = (await cluster.agents()).map(({ agent }) => agent.id ?? "");
    await ok("deactivate", first ?? "");
    const { stdout } = await cluster.run(
      "run",
      "--count",
      "6",
      "--mem",
      "16",
      "-o",
      "json",
      "true",
    );
    const { tasks } = JSON.parse(stdout) as { tasks: { agentId: string }[] };
    expect(new Set(tasks.map(({ agentId }) => agentId))).toEqual(new Set([second]));
    await ok("reactivate", first ?? "");
  }, 120_000);

  test("scheduled machines are shown, and can be taken off again (I1, I4)", async () => {
    const words = ["schedule", "web-1/10.0.0.1", "--start", "2030-01-02T03:04Z"];
    const shown = await ok("maintenance", ...words, "--duration", "2hrs");
    expect(shown).toMatch(/web-1\/10\.0\.0\.1 +draining +2030-01-02T03:04:00Z +2030-01-02T05:04/);
    expect(await ok("maintenance", "start", "web-1/10.0.0.1")).toMatch(/web-1\/10\.0\.0\.1 +down/);
    await ok("maintenance", "stop", "web-1/10.0.0.1");
    expect(await ok("maintenance", "show", "-o", "json")).toContain('"windows":[]');
    const { code, stderr } = await cluster.run("maintenance", "start", "web-1");
    expect([code, stderr]).toEqual([1, expect.stringContaining("error[MAINTENANCE_INVALID]")]);
  }, 120_000);

  test("reservations and volumes are made and given back (E11, E12)", async () => {
    const [agent = ""] = (await cluster.agents()).map((each) => each.agent.id ?? "");
    const names = ["--role", "web", "--id", "data"];
    await ok("reserve", agent, "disk(web):64;mem(web):32");
    await ok("volume", "create", agent, ...names, "--size", "32");
    await ok("volume", "resize", agent, ...names, "--size", "48");
    const total = (await view(agent))?.total ?? [];
    expect(total.find(({ disk }) => disk?.persistence?.id === "data")?.scalar).toBe(48_000);
    const [before] = await cluster.agents();
    for (const pid of cluster.agentPids()) process.kill(pid, "SIGKILL");
    await until("the agents' return", async () =>
      (await cluster.agents()).every(({ state, reregisteredMs = 0 }) => {
        return state === "active" && reregisteredMs > (before?.reregisteredMs ?? 0);
      }),
    );
    const kept = (await view(agent))?.total ?? [];
    expect(kept.find(({ disk }) => disk?.persistence?.id === "data")?.scalar).toBe(48_000);
    const refused = await cluster.run("unreserve", agent, "disk(web):64");
    expect(refused.stderr).toContain("error[RESOURCES_MISSING]");
    await ok("volume", "destroy", agent, ...names);
    await ok("unreserve", agent, "disk(web):64;mem(web):32");
    const missing = await cluster.run("volume", "destroy", agent, ...names);
    expect(missing.stderr).toContain("error[VOLUME_NOT_FOUND]");
  }, 120_000);

  test("a machine that comes back from maintenance has its volumes, as a new agent (I2, E12)", async () => {
    const [before] = await cluster.agents();
    const { id = "", hostname = "" } = before?.agent ?? {};
    const names = ["--role", "web", "--id", "kept"];
    await ok("reserve", id, "disk(web):64;mem(web):32");
    await ok("volume", "create", id, ...names, "--size", "48");
    await ok("maintenance", "schedule", hostname, "--start", "2030-01-02T03:04Z");
    await ok("maintenance", "start", hostname);
    await until("its end", async () => (await cluster.agents()).length < 2);
    await ok("maintenance", "stop", hostname);
    const after = await until("its return", async () =>
      (await cluster.agents()).find((each) => each.agent.hostname === hostname),
    );
    expect(after.agent.id).not.toBe(id);
    const kept = after.total.filter(({ reservations = [] }) => reservations.length > 0);
    expect(kept.map(({ name, scalar, disk }) => [name, scalar, disk?.persistence?.id])).toEqual(
      expect.arrayContaining([
        ["disk", 16_000, undefined],
        ["disk", 48_000, "kept"],
        ["mem", 32_000, undefined],
      ]),
    );
    await ok("volume", "destroy", after.agent.id ?? "", ...names);
    await ok("unreserve", after.agent.id ?? "", "disk(web):64;mem(web):32");
  }, 120_000);

  test("an agent that is gone stays gone (B31)", async () => {
    const [, agent = ""] = (await cluster.agents()).map((each) => each.agent.id ?? "");
    await ok("gone", agent);
    expect(await view(agent)).toMatchObject({ state: "gone" });
    expect((await cluster.run("drain", "nobody")).stderr).toContain("error[AGENT_UNKNOWN]");
  }, 120_000);
});
