import { mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { ContainerBench } from "../../conformance/isolator/containers.ts";
import type { ContainerInfo, Volume } from "../../contract/schema/container.ts";
import { processIsolator } from "../support/process-isolator.ts";
import { describeWith } from "../support/require.ts";
import { temporaryFolder } from "../support/temporary.ts";
import { until } from "../support/until.ts";

const inside = (volumes: readonly Volume[]): { container: ContainerInfo } => ({
  container: { type: "MESOS", volumes: [...volumes] },
});

describeWith(["root", "tmpfs"], "volumes of a container without an image (F58)", () => {
  let data: string;
  let bench: ContainerBench;
  beforeEach(() => {
    data = temporaryFolder("tepui-data-");
    writeFileSync(join(data, "file"), "data\n");
    bench = new ContainerBench([processIsolator({ allowedHostPaths: [data] })]);
  });
  afterEach(() => bench.close());

  test("folders and files are mounted in its sandbox, and nowhere else", async () => {
    const hostFile = join(data, "file");
    const one = bench.spec(
      "cat in/put/file one; touch in/put/no; echo out > out/f; echo own > own/f",
      inside([
        { mode: "RO", containerPath: "in/put", hostPath: data },
        {
          mode: "RW",
          containerPath: "out",
          source: { type: "HOST_PATH", hostPath: { path: data } },
        },
        { mode: "RO", containerPath: "one", hostPath: hostFile },
        { mode: "RW", containerPath: "own", hostPath: "mine" },
      ]),
    );
    expect((await bench.run(one)).exit).toEqual({ code: 0 });
    expect(bench.output(one)).toBe("data\ndata\n");
    expect(bench.output(one, "stderr")).toContain("Read-only file system");
    expect(readFileSync(join(data, "f"), "utf8")).toBe("out\n");
    expect(bench.output(one, "mine/f")).toBe("own\n");
    // The host sees the places, and nothing that is mounted at them.
    expect(readdirSync(join(one.sandbox, "out"))).toEqual([]);
    expect(readFileSync("/proc/self/mountinfo", "utf8")).not.toContain(one.sandbox);
  });

  test("further commands in it see them, too", async () => {
    const one = bench.spec(
      "touch up; sleep 600",
      inside([{ mode: "RO", containerPath: "in", hostPath: data }]),
    );
    const ended = bench.run(one);
    await until("it runs", () => bench.has(one, "up"));
    const command = { value: 'test "$(cat in/file)" = data' };
    expect(await bench.containerizer.exec(one.id, command, 0)).toBe(0);
    bench.containerizer.kill(one.id, "SIGKILL");
    await ended;
  });

  test.each<[string, Volume]>([
    ["a folder that is not allowed", { mode: "RO", containerPath: "in", hostPath: "/etc" }],
    ["a place outside of the sandbox", { mode: "RO", containerPath: "/srv", hostPath: "DATA" }],
    ["the sandbox itself", { mode: "RO", containerPath: ".", hostPath: "DATA" }],
    ["a way out of it", { mode: "RO", containerPath: "../x", hostPath: "DATA" }],
    ["nothing that is there", { mode: "RO", containerPath: "in", hostPath: "DATA/none" }],
    ["what nobody serves", { mode: "RO", containerPath: "in", source: { type: "SECRET" } }],
  ])("%s is refused, coded", async (_, volume) => {
    const hostPath = volume.hostPath?.replace("DATA", data);
    const given = hostPath === undefined ? volume : { ...volume, hostPath };
    const { failure } = await bench.run(bench.spec("true", inside([given])));
    expect(failure?.code).toBe("CONTAINER_LAUNCH_REFUSED");
    expect(failure?.message).toContain(`volume ${volume.containerPath}: `);
  });

  test("a link in the way leads a mount nowhere", async () => {
    const one = bench.spec("true", inside([{ mode: "RO", containerPath: "a/in", hostPath: data }]));
    const elsewhere = temporaryFolder("tepui-elsewhere-");
    mkdirSync(join(elsewhere, "in"));
    symlinkSync(elsewhere, join(one.sandbox, "a"));
    const { failure } = await bench.run(one);
    expect(failure?.code).toBe("CONTAINER_LAUNCH_REFUSED");
    expect(failure?.message).toContain("leads out of the sandbox");
  });
});

test("where no mounts can be made, a container with volumes is refused rather than run without", async () => {
  const data = temporaryFolder("tepui-data-");
  const isolator = processIsolator({ allowedHostPaths: [data] }, { namespaces: new Set() });
  const bench = new ContainerBench([isolator]);
  const volumes = inside([{ mode: "RO", containerPath: "in", hostPath: data }]);
  const { failure } = await bench.run(bench.spec("true", volumes));
  expect(failure?.code).toBe("CONTAINER_LAUNCH_REFUSED");
  expect(failure?.message).toContain("it takes a namespace of kind mount");
  await bench.close();
});
