import { rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { describeWith } from "../support/require.ts";
import { startLocalCluster } from "./support/local-cluster.ts";

describeWith("root", "tasks of other users on a local cluster of root's", () => {
  test("reach their own sandbox by its path", async () => {
    const dataDir = join(tmpdir(), `tepui-users-${process.pid}`);
    const cluster = await startLocalCluster(1, ["--data-dir", dataDir]);
    try {
      const script = 'id -un > "$TEPUI_SANDBOX/who" && cat "$MESOS_SANDBOX/who"';
      const ran = await cluster.run("run", "--user", "nobody", "--", "sh", "-c", script);
      expect(ran).toMatchObject({ code: 0, stdout: "nobody\n" });
    } finally {
      await cluster.stop();
      rmSync(dataDir, { recursive: true, force: true });
    }
  }, 60_000);
});
