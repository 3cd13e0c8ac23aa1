import { afterAll, beforeAll } from "vitest";
import { type LocalCluster, startLocalCluster } from "./local-cluster.ts";

/** Starts a local cluster before the tests of a group, hands it over, and stops it after them. */
export function forAllTests(agents: number, use: (started: LocalCluster) => void): void {
  let cluster: LocalCluster | undefined;
  beforeAll(async () => {
    cluster = await startLocalCluster(agents);
    use(cluster);
  }, 120_000);
  afterAll(async () => {
    await cluster?.stop();
  }, 120_000);
}
