import { execFileSync } from "node:child_process";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { describeWith } from "../support/require.ts";
import { AgentRig } from "./support/agent-rig.ts";

vi.setConfig({ testTimeout: 180_000 });

const LARGE = 4 << 20;

describeWith(["root", "tmpfs"], "a disk that fills while files are fetched (D16, F41)", () => {
  let rig: AgentRig;
  let server: Server;
  let sandboxes: string;
  beforeEach(async () => {
    rig = await new AgentRig().open();
    sandboxes = join(rig.workDir, "slaves");
    mkdirSync(sandboxes, { recursive: true });
    execFileSync("mount", ["-t", "tmpfs", "-o", "size=2m,nr_inodes=300", "tmpfs", sandboxes]);
    server = createServer((_, response) => response.end(Buffer.alloc(LARGE)));
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  });
  afterEach(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
    // Whatever still works in there would hold the mount.
    execFileSync("umount", ["--lazy", sandboxes]);
    await rig.close();
  });

  test("fails the task with the code that says so, and leaves room for the next", async () => {
    await rig.start({ "fetcher.cacheSize": "100MB" });
    const file = join(rig.folder, "large");
    writeFileSync(file, Buffer.alloc(LARGE));
    execFileSync("tar", ["-C", rig.folder, "-czf", join(rig.folder, "large.tar.gz"), "large"]);
    execFileSync("zip", ["-qj", join(rig.folder, "large.zip"), file]);
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/large`;
    const uris = {
      download: { value: url },
      cached: { value: url, cache: true },
      copy: { value: file },
      tar: { value: join(rig.folder, "large.tar.gz") },
      zip: { value: join(rig.folder, "large.zip") },
    };
    for (const [task, uri] of Object.entries(uris)) {
      rig.master.launch({ [task]: "" }, { command: { value: "true", uris: [uri] } });
      const end = await rig.ended(task);
      expect([task, end.state, end.reason]).toEqual([
        ...[task, "TASK_FAILED", "REASON_CONTAINER_LAUNCH_FAILED"],
      ]);
      expect([task, end.message]).toEqual([task, expect.stringContaining("[FETCH_DISK_FULL]")]);
      // What was fetched in part stays until its sandbox goes, which in here nobody waits for.
      const runs = join(sandboxes, "m1-S0/frameworks/f1/executors", task, "runs");
      rmSync(runs, { recursive: true });
    }
    rig.master.launch({ good: "exit 0" });
    expect(await rig.ended("good")).toMatchObject({ state: "TASK_FINISHED" });
  });

  test("a sandbox for which there is no room fails its task, and the agent goes on", async () => {
    await rig.start();
    writeFileSync(join(sandboxes, "filler"), "");
    try {
      writeFileSync(join(sandboxes, "filler"), Buffer.alloc(LARGE));
    } catch {
      // It is full now.
    }
    const inodes = () => {
      for (let index = 0; ; index++) mkdirSync(join(sandboxes, `filler-${index}`));
    };
    expect(inodes).toThrow("ENOSPC");
    rig.master.launch({ bad: "true" });
    const end = await rig.ended("bad");
    expect(end).toMatchObject({ state: "TASK_FAILED", reason: "REASON_CONTAINER_LAUNCH_FAILED" });
    expect(end.message).toContain("ENOSPC");
    execFileSync("sh", ["-c", `rm -rf ${sandboxes}/filler*`]);
    rig.master.launch({ good: "true" });
    expect(await rig.ended("good")).toMatchObject({ state: "TASK_FINISHED" });
  });
});
