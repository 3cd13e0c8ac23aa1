import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { Dockerd } from "../support/dockerd.ts";
import { describeWith } from "../support/require.ts";
import { until } from "../support/until.ts";
import { DockerBench, IMAGE } from "./docker/bench.ts";

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

describeWith("docker", "a Docker container that has ended by itself", () => {
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

  test("stays until its end is on record: an agent that dies before then tells it truly (F2)", async () => {
    bench.forgets = false;
    const spec = bench.spec("exit 6");
    expect(await bench.run(spec)).toMatchObject({ exit: { code: 6 } });
    // The next agent has it as one that runs.
    await bench.restart(spec);
    expect(await bench.waitFor(spec)).toMatchObject({ exit: { code: 6 } });
    expect(bench.isThere(spec)).toBe(true);
    bench.containerizer.forget(spec.id);
    await until("it is gone", () => !bench.isThere(spec));
  });
});
