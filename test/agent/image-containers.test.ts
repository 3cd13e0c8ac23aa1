import { execFileSync } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { Images } from "../../agent/images/images.ts";
import { withoutEngine } from "../../agent/images/run-config.ts";
import { ContainerBench } from "../../conformance/isolator/containers.ts";
import { removeFolder } from "../../conformance/isolator/remove-folder.ts";
import type { ContainerSpec } from "../../contract/ports/isolator.ts";
import { silentLog } from "../../contract/ports/log.ts";
import type { ContainerInfo } from "../../contract/schema/container.ts";
import type { ProcessConfig } from "../../plugins/isolators/process/config.ts";
import { systemClock } from "../../wire/system-clock.ts";
import { processIsolator } from "../support/process-isolator.ts";
import { describeWith } from "../support/require.ts";
import { talkTo } from "../support/talk.ts";
import { until } from "../support/until.ts";
import { busyboxRoot, tarOfFolder, writeLayout } from "./support/image-maker.ts";

test("a DOCKER container that needs no engine is one of the agent's own, others are not", () => {
  const docker = (more: object): ContainerInfo => ({
    type: "DOCKER",
    docker: { image: "busybox", ...more },
  });
  expect(withoutEngine(docker({ network: "HOST" }))).toEqual({
    type: "MESOS",
    mesos: { image: { type: "DOCKER", name: "busybox" } },
  });
  for (const more of [{ network: "BRIDGE" }, { privileged: true }]) {
    expect(withoutEngine(docker(more))).toBeUndefined();
  }
});

describeWith("root", "containers with an image", () => {
  let rootfs: string;
  let folder: string;
  let images: Images;
  let bench: ContainerBench;
  beforeAll(() => {
    rootfs = busyboxRoot();
  });
  afterAll(() => removeFolder(rootfs));
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "tepui-agent-"));
    mkdirSync(join(folder, "store"));
    writeFileSync(join(folder, "store/busybox.tar"), tarOfFolder(rootfs));
    images = makeImages();
    bench = benchWith();
  });
  afterEach(async () => {
    images.stop();
    await bench.close();
    await removeFolder(folder);
  });

  function makeImages(backend: "auto" | "copy" = "auto"): Images {
    const sizes = { cacheSize: 1 << 30, gcDelay: 1_000_000 };
    const config = { dir: join(folder, "store"), backend, ...sizes };
    return new Images({
      folder: join(folder, "images"),
      config,
      clock: systemClock,
      log: silentLog,
    });
  }

  function benchWith(config: Partial<ProcessConfig> = {}): ContainerBench {
    return new ContainerBench([processIsolator(config)], folder, images);
  }

  function spec(value: string | undefined, more: Partial<ContainerSpec> = {}): ContainerSpec {
    const { container, ...rest } = more;
    return bench.spec(value ?? "", {
      command: value === undefined ? {} : { value },
      container: {
        type: "MESOS",
        mesos: { image: { type: "DOCKER", name: "busybox" } },
        ...container,
      },
      ...rest,
    } as Partial<ContainerSpec>);
  }

  const layered = (config: object): void => {
    writeLayout(join(folder, "store/app"), [tarOfFolder(rootfs)], config);
  };
  const app = { container: { mesos: { image: { type: "OCI", name: "app" } } } } as object;
  const left = () => readdirSync(join(folder, "images/containers"));
  const mounts = () => readFileSync("/proc/self/mounts", "utf8").split(folder).length - 1;

  test("a command runs in its image, writes to its sandbox, and leaves nothing (F40, F70)", async () => {
    const one = spec("cat /etc/of-image; pwd; echo $MESOS_SANDBOX; echo kept > file; exit 4");
    expect((await bench.run(one)).exit).toEqual({ code: 4 });
    expect(bench.output(one)).toBe("from the image\n/mnt/mesos/sandbox\n/mnt/mesos/sandbox\n");
    expect(bench.output(one, "file")).toBe("kept\n");
    await until("it is cleaned up", () => left().length === 0);
    expect(mounts()).toBe(0);
  });

  test.each(["auto", "copy"] as const)("what one changes, no other sees: %s", async (backend) => {
    images.stop();
    images = makeImages(backend);
    bench = benchWith();
    expect(images.status()).toMatchObject({ degraded: [] });
    const one = spec("echo changed > /etc/of-image; rm /bin/ls; touch /new; cat /etc/of-image");
    expect((await bench.run(one)).exit).toEqual({ code: 0 });
    const two = spec("cat /etc/of-image; ls / | grep -c new");
    expect((await bench.run(two)).exit).toEqual({ code: 1 });
    expect(bench.output(two)).toBe("from the image\n0\n");
  });

  test("it sees its own processes, few devices, and nothing of the host's files", async () => {
    const one = spec(
      `ps | wc -l; ls /dev; cat ${folder}/store/busybox.tar; echo x > /proc/sys/kernel/hostname;
       : > /dev/null && echo null; grep -c . /etc/resolv.conf /etc/hosts`,
    );
    await bench.run(one);
    const lines = bench.output(one).split("\n");
    expect(Number(lines[0])).toBeLessThan(8);
    const devices = "fd full null ptmx pts random shm stderr stdin stdout tty urandom zero";
    expect(lines.slice(1, 14).join(" ")).toBe(devices);
    expect(lines[14]).toBe("null");
    expect(bench.output(one, "stderr")).toMatch(/busybox.tar.*No such file/);
    expect(bench.output(one, "stderr")).toMatch(/hostname.*Read-only file system/);
  });

  test("the root is the image's for good: no way back to the host's is left mounted", async () => {
    const one = spec("wc -l < /proc/self/mountinfo; cat /proc/self/mountinfo; cd /proc/1/root; ls");
    await bench.run(one);
    expect(bench.output(one)).not.toContain("/sys/fs/cgroup");
    expect(bench.output(one)).toContain("bin\ndev\netc\n");
    // A folder of the host that is still open somewhere would be a way out, too.
    const two = spec("for fd in /proc/[0-9]*/fd/*; do readlink $fd; done");
    await bench.run(two);
    const open = bench
      .output(two)
      .split("\n")
      .filter((path) => !/^pipe:/.test(path));
    expect(open).toContain("/dev/null");
    expect(open.filter((path) => /exits|^\/$/.test(path))).toEqual([]);
  });

  test("entrypoint, arguments, environment, folder and user are those of the image (F57)", async () => {
    layered({
      Env: ["FROM=image", "PATH=/bin", "OWN=image"],
      WorkingDir: "/srv/app",
      Entrypoint: ["/bin/sh", "-c", 'echo "$0 $FROM $OWN $PATH"; pwd; id -u; id -G'],
      Cmd: ["said"],
      User: "guest",
    });
    const environment = { PATH: "/usr/bin", OWN: "task" };
    const one = spec(undefined, { environment, ...app });
    expect((await bench.run(one)).exit).toEqual({ code: 0 });
    expect(bench.output(one)).toBe("said image task /bin\n/srv/app\n4321\n4321 777\n");
    const two = spec(undefined, { ...app, command: { shell: false, arguments: ["mine"] } });
    await bench.run(two);
    expect(bench.output(two)).toMatch(/^mine image/);
    const three = spec("id -u", { ...app, user: "nobody" });
    await bench.run(three);
    expect(bench.output(three)).toBe("65534\n");
  });

  test("an image makes no root of a user who is not root", async () => {
    layered({ User: "0" });
    const one = spec("id -u; touch mine && echo mine", { ...app, user: "nobody" });
    await bench.run(one);
    expect(bench.output(one)).toBe("65534\nmine\n");
  });

  test("capabilities, limits and no-new-privileges hold inside (F64)", async () => {
    const linuxInfo = { effectiveCapabilities: ["NET_RAW"], noNewPrivileges: true };
    const rlimits = [{ type: "RLMT_NOFILE", soft: 77, hard: 88 }];
    const container = { linuxInfo, rlimits } as unknown as ContainerInfo;
    const value = "grep -E '^(CapEff|CapBnd|NoNewPrivs)' /proc/self/status; ulimit -n";
    for (const user of ["root", "nobody"]) {
      const one = spec(value, { container, user });
      await bench.run(one);
      const bits = "0000000000002000";
      expect(bench.output(one)).toBe(`CapEff:\t${bits}\nCapBnd:\t${bits}\nNoNewPrivs:\t1\n77\n`);
    }
  });

  test("volumes are mounted where they belong, and only those that are allowed (F58)", async () => {
    const data = join(folder, "data");
    await bench.close();
    for (const name of ["data", "store"]) mkdirSync(join(folder, name), { recursive: true });
    writeFileSync(join(folder, "store/busybox.tar"), tarOfFolder(rootfs));
    writeFileSync(join(data, "file"), "data\n");
    images = makeImages();
    bench = benchWith({ allowedHostPaths: [data] });
    const sandboxPath = { type: "PARENT", path: "a/b" };
    const volumes = [
      { mode: "RO", containerPath: "/data", hostPath: data },
      { mode: "RW", containerPath: "/inner", hostPath: "inner" },
      { mode: "RW", containerPath: "/shared", source: { type: "SANDBOX_PATH", sandboxPath } },
    ];
    const persistent = { id: "v", hostPath: join(folder, "v"), containerPath: "vol" };
    const script = "cat /data/f*; touch /data/no; for i in /inner vol /shared; do pwd > $i/f; done";
    const one = spec(script, {
      parent: { sandbox: data },
      container: { volumes } as unknown as ContainerInfo,
      volumes: [{ ...persistent, mode: "RW" }],
    });
    expect((await bench.run(one)).exit).toEqual({ code: 0 });
    expect(bench.output(one)).toBe("data\n");
    expect(bench.output(one, "stderr")).toContain("Read-only");
    const read = (path: string) => bench.output(one, "inner/f") + readFileSync(join(folder, path));
    expect(read("data/a/b/f") + read("v/f")).toBe("/mnt/mesos/sandbox\n".repeat(4));
    for (const hostPath of ["/etc", "../..", `${data}/../store`]) {
      const bad = { volumes: [{ mode: "RW", containerPath: "/x", hostPath }] };
      const { failure } = await bench.run(
        spec("true", { container: bad as unknown as ContainerInfo }),
      );
      expect(failure?.code).toBe("CONTAINER_LAUNCH_REFUSED");
    }
  });

  test.each([
    ["nothing", "IMAGE_NOT_FOUND"],
    ["../store/busybox", "IMAGE_NAME_INVALID"],
  ])("%s is refused before anything runs", async (name, code) => {
    const container = { mesos: { image: { type: "DOCKER", name } } } as unknown as ContainerInfo;
    expect((await bench.run(spec("true", { container }))).failure?.code).toBe(code);
    expect(left()).toEqual([]);
  });

  test("a program that the image lacks fails the launch by its name, not the command", async () => {
    const { failure } = await bench.run(
      spec(undefined, { command: { value: "perl", shell: false } }),
    );
    expect(failure?.code).toBe("CONTAINER_LAUNCH_REFUSED");
    expect(failure?.message).toContain("cannot run perl: No such file or directory");
    await until("it is cleaned up", () => left().length === 0);
  });

  test("without an isolator that enters it, an image is refused and nothing runs on the host", async () => {
    await bench.close();
    mkdirSync(join(folder, "store"), { recursive: true });
    writeFileSync(join(folder, "store/busybox.tar"), tarOfFolder(rootfs));
    images = makeImages();
    bench = new ContainerBench([], folder, images);
    const { failure } = await bench.run(spec("touch /tmp/tepui-must-not-be"));
    expect(failure?.message).toContain("no isolator of this agent runs images");
    expect(existsSync("/tmp/tepui-must-not-be")).toBe(false);
  });

  test("a further command sees the image too; a kill leaves neither process nor folder", async () => {
    const one = spec("setsid sleep 600 & touch up; sleep 600", { user: "nobody" });
    const ended = bench.run(one);
    await until("it runs", () => bench.has(one, "up"));
    const value = "cat /etc/of-image > seen; id -u >> seen; exit 9";
    expect(await bench.containerizer.exec(one.id, { value }, 5_000)).toBe(9);
    expect(bench.output(one, "seen")).toBe("from the image\n65534\n");
    bench.containerizer.kill(one.id, "SIGKILL");
    expect((await ended).exit).toEqual({ signal: "SIGKILL" });
    expect(bench.processesOf(one)).toEqual([]);
    expect(left()).toEqual([]);
    expect(execFileSync("ps", ["ax", "-o", "args"], { encoding: "utf8" })).not.toContain(one.id);
  });

  test("a session is in the image, on a terminal of which its shell is in charge", async () => {
    const one = spec("touch up; sleep 600", { user: "nobody" });
    void bench.run(one);
    await until("it runs", () => bench.has(one, "up"));
    const streams = { stdin: true, terminal: { columns: 91, rows: 31 } };
    const { sessions } = bench.containerizer;
    const talk = talkTo(await sessions.open(one.id, { value: "exec sh" }, streams));
    await talk.say("cat /etc/of-image; id -u; stty size; sleep 600 & jobs; exit 5\n");
    expect(await talk.end).toEqual({ code: 5 });
    expect(talk.stdout).toMatch(/^(?!.*job control).*image\r\n65534\r\n31 91\r\n.*sleep 600/s);
  });

  test("a restarted agent takes it up, runs commands in it, and is told how it ends", async () => {
    const one = spec("touch up; while ! cat /mnt/mesos/sandbox/go; do sleep 0.1; done; exit 6");
    void bench.run(one);
    await until("it runs", () => bench.has(one, "up"));
    const process = bench.held.get(one.id);
    bench.containerizer.close();
    images.stop();
    images = makeImages();
    bench = benchWith();
    const known = [{ spec: one, ...(process === undefined ? {} : { process }) }];
    await bench.containerizer.recover(known);
    expect(left()).toEqual([one.id]);
    const ended = bench.waitFor(one);
    bench.containerizer.adopt(known[0] as (typeof known)[0]);
    const value = "cat /etc/of-image && echo x > go";
    expect(await bench.containerizer.exec(one.id, { value }, 5_000)).toBe(0);
    expect((await ended).exit).toEqual({ code: 6 });
    await until("it is cleaned up", () => left().length === 0);
  });
});
