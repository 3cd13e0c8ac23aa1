import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { Images } from "../../agent/images/images.ts";
import { ContainerBench } from "../../conformance/isolator/containers.ts";
import { removeFolder } from "../../conformance/isolator/remove-folder.ts";
import type { Usage } from "../../contract/ports/isolator.ts";
import { silentLog } from "../../contract/ports/log.ts";
import { fromScalars } from "../../contract/resources.ts";
import { systemClock } from "../../wire/system-clock.ts";
import { CgroupBench } from "../isolators/cgroups/bench.ts";
import { processIsolator } from "../support/process-isolator.ts";
import { describeWith } from "../support/require.ts";
import { until } from "../support/until.ts";
import { busyboxRoot, tarOfFolder } from "./support/image-maker.ts";

describeWith(["root", "cgroup-v1"], "containers with an image in cgroups", () => {
  const cgroups = new CgroupBench("auto");
  const folder = mkdtempSync(join(tmpdir(), "tepui-agent-"));
  afterAll(async () => {
    await cgroups.close();
    await removeFolder(folder);
  });

  test("all in it is counted and limited, and a kill leaves nothing", async () => {
    const rootfs = busyboxRoot();
    mkdirSync(join(folder, "store"));
    writeFileSync(join(folder, "store/busybox.tar"), tarOfFolder(rootfs));
    rmSync(rootfs, { recursive: true });
    const sizes = { cacheSize: 1 << 30, gcDelay: 1_000_000 };
    const config = { dir: join(folder, "store"), backend: "auto" as const, ...sizes };
    const parts = { folder: join(folder, "images"), clock: systemClock, log: silentLog };
    const images = new Images({ ...parts, config });
    const bench = new ContainerBench([processIsolator(), cgroups.open()], folder, images);
    const container = {
      type: "MESOS",
      mesos: { image: { type: "OCI", name: "busybox" } },
    } as const;
    const resources = fromScalars({ cpus: 0.5, mem: 64 });
    const one = bench.spec("touch up; sleep 600 & sleep 600; true", { container, resources });
    const ended = bench.run(one);
    await until("it runs", () => bench.has(one, "up"));
    // The two that hold it, the shell and its two children.
    let usage: Usage | undefined;
    await until("all are in", async () => {
      usage = await bench.containerizer.usage(one.id);
      return usage?.processes === 5;
    });
    expect(usage?.memLimitBytes).toBe(64 * 2 ** 20);
    bench.containerizer.kill(one.id, "SIGKILL");
    expect((await ended).exit).toEqual({ signal: "SIGKILL" });
    const grows = "x=$(cat /dev/zero | tr '\\0' x)";
    const two = bench.spec(`${grows}; true`, { container, resources });
    const { exit, limits } = await bench.run(two);
    expect(limits?.[0]?.reason).toBe("REASON_CONTAINER_LIMITATION_MEMORY");
    expect(exit).not.toEqual({ code: 0 });
    images.stop();
    await bench.close();
  });
});
