import { beforeEach, describe, expect, test } from "vitest";
import { CoreBench, F1 } from "./support/core.ts";

let agent: CoreBench;
beforeEach(() => {
  agent = new CoreBench();
});

describe("registration (B20–B22)", () => {
  test("waits at random, up to twice as long each time, and then knows itself", () => {
    agent.do({ type: "link-up" });
    const waits: number[] = [];
    for (let attempt = 0; attempt < 12; attempt++) {
      const nextMs = agent.state.timers.nextMs ?? 0;
      waits.push(nextMs - agent.nowMs);
      agent.pass(nextMs - agent.nowMs);
    }
    expect(agent.did()).toEqual(Array(12).fill("register"));
    for (const [at, ms] of waits.entries()) {
      expect(ms).toBeLessThanOrEqual(Math.min(60_000, 1_000 * 2 ** at));
    }
    agent.register();
    expect(agent.store.get("agent")).toMatchObject({ id: "a1" });
    agent.do({ type: "link-down" }).did();
    agent.do({ type: "link-up" }).pass(60_001);
    expect(agent.did()[0]).toBe("reregister");
  });

  test("a ping is answered; one that says not connected makes it register again", () => {
    agent.ready().order({ type: "ping", connected: true });
    expect(agent.did()).toEqual(["pong"]);
    agent.order({ type: "ping", connected: false }).pass(1_000);
    expect(agent.did()).toEqual(["pong", "reregister"]);
  });

  test("a framework of which nothing is left is forgotten on a new link, others are not", () => {
    agent.ready().launch("t1").held().exited({ code: 0 });
    agent.acknowledge().acknowledge();
    agent.do({ type: "link-down" }).do({ type: "link-up" });
    expect(agent.store.has(`framework/${F1}`)).toBe(true);
    agent.register().acknowledge();
    agent.order({ type: "ping", connected: false }).pass(1_000);
    expect([...agent.store.keys()].sort()).toEqual(["agent", `framework/${F1}`]);
    agent.do({ type: "link-down" }).do({ type: "link-up" });
    expect([...agent.store.keys()]).toEqual(["agent"]);
    expect(agent.state.frameworks.size).toBe(0);
    agent.ready();
    agent.launch("t2");
    expect(agent.did()).toEqual(["start t2", "update t2 TASK_STARTING"]);
  });

  test("a master that is silent for its ping timeout is registered with again", () => {
    agent.ready().pass(74_999);
    expect(agent.did()).toEqual([]);
    agent.pass(1).pass(1_000);
    expect(agent.did()).toEqual(["reregister"]);
  });
});
