import { execFile } from "node:child_process";
import { chmodSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { describeWith } from "../support/require.ts";
import { temporaryFolder } from "../support/temporary.ts";
import { startLocalCluster } from "./support/local-cluster.ts";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
/** No list of users has it, as under `docker run --user` or in OpenShift. */
const NAMELESS = "1000680000";
const run = promisify(execFile);
const small = ["--cpus", "0.1", "--mem", "16"];

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

/**
 * Runs `tepui` as a user without a name. The project is mounted where that user may read it, since
 * it may lie below a folder of root's own.
 */
async function asNameless(words: readonly string[], master = ""): Promise<string> {
  const folder = temporaryFolder("tepui-nameless-");
  chmodSync(folder, 0o777);
  const script =
    'mkdir project && mount --bind "$1" project && shift && ' +
    `exec setpriv --reuid ${NAMELESS} --regid ${NAMELESS} --clear-groups ` +
    '"$0" project/dist/cli/main.js "$@"';
  const env = { ...process.env, ...(master === "" ? {} : { TEPUI_MASTER: master }) };
  const { stdout } = await run(
    "unshare",
    ["--mount", "sh", "-c", script, process.execPath, ROOT, ...words],
    { cwd: folder, env },
  );
  return stdout;
}

describeWith(["root"], "users that are in no list of users", () => {
  test("tasks that one of them starts run under its number", async () => {
    const cluster = await startLocalCluster(1);
    try {
      const printed = await asNameless(["run", ...small, "--", "id", "-u"], cluster.address);
      expect(printed).toBe(`${NAMELESS}\n`);
    } finally {
      await cluster.stop();
    }
  }, 120_000);

  test("one of them runs a cluster of its own", async () => {
    const words = ["demo", "--once", "--agents", "1", "--data-dir", "data"];
    expect(await asNameless(words)).toContain("MB/s");
  }, 180_000);
});
