import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { type LocalCluster, startLocalCluster } from "../../e2e/support/local-cluster.ts";
import { Client, type Row } from "./suite.ts";

/** A cluster that does in tenths of seconds what one in use does in seconds. */
const settings = {
  master: {
    allocationInterval: "100ms",
    // Long enough for an agent to start anew on a busy machine.
    agentPingTimeout: "4secs",
    maxAgentPingTimeouts: 4,
    plugins: [
      { plugin: "uws-msgpack" },
      { plugin: "mesos-v1-http", config: { heartbeatMs: 1_000 } },
      { plugin: "embedded" },
    ],
  },
  agent: {
    resources: "cpus:3;mem:4096;disk:4096;ports:[31000-31999]",
    attributes: "rack:r1",
    statusUpdates: { retryMin: "500ms" },
    executorShutdownGracePeriod: "1secs",
  },
};

/**
 * Tests every row in its forms against a cluster of real processes, and that all of them together
 * have looked at no fewer than `assertionsMin` things.
 */
export function runRows(
  title: string,
  { agents, assertionsMin }: { readonly agents: number; readonly assertionsMin: number },
  rows: readonly Row[],
): void {
  describe(title, () => {
    let cluster: LocalCluster;
    let agentPort: number;
    let client: Client | undefined;
    let assertions = 0;
    let left = 0;

    beforeAll(async () => {
      const folder = mkdtempSync(join(tmpdir(), "tepui-conformance-"));
      const file = join(folder, "local.json");
      writeFileSync(file, JSON.stringify(settings));
      cluster = await startLocalCluster(agents, ["--config", file]);
      rmSync(folder, { recursive: true, force: true });
      const { stdout } = await cluster.run("agents", "-o", "json");
      const { agents: shown } = JSON.parse(stdout) as { agents: { agent: { port: number } }[] };
      agentPort = shown[0]?.agent.port ?? 0;
    }, 120_000);
    afterEach(async () => {
      assertions += expect.getState().assertionCalls;
      left -= 1;
      await client?.close();
    });
    afterAll(async () => {
      await cluster?.stop();
      // Who picked single rows by name is not asked for the whole.
      if (left === 0) expect(assertions).toBeGreaterThanOrEqual(assertionsMin);
    }, 60_000);

    for (const { section, claim, wires, isTogether, run } of rows) {
      for (const wire of isTogether ? (["json"] as const) : wires) {
        const form = isTogether ? "json and protobuf" : wire;
        left += 1;
        test(`§${section} ${claim} (${form})`, async () => {
          client = new Client(wire, cluster, agentPort);
          await run(client);
        }, 90_000);
      }
    }
  });
}
