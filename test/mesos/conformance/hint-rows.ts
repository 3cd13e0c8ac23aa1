import { expect } from "vitest";
import { both, type Row } from "./suite.ts";

/** What frameworks state for policies that go by it, where the API has a place for it. */
export const hintRows: readonly Row[] = [
  both("6.3", "labels state priority and demand, and a bad one is refused", async (client) => {
    const stated = (value: string) => ({ labels: { labels: [{ key: "tepui.demand", value }] } });
    const events = await client.open(stated("cpus:2;mem=64"));
    const place = "framework.labels/tepui.demand, column 8: ";
    expect((await events.any())?.error?.message).toContain(place);
    expect(await events.any()).toBeUndefined();
    const framework = await client.framework(stated("cpus:2;mem:64"));
    // Under the policy here, which does not go by demands, the framework is offered all the same.
    await framework.offer();
    const requests = [{ resources: [{ name: "cpus", type: "SCALAR", scalar: { value: 1 } }] }];
    for (const list of [requests, [{ agent_id: { value: "none" } }], []]) {
      expect(await framework.call("REQUEST", { request: { requests: list } })).toBe(202);
    }
    const update = (value: string) => ({
      update_framework: {
        framework_info: { user: "root", name: "", id: framework.id, ...stated(value) },
      },
    });
    expect((await framework.ask("UPDATE_FRAMEWORK", update("cpus:two"))).status).toBe(400);
    expect((await framework.ask("UPDATE_FRAMEWORK", update("cpus:2"))).status).toBe(200);
  }),
];
