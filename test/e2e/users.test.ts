import { execFile } from "node:child_process";
import { chmodSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { describeWith } from "../support/require.ts";
import { temporaryFolder } from "../support/temporary.ts";
import { CLI, startLocalCluster } from "./support/local-cluster.ts";

/** No list of users has them, as under `docker run --user` or in OpenShift. */
const NAMELESS = { uid: 1_000_680_000, gid: 1_000_690_000 };
const run = promisify(execFile);
const small = ["--cpus", "0.1", "--mem", "16"];

describeWith(["root"], "users that are in no list of users", () => {
  test("tasks that one of them starts run under its number", async () => {
    const cluster = await startLocalCluster(1);
    try {
      const words = [CLI, "run", ...small, "--", "id", "-u"];
      const env = { ...process.env, TEPUI_MASTER: cluster.address };
      const { stdout } = await run(process.execPath, words, { ...NAMELESS, env });
      expect(stdout).toBe(`${NAMELESS.uid}\n`);
    } finally {
      await cluster.stop();
    }
  }, 120_000);

  test("one of them runs a cluster of its own", async () => {
    const folder = temporaryFolder("tepui-nameless-");
    chmodSync(folder, 0o777);
    const words = ["demo", "--once", "--agents", "1", "--data-dir", join(folder, "data")];
    const { stdout } = await run(process.execPath, [CLI, ...words], { ...NAMELESS, cwd: folder });
    expect(stdout).toContain("MB/s");
  }, 180_000);
});
