import { beforeEach, describe, expect, test } from "vitest";
import { CoreBench } from "./support/core.ts";

let agent: CoreBench;
beforeEach(() => {
  agent = new CoreBench();
});

describe("containers that an engine runs (F25, F71)", () => {
  const container = { type: "DOCKER" as const, docker: { image: "i" } };
  const started = (...ipAddresses: string[]) =>
    agent.do({ type: "container-started", containerId: agent.containerId, ipAddresses });

  test("the task runs once the engine says so, at the address that it says", () => {
    agent.register().launch("t1", { container }).held().acknowledge();
    expect(agent.did().slice(-3)).toEqual(["start t1", "update t1 TASK_STARTING", "release"]);
    started("172.17.0.2", "fd00::2");
    expect(agent.did()).toEqual(["update t1 TASK_RUNNING"]);
    const addresses = agent.updates
      .at(-1)
      ?.containerStatus?.networkInfos?.flatMap((info) => info.ipAddresses ?? []);
    expect(addresses).toEqual([
      { protocol: "IPv4", ipAddress: "172.17.0.2" },
      { protocol: "IPv6", ipAddress: "fd00::2" },
    ]);
  });

  test("being told again, as after a restart, changes nothing", () => {
    agent.register().launch("t1", { container }).held().acknowledge();
    started().acknowledge().did();
    started("172.17.0.2");
    expect(agent.did()).toEqual([]);
  });

  test("one that the engine refuses to start never ran", () => {
    agent.register().launch("t1", { container }).held().acknowledge().did();
    agent.do({ type: "container-failed", containerId: agent.containerId, message: "no" });
    expect(agent.did()).toEqual(["update t1 TASK_FAILED", "forget"]);
    expect(agent.updates.at(-1)?.reason).toBe("REASON_CONTAINER_LAUNCH_FAILED");
  });
});
