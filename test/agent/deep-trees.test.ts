import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { Fetcher } from "../../agent/fetcher/fetcher.ts";
import type { ContainerSpec } from "../../contract/ports/isolator.ts";
import type { ContainerInfo } from "../../contract/schema/container.ts";
import { makeDeepTree } from "../support/deep-tree.ts";
import { describeWith } from "../support/require.ts";
import { until } from "../support/until.ts";
import { AgentRig } from "./support/agent-rig.ts";
import { busyboxRoot, tarOfFolder } from "./support/image-maker.ts";

// Agents are processes of their own here, and start slowly where many tests run at once.
vi.setConfig({ testTimeout: 180_000 });

test("an archive that is deeper than a path may be long is refused, and nothing of it stays", async () => {
  const folder = mkdtempSync(join(tmpdir(), "tepui-deep-"));
  const [packed, sandbox] = [join(folder, "packed"), join(folder, "sandbox")];
  for (const each of [packed, sandbox]) mkdirSync(each);
  makeDeepTree(packed);
  const value = join(folder, "deep.tar");
  execFileSync("tar", ["-cf", value, "."], { cwd: packed });
  const fetcher = new Fetcher(join(folder, "cache"), { cacheSize: 1_000, stallTimeout: 300 });
  const spec = { sandbox, command: { uris: [{ value }] } } as unknown as ContainerSpec;
  const done = fetcher.fetch(spec, new AbortController().signal);
  await expect(done).rejects.toMatchObject({ code: "FETCH_ARCHIVE" });
  expect(readdirSync(sandbox)).toEqual([]);
  execFileSync("rm", ["-rf", folder]);
});

const container: ContainerInfo = {
  type: "MESOS",
  mesos: { image: { type: "DOCKER", name: "busybox" } },
};

describeWith("root", "paths in an image's files that are longer than the system takes", () => {
  let rig: AgentRig;
  let settings: Record<string, unknown>;
  let containers: string;
  beforeEach(async () => {
    rig = await new AgentRig().open();
    const dir = join(rig.folder, "store");
    mkdirSync(dir);
    const rootfs = busyboxRoot();
    writeFileSync(join(dir, "busybox.tar"), tarOfFolder(rootfs));
    rmSync(rootfs, { recursive: true });
    settings = { "images.dir": dir };
    containers = join(rig.workDir, "images/containers");
  });
  afterEach(() => rig.close());

  test("a container that leaves some is removed, and its agent starts again (F2, F57)", async () => {
    const first = await rig.start(settings);
    const name = "d".repeat(99);
    const deep = `cd tmp; for i in $(seq 60); do mkdir ${name}; cd ${name} || exit 4; done`;
    rig.master.launch({ deep: `mkdir -p /tmp; cd /; ${deep}; exit 4` }, { container });
    expect((await rig.ended("deep")).exitCode).toBe(4);
    await until("its files are removed", () => readdirSync(containers).length === 0);
    await first.kill("SIGKILL");
    mkdirSync(join(containers, "left"));
    makeDeepTree(join(containers, "left"));
    await rig.start(settings);
    expect(readdirSync(containers)).toEqual([]);
  });
});

describeWith("tmpfs", "what an agent finds and cannot remove", () => {
  test("is told and left, and the agent starts (F2)", async () => {
    const rig = await new AgentRig().open();
    const dir = join(rig.folder, "store");
    const images = join(rig.workDir, "images");
    const busy = ["containers/left/busy", "unpacked/.new-0/busy"].map((path) => join(images, path));
    for (const each of [dir, ...busy]) mkdirSync(each, { recursive: true });
    for (const each of busy) execFileSync("mount", ["-t", "tmpfs", "none", each]);
    try {
      const agent = await rig.start({ "images.dir": dir });
      expect(agent.output).toContain("what a container left of its image cannot be removed");
      expect(agent.output).toContain("what is left of an image cannot be removed");
      expect(busy.map((each) => existsSync(each))).toEqual([true, true]);
    } finally {
      for (const each of busy) execFileSync("umount", [each]);
      await rig.close();
    }
  });
});
