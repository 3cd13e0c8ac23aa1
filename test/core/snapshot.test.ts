import { expect } from "vitest";
import type { FrameworkInfo } from "../../contract/schema/framework.ts";
import { restoreCluster } from "../../kernel/core/snapshot/restore.ts";
import { takeSnapshot } from "../../kernel/core/snapshot/take.ts";
import { scenario } from "../support/scenario.ts";

// Every scenario holds the cluster next to one that is restored from a snapshot; here is what no
// other scenario has.

const cluster = `
  agent a1 cpus:4;mem:1024
  agent a2 cpus:2;mem:512;cpus(ops):1
  framework web failover=10000
`;

scenario("C13 minimum offers of a framework's own come through a snapshot", cluster, (c) => {
  c.told();
  const { info } = c.names.frameworks.get("web") ?? {};
  const offerFilters = { web: { minAllocatable: [{ cpus: 3_000 }] } };
  const framework = { ...info, id: "m-0000", offerFilters } as unknown as FrameworkInfo;
  c.call("web", { type: "update-framework", requestId: 1, framework });
  // What is stated again as it was changes nothing, and must not look new to the restored one.
  c.call("web", { type: "revive" });
  c.call("web", { type: "suppress" });
  c.call("web", { type: "revive" });
  c.call("web", { type: "update-framework", requestId: 2, framework: { ...framework } });
  c.told();
});

scenario("ended tasks are left out, and what a live task was to run", cluster, (c) => {
  c.do("web accepts a1 t1(cpus:1;mem:64) t2(cpus:1;mem:64) refuse=60000");
  c.do("a1 updates t1 FINISHED");
  c.do("web acks t1");
  c.told();
  const [framework] = c.state.frameworks.values();
  expect(framework?.completed).toHaveLength(1);
  const restored = restoreCluster(c.state.options, takeSnapshot(c.state));
  const [same] = restored.frameworks.values();
  expect(same?.completed).toEqual([]);
  expect([...(same?.tasks.keys() ?? [])]).toEqual(["t2"]);
  expect(same?.tasks.get("t2" as never)?.about).not.toHaveProperty("command");
});

scenario("a snapshot that refers to nothing is refused", cluster, (c) => {
  c.told();
  const snapshot = takeSnapshot(c.state);
  const torn = { ...snapshot, lists: { ...snapshot.lists, roles: [] } };
  expect(() => restoreCluster(c.state.options, torn)).toThrow(/refers to number \d+ of nothing/);
});
