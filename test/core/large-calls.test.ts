import { expect } from "vitest";
import { limits } from "../../contract/limits.ts";
import { scenario } from "../support/scenario.ts";

const oneOfEach = `
  agent a1 cpus:4;mem:1024
  framework web failover=10000
`;

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
