import { rmdirSync } from "node:fs";
import { dirname } from "node:path";
import { expect, test } from "vitest";
import { ContainerBench } from "../../conformance/isolator/containers.ts";
import { fromScalars } from "../../contract/resources.ts";
import { describeWith } from "../support/require.ts";
import { until } from "../support/until.ts";
import { CgroupBench, specOf } from "./cgroups/bench.ts";
import { cgroupRules } from "./cgroups/rules.ts";

describeWith("cgroup-v1", "cgroups on this machine's v1 hierarchies", () => {
  for (const rule of cgroupRules.filter(({ only }) => only !== "v2")) {
    test(rule.name, { timeout: 180_000 }, async () => {
      const bench = new CgroupBench("v1");
      try {
        await rule.run(bench);
      } finally {
        await bench.close();
      }
    });
  }

  test("a containerizer knows of the memory limit before it tells of the end (D15)", async () => {
    const bench = new CgroupBench("auto");
    const containers = new ContainerBench([bench.open()]);
    try {
      const command = "exec dd if=/dev/zero of=/dev/null bs=200M count=1";
      const spec = containers.spec(command, { resources: fromScalars({ cpus: 1, mem: 64 }) });
      const { exit, limits } = await containers.run(spec);
      expect(exit).toEqual({ signal: "SIGKILL" });
      expect(limits?.map(({ reason }) => reason)).toEqual(["REASON_CONTAINER_LIMITATION_MEMORY"]);
    } finally {
      await containers.close();
      await bench.close();
    }
  });

  test("the command of a check is in the container's cgroups, and gone with it (F32)", async () => {
    const bench = new CgroupBench("auto");
    const containers = new ContainerBench([bench.open()]);
    try {
      const spec = containers.spec("exec sleep 600", {
        resources: fromScalars({ cpus: 1, mem: 64 }),
      });
      const ended = containers.run(spec);
      await until("held", () => containers.held.has(spec.id));
      const { pid = 0 } = containers.held.get(spec.id) ?? {};
      const { containerizer } = containers;
      const same = `cmp /proc/${pid}/cgroup /proc/self/cgroup`;
      await until("it runs", async () =>
        containerizer.exec(spec.id, { value: "true" }, 9_000).then(
          () => true,
          () => false,
        ),
      );
      expect(await containerizer.exec(spec.id, { value: same }, 9_000)).toBe(0);
      const late = containerizer.exec(spec.id, { value: "touch on; exec sleep 601" }, 0);
      const failed = expect(late).rejects.toMatchObject({ code: "CHECK_UNAVAILABLE" });
      await until("the check runs", () => containers.has(spec, "on"));
      containerizer.kill(spec.id, "SIGKILL");
      await ended;
      await failed;
      expect(containers.processesOf(spec)).toEqual([]);
    } finally {
      await containers.close();
      await bench.close();
    }
  });

  test("a root that was removed while it was empty is made again for the next container", async () => {
    const bench = new CgroupBench("auto");
    try {
      const isolator = bench.open({});
      const amounts = { cpus: 0.5, mem: 64 };
      const [one, two] = [specOf("one", amounts), specOf("two", amounts)];
      await (await bench.run(isolator, one, "true")).exited;
      const dirs = bench.containerDirs(one.id);
      expect(dirs.length).toBeGreaterThan(0);
      await isolator.cleanup(one.id);
      for (const dir of dirs) rmdirSync(dirname(dir.path));
      const { exited, output } = await bench.run(isolator, two, "cat /proc/self/cgroup");
      expect(await exited).toEqual({ code: 0 });
      expect(output()).toContain(`/${bench.root}/two`);
      expect(bench.containerDirs(two.id)).toHaveLength(dirs.length);
      await isolator.cleanup(two.id);
    } finally {
      await bench.close();
    }
  });

  test("a kill ends a task that keeps forking, by all ways the host has", async () => {
    for (const [version, given] of [
      ["v1", { controllers: ["cpu", "memory", "pids"] }],
      ["auto", {}],
    ] as const) {
      const bench = new CgroupBench(version);
      try {
        const isolator = bench.open({ ...given, pidsMax: 50 });
        const spec = specOf("forking", { cpus: 1, mem: 64 });
        await bench.run(isolator, spec, "while :; do setsid sleep 1000 & done");
        const processes = async () => (await isolator.usage?.(spec.id))?.processes ?? 0;
        await until("it forks", async () => (await processes()) > 10);
        expect(await isolator.kill?.(spec.id)).toBe(true);
        expect(await processes()).toBe(0);
        await isolator.cleanup(spec.id);
        expect(bench.containerDirs(spec.id)).toEqual([]);
      } finally {
        await bench.close();
      }
    }
  });
});
