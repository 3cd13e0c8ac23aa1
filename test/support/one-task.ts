import type { TestCluster } from "./cluster.ts";

/** An agent, and a framework that has ten seconds to come back. */
export const oneOfEach = `
  agent a1 cpus:4;mem:1024
  framework web failover=10000
`;

/** Brings up a task that runs; nothing of it is left to read. */
export function runTask(c: TestCluster): void {
  c.do("web accepts a1 t1(cpus:1;mem:64) refuse=3600000");
  c.do("a1 updates t1 RUNNING");
  c.do("web acks t1");
  c.told();
}
