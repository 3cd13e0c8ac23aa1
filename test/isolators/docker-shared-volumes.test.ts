import { mkdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { Dockerd } from "../support/dockerd.ts";
import { describeWith } from "../support/require.ts";
import { DockerBench, IMAGE } from "./docker/bench.ts";

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

describeWith("docker", "persistent volumes of Docker containers (E13)", () => {
  let dockerd: Dockerd;
  let bench: DockerBench;

  beforeAll(async () => {
    dockerd = new Dockerd();
    await dockerd.start();
    await dockerd.makeImage(IMAGE);
    bench = new DockerBench(dockerd);
  });

  afterAll(async () => {
    await bench?.close();
    await dockerd?.close();
  });

  test("that are shared stay the first user's until nobody uses them, restarts included", async () => {
    const hostPath = join(bench.folder, "shared");
    mkdirSync(hostPath);
    const volume = { id: "v", hostPath, containerPath: "/data", mode: "RW" as const };
    const by = (user: string, value: string) =>
      bench.spec({ value, user }, { spec: { volumes: [{ ...volume, shared: true }] } });
    const writes = "id -u > /data/$(id -u)";
    const first = by("nobody", "echo up; while [ ! -e go ]; do sleep 0.1; done; touch /data/again");
    let ended = bench.run(first);
    await bench.hasWritten(first, "up");
    expect(await bench.run(by("4711", writes))).toMatchObject({ exit: { code: 1 } });
    expect(statSync(hostPath).uid).toBe(65_534);
    await bench.restart(first);
    ended = bench.waitFor(first);
    expect(await bench.run(by("4711", writes))).toMatchObject({ exit: { code: 1 } });
    bench.give(first, "go");
    expect(await ended).toMatchObject({ exit: { code: 0 } });
    expect(await bench.run(by("4711", writes))).toMatchObject({ exit: { code: 0 } });
    expect(statSync(hostPath).uid).toBe(4_711);
    // One that is not shared is whoever's that uses it.
    const own = bench.spec({ value: writes, user: "nobody" }, { spec: { volumes: [volume] } });
    expect(await bench.run(own)).toMatchObject({ exit: { code: 0 } });
    expect(statSync(hostPath).uid).toBe(65_534);
  });
});
