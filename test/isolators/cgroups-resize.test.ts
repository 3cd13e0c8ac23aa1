import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { ContainerBench } from "../../conformance/isolator/containers.ts";
import { fromScalars } from "../../contract/resources.ts";
import { processIsolator } from "../support/process-isolator.ts";
import { describeWith } from "../support/require.ts";
import { until } from "../support/until.ts";
import { CgroupBench } from "./cgroups/bench.ts";

describeWith(["root", "cgroup-v1"], "a container that is given other resources (F23, F52)", () => {
  const cgroups = new CgroupBench("auto");
  const bench = new ContainerBench([processIsolator(), cgroups.open()]);
  afterAll(async () => {
    await bench.close();
    await cgroups.close();
  });

  /** A figure of a container's cgroup, from whichever hierarchy has it. */
  const figure = (id: string, name: string): number => {
    const files = cgroups.rootDirs().map(({ path }) => join(path, id, name));
    const file = files.find((each) => existsSync(each));
    return file === undefined ? Number.NaN : Number(readFileSync(file, "utf8"));
  };

  test("has them at once; its memory limit is raised and never lowered", async () => {
    const small = fromScalars({ cpus: 0.5, mem: 64 });
    const spec = bench.spec("touch up; sleep 600", { resources: small });
    const ended = bench.run(spec);
    await until("it runs", () => bench.has(spec, "up"));
    const now = () => [
      figure(spec.id, "cpu.shares"),
      figure(spec.id, "memory.limit_in_bytes") / 2 ** 20,
    ];
    expect(now()).toEqual([512, 64]);
    bench.containerizer.update(spec.id, fromScalars({ cpus: 2, mem: 128 }));
    await until("it has grown", () => `${now()}` === "2048,128");
    bench.containerizer.update(spec.id, small);
    await until("it has shrunk", () => `${now()}` === "512,128");
    bench.containerizer.kill(spec.id, "SIGKILL");
    await ended;
  });

  test("has them when it is let run, if they came before", async () => {
    bench.releases = false;
    const spec = bench.spec("touch up; sleep 600", {
      resources: fromScalars({ cpus: 0.5, mem: 64 }),
    });
    const ended = bench.run(spec);
    await until("it is held", () => bench.held.has(spec.id));
    bench.containerizer.update(spec.id, fromScalars({ cpus: 1, mem: 96 }));
    expect(figure(spec.id, "cpu.shares")).toBe(512);
    bench.containerizer.release(spec.id);
    await until("it has grown", () => figure(spec.id, "cpu.shares") === 1_024);
    bench.containerizer.kill(spec.id, "SIGKILL");
    await ended;
  });
});
