import { afterAll, beforeAll, expect, test } from "vitest";
import { freePort } from "../../cli/local/ports.ts";
import { fromScalars } from "../../contract/resources.ts";
import { Dockerd } from "../support/dockerd.ts";
import { describeWith } from "../support/require.ts";
import { pause, until } from "../support/until.ts";
import { DockerBench, IMAGE } from "./docker/bench.ts";

const ALLOCATE = "dd if=/dev/zero of=/dev/null bs=200M count=1";

describeWith("docker", "the docker isolator in a real engine", () => {
  let dockerd: Dockerd;
  let bench: DockerBench;

  beforeAll(async () => {
    dockerd = new Dockerd();
    await dockerd.start();
    await dockerd.makeImage(IMAGE);
    bench = new DockerBench(dockerd);
  }, 120_000);

  afterAll(async () => {
    await bench?.close();
    await dockerd?.close();
  }, 120_000);

  test("containers that are not of type DOCKER pass", async () => {
    const { isolator } = bench;
    const spec = bench.spec("true", { spec: { container: { type: "MESOS" } } });
    expect(await isolator.prepare(spec, new AbortController().signal)).toEqual({});
    await isolator.isolate(spec, { pid: 1, startTicks: 1 });
    expect(await isolator.kill?.(spec.id)).toBe(false);
    await isolator.cleanup(spec.id);
  });

  test("exit codes come through as they are, and nothing is left in the engine", async () => {
    const spec = bench.spec("exit 3");
    expect(await bench.run(spec)).toEqual({ exit: { code: 3 } });
    expect((await bench.run(bench.spec("true"))).exit).toEqual({ code: 0 });
    // 137 by itself is what the program said, not a kill.
    expect((await bench.run(bench.spec("exit 137"))).exit).toEqual({ code: 137 });
    await until("it is removed", () => !bench.isThere(spec));
  });

  test("every byte of the output is in the sandbox, in the file of its stream (F25)", async () => {
    const spec = bench.spec("printf 'no end'; printf '\\377\\000\\n' >&2; seq 1 3000");
    await bench.run(spec);
    const lines = Array.from({ length: 3000 }, (_, line) => `${line + 1}\n`).join("");
    expect(bench.output(spec)).toBe(`no end${lines}`);
    expect(bench.output(spec, "stderr")).toBe(Buffer.from([0xff, 0, 0x0a]).toString("utf8"));
  });

  test("a line longer than the engine's records comes through whole", async () => {
    const spec = bench.spec("dd if=/dev/zero bs=1M count=3 2>/dev/null | tr '\\0' x; echo .");
    await bench.run(spec);
    const output = bench.output(spec);
    expect(output.length).toBe((3 << 20) + 2);
    expect(/^x+\.\n$/.test(output)).toBe(true);
  });

  test("the sandbox is mounted, is the working directory, and MESOS_SANDBOX names it", async () => {
    const spec = bench.spec('pwd; echo "$MESOS_SANDBOX"; echo mine > file; cat given');
    (await import("node:fs")).writeFileSync(`${spec.sandbox}/given`, "given\n");
    await bench.run(spec);
    expect(bench.output(spec)).toBe("/mnt/mesos/sandbox\n/mnt/mesos/sandbox\ngiven\n");
    expect(bench.output(spec, "file")).toBe("mine\n");
  });

  test("the environment comes through, and the image keeps its PATH unless one is given", async () => {
    const environment = { PATH: "/host/bin", ODD: "a b\n'c'=d" };
    const plain = bench.spec('echo "$PATH"; echo "$ODD"; echo "$MESOS_CONTAINER_NAME"', {
      spec: { environment },
    });
    await bench.run(plain);
    const [path, ...rest] = bench.output(plain).split("\n");
    expect(path).toContain("/usr/sbin:");
    expect(rest.join("\n")).toBe(`${environment.ODD}\ntepui-${plain.id}\n`);
    const value = 'echo "$PATH"';
    const given = bench.spec(
      { value, environment: [{ name: "PATH", value: "/bin" }] },
      { spec: { environment: { PATH: "/bin" } } },
    );
    await bench.run(given);
    expect(bench.output(given)).toBe("/bin\n");
  });

  test("programs with their argv, arguments for the image's entrypoint, and no command", async () => {
    dockerd.docker("create", "--name=base", "--entrypoint=/bin/echo", IMAGE, "from the image");
    dockerd.docker("commit", "--change=WORKDIR /work", "base", "tepui/entry");
    dockerd.docker("rm", "base");
    const docker = { image: "tepui/entry" };
    const run = async (command: Parameters<typeof bench.spec>[0]) => {
      const spec = bench.spec(command, { docker });
      await bench.run(spec);
      return bench.output(spec);
    };
    const argv = ["printf", "%s|", "$HOME", "b c"];
    expect(await run({ shell: false, value: "/bin/printf", arguments: argv })).toBe("$HOME|b c|");
    expect(await run({ shell: false, arguments: ["a", "b"] })).toBe("a b\n");
    expect(await run({})).toBe("from the image\n");
    expect(await run("pwd")).toBe("/work\n");
  });

  test("the command's user is the image's, and a framework's user is not looked for", async () => {
    const spec = bench.spec({ value: "id -un", user: "nobody" }, { spec: { user: "not-there" } });
    expect((await bench.run(spec)).exit).toEqual({ code: 0 });
    expect(bench.output(spec)).toBe("nobody\n");
  });

  test("parameters, hostname, rlimits and capabilities reach the container", async () => {
    const spec = bench.spec(
      "pwd; hostname; ulimit -n; echo $EXTRA; grep -c . /etc/resolv.conf; " +
        "grep CapEff /proc/self/status; grep NoNewPrivs /proc/self/status; mount | grep /scratch",
      {
        docker: {
          network: "BRIDGE",
          parameters: [
            { key: "workdir", value: "/tmp" },
            { key: "env", value: "EXTRA=more" },
            { key: "tmpfs", value: "/scratch:size=1m" },
          ],
        },
        container: {
          hostname: "boxed",
          rlimits: [{ type: "RLMT_NOFILE", soft: 99, hard: 100 }],
          linuxInfo: { effectiveCapabilities: ["CHOWN"], noNewPrivileges: true },
        },
      },
    );
    expect(await bench.run(spec)).toEqual({ exit: { code: 0 } });
    const output = bench.output(spec);
    expect(output).toMatch(/^\/tmp\nboxed\n99\nmore\n/);
    expect(output).toMatch(/CapEff:\s0000000000000001\nNoNewPrivs:\s1/);
    expect(output).toMatch(/tmpfs on \/scratch .*size=1024k/);
  });

  test("a task with mem:64 that allocates 200 MB is killed and told with figures (D15)", async () => {
    const { exit, limitation } = await bench.run(bench.spec(`exec ${ALLOCATE}`));
    expect(exit).toEqual({ signal: "SIGKILL" });
    expect(limitation?.reason).toBe("REASON_CONTAINER_LIMITATION_MEMORY");
    expect(limitation?.message).toMatch(/^memory limit of 64 MiB exceeded: requested 64 MiB/);
    expect(limitation?.resources).toEqual(fromScalars({ mem: 64 }));
  });

  test("a kill for lack of memory is told while the container lives on", async () => {
    const spec = bench.spec(`(${ALLOCATE}); echo survived; sleep 600`);
    const { limitation } = await bench.run(spec);
    expect(limitation?.reason).toBe("REASON_CONTAINER_LIMITATION_MEMORY");
    await until("it is removed", () => !bench.isThere(spec));
  });

  test("a limit above the request counts, and an infinite one is none (D20)", async () => {
    const spec = bench.spec(`exec ${ALLOCATE}`, { spec: { limits: { mem: 300_000 } } });
    expect(await bench.run(spec)).toEqual({ exit: { code: 0 } });
    const free = bench.spec(`exec ${ALLOCATE}`, {
      spec: { limits: { mem: Number.POSITIVE_INFINITY } },
    });
    expect(await bench.run(free)).toEqual({ exit: { code: 0 } });
  });

  test("cpus 0.5 spinning gets half of a CPU, and usage tells it", async () => {
    const spec = bench.spec("echo up; while :; do :; done");
    const ended = bench.run(spec);
    await bench.hasWritten(spec, "up");
    const first = await bench.isolator.usage?.(spec.id);
    await pause(10_000);
    const wasHeldBack = bench.heldBack(spec) > 0;
    await pause(200);
    const last = await bench.isolator.usage?.(spec.id);
    const heldBack = bench.heldBack(spec);
    const seconds = (usage: typeof last) =>
      (usage?.cpusUserSeconds ?? 0) + (usage?.cpusSystemSeconds ?? 0);
    const share =
      (seconds(last) - seconds(first)) / (((last?.timeMs ?? 0) - (first?.timeMs ?? 0)) / 1000);
    expect(share).toBeLessThan(0.575);
    // Where it was not held back, the host was busy with something else: no mistake of ours.
    expect(share).toBeGreaterThan(0.425 * heldBack);
    expect(last).toMatchObject({ cpusLimit: 0.5, memLimitBytes: 64 << 20, processes: 1 });
    // It may be held back for the first time between two looks.
    const throttled = last?.cpusThrottledSeconds ?? -1;
    expect(throttled > 0).toBe(wasHeldBack || (throttled > 0 && heldBack > 0));
    expect(last?.memRssBytes).toBeGreaterThan(0);
    await bench.end(spec, ended);
  });

  test("an update changes the limits of what runs, and never lowers memory (F52)", async () => {
    const spec = bench.spec("echo up; sleep 600");
    const ended = bench.run(spec);
    await bench.hasWritten(spec, "up");
    const resized = async (cpus: number, mem: number) => {
      await bench.isolator.update?.({ ...spec, resources: fromScalars({ cpus, mem }) });
      const { cpusLimit, memLimitBytes } = (await bench.isolator.usage?.(spec.id)) ?? {};
      return [cpusLimit, (memLimitBytes ?? 0) / 2 ** 20];
    };
    expect(await resized(1.5, 128)).toEqual([1.5, 128]);
    expect(await resized(0.25, 64)).toEqual([0.25, 128]);
    await bench.end(spec, ended);
  });

  test("a fork bomb is stopped by the most processes that there may be", async () => {
    const few = new DockerBench(dockerd, { pidsMax: 30 });
    const spec = few.spec("b() { b | b & }; b; sleep 600");
    const ended = few.run(spec);
    await until("a fork fails", () => /can't fork/.test(few.output(spec, "stderr")));
    await few.end(spec, ended);
    await until("it is removed", () => !few.isThere(spec));
    await few.close();
  });

  test("a kill leaves nothing of a tree that forked twice and began sessions of its own", async () => {
    const mark = `6${process.pid}`;
    const spec = bench.spec(
      `setsid sh -c '(setsid sleep ${mark} &) ; sleep ${mark}' & echo up; sleep ${mark}`,
    );
    const ended = bench.run(spec);
    await bench.hasWritten(spec, "up");
    const sleepers = () => dockerd.processesOf(`sleep\0${mark}`);
    await until("all sleep", () => sleepers().length === 3);
    bench.containerizer.kill(spec.id, "SIGKILL");
    expect((await ended).exit).toEqual({ signal: "SIGKILL" });
    expect(sleepers()).toEqual([]);
    await until("it is removed", () => !bench.isThere(spec));
  });

  test("SIGTERM lets it end by itself with its own status; the image may name another signal", async () => {
    const polite = bench.spec("trap 'echo bye; exit 7' TERM; echo up; while :; do sleep 0.1; done");
    const ended = bench.run(polite);
    await bench.hasWritten(polite, "up");
    bench.containerizer.kill(polite.id, "SIGTERM");
    expect((await ended).exit).toEqual({ code: 7 });
    expect(bench.output(polite)).toBe("up\nbye\n");
    const other = bench.spec("trap 'exit 8' QUIT; echo up; while :; do sleep 0.1; done", {
      docker: { parameters: [{ key: "stop-signal", value: "SIGQUIT" }] },
    });
    const otherEnded = bench.run(other);
    await bench.hasWritten(other, "up");
    bench.containerizer.kill(other.id, "SIGTERM");
    expect((await otherEnded).exit).toEqual({ code: 8 });
  });

  test("a kill while it is being made ready leaves nothing", async () => {
    const spec = bench.spec("sleep 600");
    const ended = bench.run(spec);
    bench.containerizer.kill(spec.id, "SIGKILL");
    expect((await ended).failure?.code).toBe("CONTAINER_LAUNCH_REFUSED");
    await until("it is removed", () => !bench.isThere(spec));
  });

  test("a bridged container has an address, and an offered port of the host leads to it", async () => {
    const hostPort = await freePort([]);
    const ports = { name: "ports", ranges: [{ begin: hostPort, end: hostPort }] };
    const resources = [...fromScalars({ cpus: 0.5, mem: 64 }), ports];
    const docker = { network: "BRIDGE" as const, portMappings: [{ hostPort, containerPort: 80 }] };
    const spec = bench.spec(
      "mkdir www; echo hello > www/index.html; echo up; httpd -f -p 80 -h www",
      { docker, spec: { resources } },
    );
    const ended = bench.run(spec);
    await bench.hasWritten(spec, "up");
    const answer = await until("it answers", () =>
      fetch(`http://127.0.0.1:${hostPort}/`)
        .then((response) => response.text())
        .catch(() => undefined),
    );
    expect(answer).toBe("hello\n");
    expect(bench.started.get(spec.id)).toEqual([expect.stringMatching(/^\d+\.\d+\.\d+\.\d+$/)]);
    const second = bench.spec("true", { docker, spec: { resources } });
    expect((await bench.run(second)).failure?.code).toBe("DOCKER_PORT_TAKEN");
    await bench.end(spec, ended);
  });

  test("host, none and a network of the user's", async () => {
    const host = bench.spec("hostname", { docker: { network: "HOST" } });
    await bench.run(host);
    expect(bench.output(host).trim()).toBe((await import("node:os")).hostname());
    expect(bench.started.get(host.id)).toEqual([]);
    const none = bench.spec("ls /sys/class/net");
    await bench.run(none);
    expect(bench.output(none)).toBe("lo\n");
    dockerd.docker("network", "create", "--subnet=10.214.7.0/24", "mine");
    const user = bench.spec("ip -4 addr show eth0; until [ -e go ]; do sleep 0.1; done", {
      docker: { network: "USER" },
      container: { networkInfos: [{ name: "mine", ipAddresses: [{ ipAddress: "10.214.7.9" }] }] },
    });
    const userEnd = bench.run(user);
    await until("it is started", () => bench.started.has(user.id));
    expect(bench.started.get(user.id)).toEqual(["10.214.7.9"]);
    bench.give(user, "go");
    await userEnd;
    expect(bench.output(user)).toContain("10.214.7.9");
    dockerd.docker("network", "rm", "mine");
    const gone = bench.spec("true", {
      docker: { network: "USER" },
      container: { networkInfos: [{ name: "mine" }] },
    });
    expect((await bench.run(gone)).failure?.code).toBe("DOCKER_NETWORK_MISSING");
  });
});
