import {
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { ContainerBench } from "../../conformance/isolator/containers.ts";
import type { ContainerInfo, Volume } from "../../contract/schema/container.ts";
import { Users } from "../../plugins/isolators/process/users.ts";
import { systemClock } from "../../wire/system-clock.ts";
import { processIsolator } from "../support/process-isolator.ts";
import { describeWith } from "../support/require.ts";
import { temporaryFolder } from "../support/temporary.ts";
import { until } from "../support/until.ts";

const inside = (volumes: readonly Volume[]): { container: ContainerInfo } => ({
  container: { type: "MESOS", volumes: [...volumes] },
});

const from = (
  type: "SELF" | "PARENT",
  path: string,
  containerPath: string,
  mode: "RO" | "RW" = "RW",
): Volume => ({
  mode,
  containerPath,
  source: { type: "SANDBOX_PATH", sandboxPath: { type, path } },
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

  test("folders of a sandbox, and of its group's executor, whose user has them", async () => {
    const parent = { sandbox: join(bench.folder, "parent"), user: "nobody" };
    mkdirSync(parent.sandbox);
    const { uid } = (await new Users({ clock: systemClock }).find("nobody")) ?? {};
    const writes = inside([from("SELF", "own", "seen"), from("PARENT", "a/b", "shared")]);
    const one = bench.spec("echo one > shared/f; echo own > seen/f", { parent, ...writes });
    expect((await bench.run({ ...one, user: "nobody" })).exit).toEqual({ code: 0 });
    expect(bench.output(one, "own/f")).toBe("own\n");
    expect(["", "a", "a/b"].map((path) => statSync(join(parent.sandbox, path)).uid)).toEqual(
      Array(3).fill(uid),
    );
    const reads = inside([from("PARENT", "a/b", "in", "RO"), from("PARENT", ".", "all")]);
    const two = bench.spec("cat in/f all/a/b/f; ! touch in/no 2> no", { parent, ...reads });
    expect((await bench.run(two)).exit).toEqual({ code: 0 });
    expect(bench.output(two)).toBe("one\none\n");
    expect(bench.output(two, "no")).toContain("Read-only file system");
    expect(readdirSync(join(two.sandbox, "all"))).toEqual([]);
    // What a task puts in the way leads to no folder of the host, and none is made or given away.
    symlinkSync(data, join(parent.sandbox, "out"));
    writeFileSync(join(parent.sandbox, "file"), "");
    for (const [path, says] of [
      ["out", "out leads through a link, or is no folder: "],
      ["out/in", "out/in leads through a link, or is no folder: "],
      ["file", "file leads through a link, or is no folder: "],
      ["../x", "../x leads out of the sandbox"],
      ["/etc", "/etc is absolute"],
    ] as const) {
      const bad = bench.spec("touch ran", { parent, ...inside([from("PARENT", path, "in")]) });
      const { failure } = await bench.run(bad);
      expect([path, failure?.code]).toEqual([path, "CONTAINER_LAUNCH_REFUSED"]);
      expect(failure?.message).toContain(says);
    }
    expect(readdirSync(data)).toEqual(["file"]);
    const { failure } = await bench.run(bench.spec("true", reads));
    expect(failure?.message).toContain("only tasks of a group have a parent's sandbox");
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

  test("a link that came into the sandbox since the launch was prepared shows nothing", async () => {
    bench.releases = false;
    for (const volume of [
      from("SELF", "l/sub", "seen"),
      from("SELF", "l", "seen"),
      { mode: "RW", containerPath: "seen", hostPath: "l/sub" } as const,
    ]) {
      const one = { ...bench.spec("cat seen/file", inside([volume])), user: "nobody" };
      const ended = bench.run(one);
      await until("it is held", () => bench.held.has(one.id));
      // As the folders of an archive that is fetched do, or another task of the same user.
      rmSync(join(one.sandbox, "l"), { recursive: true, force: true });
      symlinkSync(data, join(one.sandbox, "l"));
      bench.containerizer.release(one.id);
      const { failure } = await ended;
      expect(failure?.code).toBe("CONTAINER_LAUNCH_REFUSED");
      expect(failure?.message).toContain("leads through a link");
    }
    expect(readdirSync(data)).toEqual(["file"]);
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

test("an agent that is not root shows folders of sandboxes by links where it mounts nothing", async () => {
  const bench = new ContainerBench([processIsolator({}, { namespaces: new Set(), uid: 1_000 })]);
  const parent = { sandbox: join(bench.folder, "parent") };
  mkdirSync(parent.sandbox);
  const run = (command: string, ...volumes: Volume[]) => {
    const spec = bench.spec(command, { parent, ...inside(volumes) });
    return bench.run(spec).then((end) => ({ ...end, spec }));
  };
  const shared = from("PARENT", "a/b", "in/shared");
  const one = await run(
    "echo one > in/shared/f; echo own > seen/f",
    shared,
    from("SELF", "own", "seen"),
  );
  expect([one.exit, bench.output(one.spec, "own/f")]).toEqual([{ code: 0 }, "own\n"]);
  const two = await run("cat in/shared/f", shared);
  expect(bench.output(two.spec)).toBe("one\n");
  const readOnly = await run("true", from("PARENT", "a/b", "in", "RO"));
  expect(readOnly.failure?.message).toContain("it takes a namespace of kind mount");
  const away = await run("true", from("PARENT", "a/../../x", "in"));
  expect(away.failure?.message).toContain("leads out of the sandbox");
  await bench.close();
});
