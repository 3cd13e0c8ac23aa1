import { expect } from "vitest";
import { limits } from "../../contract/limits.ts";
import { oneOfEach } from "../support/one-task.ts";
import { scenario } from "../support/scenario.ts";

scenario(
  "C6 an offer that is gone drops the tasks and recovers the valid offers",
  oneOfEach,
  (c) => {
    c.do("agent a2 cpus:2;mem:512");
    c.told();
    c.offers[0] && c.call("web", { type: "decline", offerIds: [c.offers[0].id] });
    c.call("web", {
      type: "accept",
      offerIds: c.offers.map(({ id }) => id),
      operations: [
        {
          type: "LAUNCH",
          tasks: [{ name: "t", taskId: "t1" as never, agentId: "m-S0" as never, resources: [] }],
        },
      ],
    });
    c.expect("web < t1 LOST INVALID_OFFERS");
    c.do("wait 1s");
    c.expect("web < offers a2(cpus:2;mem:512)");
  },
);

scenario("C6 offers of two agents cannot be accepted together", oneOfEach, (c) => {
  c.do("agent a2 cpus:2;mem:512");
  c.told();
  c.do("web accepts all t1(cpus:1;mem:32)");
  c.expect("web < t1 LOST INVALID_OFFERS");
  expect(c.state.offers.size).toBe(0);
});

scenario(
  "C6 a call with too many tasks is refused, and its offers are given back",
  oneOfEach,
  (c) => {
    c.told();
    const agentId = c.offers[0]?.agentId as never;
    const count = limits.tasksPerAcceptMax + 1;
    const tasks = Array.from({ length: count }, (_, at) => ({
      name: "t",
      taskId: `t${at}` as never,
      agentId,
      resources: [],
    }));
    const offerIds = c.offers.map(({ id }) => id);
    c.call("web", { type: "accept", offerIds, operations: [{ type: "LAUNCH", tasks }] });
    expect(c.state.offers.size).toBe(0);
    const told = c.told();
    expect(told).toHaveLength(count);
    expect(told[0]).toBe("web < t0 LOST INVALID_OFFERS");
    c.do("wait 1s");
    c.expect("web < offers a1(cpus:4;mem:1024)");
  },
);

scenario("C10 what an ACCEPT leaves is refused for 5 s when it says nothing", oneOfEach, (c) => {
  c.do("web accepts a1 t1(cpus:1;mem:64)");
  c.expect("a1 < launch t1 with framework");
  c.do("wait 4s");
  c.expect("");
  c.do("wait 2s");
  c.expect("web < offers a1(cpus:3;mem:960)");
});
