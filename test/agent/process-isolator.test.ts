import { afterEach, beforeEach, expect, test } from "vitest";
import { ContainerBench } from "../../conformance/isolator/containers.ts";
import type { NetworkInfo } from "../../contract/schema/container.ts";
import { Users } from "../../plugins/isolators/process/users.ts";
import { systemClock } from "../../wire/system-clock.ts";
import { processIsolator } from "../support/process-isolator.ts";
import { describeWith } from "../support/require.ts";
import { until } from "../support/until.ts";

let bench: ContainerBench;
beforeEach(() => {
  bench = new ContainerBench([processIsolator()]);
});
afterEach(() => bench.close());

const container = (more: object) => ({ type: "MESOS" as const, ...more });

test("rlimits hold for the command, and the pid is still the command's", async () => {
  const rlimits = [{ type: "RLMT_NOFILE", soft: 77, hard: 88 }];
  const spec = bench.spec("ulimit -Sn; ulimit -Hn; echo $$", { container: container({ rlimits }) });
  expect((await bench.run(spec)).exit).toEqual({ code: 0 });
  expect(bench.output(spec)).toBe(`77\n88\n${bench.held.get(spec.id)?.pid}\n`);
});

test("an rlimit that does not exist is refused by name", async () => {
  const rlimits = [{ type: "RLMT_NONSENSE" }];
  const { failure } = await bench.run(bench.spec("true", { container: container({ rlimits }) }));
  expect(failure?.code).toBe("RLIMIT_UNKNOWN");
  expect(failure?.message).toContain("RLMT_NONSENSE");
});

test("no-new-privileges is set where it is asked for", async () => {
  const linuxInfo = { noNewPrivileges: true };
  const spec = bench.spec("grep NoNewPrivs /proc/self/status", {
    container: container({ linuxInfo }),
  });
  await bench.run(spec);
  expect(bench.output(spec)).toBe("NoNewPrivs:\t1\n");
});

test("usage is that of each container's own processes, whoever asks about others before", async () => {
  const [one, two] = [
    bench.spec("sleep 600 & touch up; wait; true"),
    bench.spec("touch up; sleep 600; true"),
  ];
  const ends = [bench.run(one), bench.run(two)];
  await until("both run", () => bench.has(one, "up") && bench.has(two, "up"));
  await until("their processes", async () => {
    const usages = [one, two, one].map(({ id }) => bench.containerizer.usage(id));
    const counts = (await Promise.all(usages)).map((usage) => usage?.processes);
    return counts.join() === "2,2,2";
  });
  bench.containerizer.kill(one.id, "SIGKILL");
  await ends[0];
  await until("the other's alone", async () => {
    const usage = await bench.containerizer.usage(two.id);
    return usage?.processes === 2 && (usage.memRssBytes ?? 0) > 0;
  });
  bench.containerizer.kill(two.id, "SIGKILL");
  await ends[1];
});

test("a container that asks for a network of its own is refused, not run in the host's (F60)", async () => {
  const of = (info: NetworkInfo) => ({
    container: { type: "MESOS" as const, networkInfos: [info] },
  });
  const mappings = { portMappings: [{ hostPort: 1, containerPort: 2 }] };
  for (const [info, says] of [
    [{ name: "overlay" }, "the network overlay is not to be had"],
    [mappings, "mappings of ports are not to be had"],
  ] as const) {
    const { failure } = await bench.run(bench.spec("true", of({ ...info } as NetworkInfo)));
    expect(failure?.code).toBe("CONTAINER_LAUNCH_REFUSED");
    expect(failure?.message).toContain(says);
  }
  expect((await bench.run(bench.spec("true", of({})))).exit).toEqual({ code: 0 });
});

test("a container that asks for a terminal is refused, not run without", async () => {
  const { failure } = await bench.run(
    bench.spec("true", { container: { type: "MESOS", ttyInfo: {} } }),
  );
  expect(failure?.code).toBe("CONTAINER_LAUNCH_REFUSED");
  expect(failure?.message).toContain("a terminal is not to be had");
});

describeWith("root", "an agent that runs as root (F9)", () => {
  test("runs a task as its user, in a sandbox that the user may write to", async () => {
    const nobody = await new Users({ clock: systemClock }).find("nobody");
    const spec = bench.spec("id -u; id -g; touch mine && echo written", { user: "nobody" });
    expect((await bench.run(spec)).exit).toEqual({ code: 0 });
    expect(bench.output(spec)).toBe(`${nobody?.uid}\n${nobody?.gid}\nwritten\n`);
  });

  test("ends a task of another user with everything it started", async () => {
    const spec = bench.spec("setsid sleep 600 & touch up; sleep 600", { user: "nobody" });
    const ended = bench.run(spec);
    await until("it runs", () => bench.has(spec, "up"));
    bench.containerizer.kill(spec.id, "SIGKILL");
    expect((await ended).exit).toEqual({ signal: "SIGKILL" });
    expect(bench.processesOf(spec)).toEqual([]);
  });
});
