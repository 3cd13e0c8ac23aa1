import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { busyboxRoot, tarOfFolder } from "../agent/support/image-maker.ts";
import { describeWith } from "../support/require.ts";
import { type LocalCluster, startLocalCluster } from "./support/local-cluster.ts";

describeWith("root", "tasks in images, on agents without an engine", () => {
  let folder: string;
  let cluster: LocalCluster;
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), "tepui-images-"));
    const dir = join(folder, "images");
    mkdirSync(dir);
    const rootfs = busyboxRoot();
    writeFileSync(join(dir, "busybox.tar"), tarOfFolder(rootfs));
    rmSync(rootfs, { recursive: true });
    const config = join(folder, "local.json");
    writeFileSync(config, JSON.stringify({ agent: { images: { dir } } }));
    cluster = await startLocalCluster(1, ["--config", config]);
  }, 120_000);
  afterAll(async () => {
    await cluster.stop();
    rmSync(folder, { recursive: true, force: true });
  }, 120_000);
  const run = (...words: string[]) => cluster.run("run", "--cpus", "0.1", "--mem", "64", ...words);

  test("tepui run --image runs a command in it, and ends as that did", async () => {
    const script = "cat /etc/of-image; pwd; exit 3";
    const one = await run("--image", "busybox", "--", "sh", "-c", script);
    expect(one).toMatchObject({ code: 3, stdout: "from the image\n/mnt/mesos/sandbox\n" });
    const many = await run("--image", "busybox:latest", "--count", "5", "-o", "json", "--", "true");
    expect(many.code).toBe(0);
  });

  test("a task whose image is not there is told so", async () => {
    const { code, stderr } = await run("--image", "nothing:1", "--", "true");
    expect(code).not.toBe(0);
    expect(stderr).toContain('this agent has no image "nothing:1"');
  });
});
