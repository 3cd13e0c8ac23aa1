import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { listPids, readEnvironment, readStat } from "../../agent/containerizer/proc.ts";
import { ContainerBench } from "../../conformance/isolator/containers.ts";
import { pause, until } from "../support/until.ts";

let bench: ContainerBench;
beforeEach(() => {
  bench = new ContainerBench();
});
afterEach(() => bench.close());

/** Processes that carry the mark of a container. */
const marked = (id: string): number[] =>
  listPids().filter((pid) =>
    readEnvironment(pid)?.split("\0").includes(`TEPUI_CONTAINER_ID=${id}`),
  );

describe("containers end as their commands do (F20)", () => {
  test("every exit code from 0 to 255 is reported as it was", async () => {
    const codes = Array.from({ length: 256 }, (_, code) => code);
    const ends = await Promise.all(codes.map((code) => bench.run(bench.spec(`exit ${code}`))));
    expect(ends.map(({ exit }) => exit)).toEqual(codes.map((code) => ({ code })));
  });

  test("a signal is told apart from the exit code that shells make of it", async () => {
    const signals = ["SIGHUP", "SIGINT", "SIGKILL", "SIGPIPE", "SIGTERM", "SIGUSR1", "SIGSEGV"];
    for (const signal of signals) {
      const { exit } = await bench.run(bench.spec(`kill -${signal.slice(3)} $$; sleep 9`));
      expect(exit).toEqual({ signal });
    }
    expect((await bench.run(bench.spec("exit 137"))).exit).toEqual({ code: 137 });
  });

  test("no signal is ignored or blocked in a command when it starts", async () => {
    const spec = bench.spec("grep -E 'Sig(Ign|Blk)' /proc/self/status");
    await bench.run(spec);
    expect(bench.output(spec).match(/[0-9a-f]{16}/g)).toEqual(["0".repeat(16), "0".repeat(16)]);
  });
});

describe("a container's surroundings are exactly those given", () => {
  test("stdout and stderr are files in the sandbox, stdin is empty, the folder is it", async () => {
    const spec = bench.spec("pwd; cat; echo oops >&2; ls /proc/self/fd");
    expect((await bench.run(spec)).exit).toEqual({ code: 0 });
    // Descriptors 0 to 2, and the one by which ls reads the folder.
    expect(bench.output(spec)).toBe(`${spec.sandbox}\n0\n1\n2\n3\n`);
    expect(bench.output(spec, "stderr")).toBe("oops\n");
  });

  test("the environment is what was asked for and the container's mark, nothing else", async () => {
    const environment = { PATH: "/usr/bin:/bin", EMPTY: "", ODD: "a=b\nc 'd' \"e\" $F ü" };
    const command = { value: "env", shell: false, arguments: ["env", "-0"] };
    const spec = bench.spec("", { command, environment });
    await bench.run(spec);
    const entries = bench
      .output(spec)
      .split("\0")
      .filter((entry) => entry !== "")
      .sort();
    const wanted = Object.entries({ ...environment, TEPUI_CONTAINER_ID: spec.id });
    expect(entries).toEqual(wanted.map(([key, value]) => `${key}=${value}`).sort());
  });

  test("without a shell, arguments are the whole argv (F21)", async () => {
    const command = {
      value: "/bin/sh",
      shell: false,
      arguments: ["zero", "-c", "echo $0 $1", "a b", "c d"],
    };
    const spec = bench.spec("", { command });
    await bench.run(spec);
    expect(bench.output(spec)).toBe("a b c d\n");
  });

  test("a command leads a session of its own", async () => {
    const spec = bench.spec("cut -d' ' -f1,6 /proc/$$/stat");
    await bench.run(spec);
    const [pid, session] = bench.output(spec).trim().split(" ");
    expect(session).toBe(pid);
    expect(pid).toBe(String(bench.held.get(spec.id)?.pid));
  });
});

describe("a launch that cannot be", () => {
  test("names the program that is not there (D16)", async () => {
    const command = { value: "no-such-program", shell: false };
    const { failure } = await bench.run(bench.spec("", { command }));
    expect(failure?.code).toBe("COMMAND_NOT_FOUND");
    expect(failure?.message).toContain("no-such-program");
  });

  test("says why the system could not run a program that is there", async () => {
    const spec = bench.spec("", { command: { value: "./broken", shell: false } });
    writeFileSync(join(spec.sandbox, "broken"), "#!/no/such/interpreter\n", { mode: 0o755 });
    const { failure } = await bench.run(spec);
    expect(failure?.code).toBe("CONTAINER_LAUNCH_REFUSED");
    expect(failure?.message).toContain("cannot run ./broken");
  });

  test("refuses an image that no isolator runs, rather than run on the host", async () => {
    const container = { type: "DOCKER" as const, docker: { image: "alpine" } };
    const { failure } = await bench.run(bench.spec("true", { container }));
    expect(failure?.code).toBe("CONTAINER_LAUNCH_REFUSED");
  });
});

describe("the barrier (habit 18)", () => {
  test("nothing runs before the release, and the pid stays the same", async () => {
    bench.releases = false;
    const spec = bench.spec("touch ran; echo $$");
    const ended = bench.run(spec);
    await until("held", () => bench.held.has(spec.id));
    await pause(100);
    expect(existsSync(join(spec.sandbox, "ran"))).toBe(false);
    bench.containerizer.release(spec.id);
    await ended;
    expect(bench.output(spec).trim()).toBe(String(bench.held.get(spec.id)?.pid));
  });

  test("a container that is killed while held never runs", async () => {
    bench.releases = false;
    const spec = bench.spec("touch ran");
    const ended = bench.run(spec);
    await until("held", () => bench.held.has(spec.id));
    bench.containerizer.kill(spec.id, "SIGKILL");
    expect((await ended).failure?.code).toBe("CONTAINER_LAUNCH_REFUSED");
    expect(existsSync(join(spec.sandbox, "ran"))).toBe(false);
    expect(readStat(bench.held.get(spec.id)?.pid ?? 0)).toBeUndefined();
  });
});

describe("kill ends the whole tree (F76)", () => {
  test("SIGTERM reaches every process, and each may end in its own way", async () => {
    const spec = bench.spec(
      "(trap 'echo child; exit' TERM; touch a; while :; do sleep 0.02; done) &" +
        " trap 'wait; exit 7' TERM; touch b; while :; do sleep 0.02; done",
    );
    const ended = bench.run(spec);
    await until("both run", () => ["a", "b"].every((file) => existsSync(join(spec.sandbox, file))));
    bench.containerizer.kill(spec.id, "SIGTERM");
    expect((await ended).exit).toEqual({ code: 7 });
    expect(bench.output(spec)).toBe("child\n");
  });

  test("SIGKILL finds a daemon that forked twice and began a session of its own", async () => {
    const daemon =
      "setsid sh -c 'setsid sh -c \"echo \\$\\$ > daemon; trap : TERM;" +
      " while :; do sleep 0.05; done\" &' &";
    const spec = bench.spec(`${daemon} trap : TERM; while :; do sleep 0.05; done`);
    const ended = bench.run(spec);
    const file = join(spec.sandbox, "daemon");
    await until("the daemon runs", () => existsSync(file) && readFileSync(file, "utf8") !== "");
    expect(marked(spec.id).length).toBeGreaterThan(1);
    bench.containerizer.kill(spec.id, "SIGKILL");
    expect((await ended).exit).toEqual({ signal: "SIGKILL" });
    expect(marked(spec.id)).toEqual([]);
  });

  test("what a command leaves behind when it ends by itself is ended too", async () => {
    const spec = bench.spec("setsid sleep 600 & echo done");
    expect((await bench.run(spec)).exit).toEqual({ code: 0 });
    await until("cleaned up", () => bench.containerizer.size === 0);
    expect(marked(spec.id)).toEqual([]);
  });
});

describe("an agent that is gone", () => {
  test("has its containers run on, and their exits are on record", async () => {
    const spec = bench.spec("while ! [ -e go ]; do sleep 0.02; done; exit 42");
    void bench.run(spec);
    await until("held", () => bench.held.has(spec.id));
    const process = bench.held.get(spec.id);
    bench.containerizer.close();
    const later = new ContainerBench([], bench.folder);
    const ended = new Promise((resolve) => {
      later.containerizer.adopt({ spec, ...(process === undefined ? {} : { process }) });
      void later.waitFor(spec).then(resolve);
    });
    writeFileSync(join(spec.sandbox, "go"), "");
    expect(await ended).toEqual({ exit: { code: 42 } });
    later.containerizer.close();
  });

  test("has what was held never run", async () => {
    bench.releases = false;
    const spec = bench.spec("touch ran");
    void bench.run(spec);
    await until("held", () => bench.held.has(spec.id));
    const pid = bench.held.get(spec.id)?.pid ?? 0;
    bench.containerizer.close();
    await until("the held process is gone", () => readStat(pid) === undefined);
    expect(existsSync(join(spec.sandbox, "ran"))).toBe(false);
  });
});
