import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { listPids, readEnvironment } from "../../agent/containerizer/proc.ts";
import { ContainerBench } from "../../conformance/isolator/containers.ts";
import type { ContainerSpec, SessionStreams } from "../../contract/ports/isolator.ts";
import { processIsolator } from "../support/process-isolator.ts";
import { describeWith } from "../support/require.ts";
import { type Talk, talkTo } from "../support/talk.ts";
import { pause, until } from "../support/until.ts";

let bench: ContainerBench;
let spec: ContainerSpec;
beforeEach(async () => {
  bench = new ContainerBench([processIsolator()]);
  spec = await running({});
});
afterEach(() => bench.close());

/** A container at work. */
async function running(more: Partial<ContainerSpec>): Promise<ContainerSpec> {
  const one = bench.spec("touch up; exec sleep 600", more);
  void bench.run(one);
  await until("it runs", () => bench.has(one, "up"));
  return one;
}

async function open(
  words: readonly string[],
  streams: SessionStreams = { stdin: false },
  of = spec,
): Promise<Talk> {
  const command = { value: words[0] ?? "", shell: false, arguments: [...words] };
  return talkTo(await bench.containerizer.sessions.open(of.id, command, streams));
}
const shell = (line: string, streams?: SessionStreams, of?: ContainerSpec): Promise<Talk> =>
  open(["sh", "-c", line], streams, of);
/** Processes of sessions of the container. */
const left = () =>
  listPids().filter((pid) => readEnvironment(pid)?.includes(`TEPUI_CONTAINER_ID=${spec.id}.exec`));
const noneLeft = () => until("nothing is left", () => left().length === 0);

test("output and error output are apart, in the sandbox, with the task's environment", async () => {
  const talk = await shell('echo out; echo err >&2; echo "$TEPUI_CONTAINER_ID" > id; pwd; exit 7');
  expect(await talk.end).toEqual({ code: 7 });
  expect([talk.stdout, talk.stderr]).toEqual([`out\n${spec.sandbox}\n`, "err\n"]);
  expect(bench.has(spec, "id")).toBe(true);
  await noneLeft();
});

test("what it reads and writes are pipes that can be opened again, and nothing else is open", async () => {
  const talk = await shell("echo again > /dev/stderr; cat < /dev/stdin; ls /proc/self/fd", {
    stdin: true,
  });
  await talk.say("typed\n");
  talk.session.endInput();
  expect(await talk.end).toEqual({ code: 0 });
  expect(talk.stderr).toBe("again\n");
  // The fourth is the folder that ls lists.
  expect(talk.stdout).toBe("typed\n0\n1\n2\n3\n");
});

test("a signal that ended it is told by its name", async () => {
  expect(await (await shell("kill -TERM $$")).end).toEqual({ signal: "SIGTERM" });
});

test("the last word is not lost, also of a program that leaves others behind", async () => {
  const talk = await shell("seq 20000; (sleep 605; echo late) & setsid sleep 606 & exit 3");
  expect(await talk.end).toEqual({ code: 3 });
  expect(talk.stdout.endsWith("\n20000\n")).toBe(true);
  expect(talk.stdout.length).toBe(108_894);
  await noneLeft();
});

test("what cannot be run is a coded error, and leaves nothing", async () => {
  writeFileSync(join(spec.sandbox, "text"), "#!/nowhere/sh\n", { mode: 0o755 });
  await expect(open(["nothing-here"])).rejects.toMatchObject({ code: "COMMAND_NOT_FOUND" });
  await expect(open(["./text"])).rejects.toMatchObject({
    code: "EXEC_FAILED",
    message: expect.stringContaining("cannot run ./text: No such file"),
  });
  await expect(open(["echo", "a\0b"])).rejects.toMatchObject({ code: "EXEC_FAILED" });
  const gone = { ...spec, id: "nobody" as ContainerSpec["id"] };
  await expect(open(["true"], undefined, gone)).rejects.toMatchObject({
    code: "EXEC_TASK_NOT_RUNNING",
  });
  await noneLeft();
});

test("a terminal has a size, which changes, and keys that mean something", async () => {
  const talk = await open(["sh"], { stdin: true, terminal: { columns: 101, rows: 33 } });
  await talk.say("tty; stty size; echo $((40 + 2)) >&2\n");
  await talk.hasWritten(/\/dev\/pts\/\d+\r\n33 101\r\n42\r\n/);
  talk.session.resize({ columns: 90, rows: 40 });
  await until("the new size", async () => {
    await talk.say("stty size\n");
    return talk.stdout.includes("40 90\r\n");
  });
  await talk.say("sleep 607; echo code $?\n");
  await until("it sleeps", () => left().length >= 3);
  await talk.say("\x03");
  await until("Ctrl-C", async () => {
    await talk.say("echo after $((1 + 1))\n");
    return talk.stdout.includes("after 2");
  });
  talk.session.endInput();
  expect(await talk.end).toMatchObject({ code: expect.any(Number) });
  expect(talk.stderr).toBe("");
  await noneLeft();
});

test("a terminal is told of its new size by a signal", async () => {
  const size = { stdin: false, terminal: { columns: 80, rows: 24 } };
  const talk = await shell(
    "trap 'stty size; exit 5' WINCH; echo set; while :; do sleep 0.05; done",
    size,
  );
  await talk.hasWritten("set");
  talk.session.resize({ columns: 71, rows: 17 });
  expect(await talk.end).toEqual({ code: 5 });
  expect(talk.stdout).toContain("17 71");
});

test("input that nobody reads waits, and input that nobody will read is refused", async () => {
  const talk = await shell("sleep 608", { stdin: true });
  let taken = 0;
  const piece = Buffer.alloc(64 << 10);
  const flood = (async () => {
    for (;;) {
      await talk.session.write(piece);
      taken += piece.length;
    }
  })();
  const refused = expect(flood).rejects.toMatchObject({ code: "EXEC_ENDED" });
  await pause(500);
  // What pipes and sockets hold on the way, and no more.
  expect(taken).toBeLessThan(1 << 20);
  talk.session.close();
  await refused;
  const deaf = await shell("exec <&-; touch closed; sleep 609", { stdin: true });
  await until("it is closed", () => bench.has(spec, "closed"));
  await expect(
    (async () => {
      for (;;) await deaf.session.write(piece);
    })(),
  ).rejects.toMatchObject({ code: "EXEC_ENDED" });
  deaf.session.close();
  await noneLeft();
});

test("a program whose output nobody reads waits", async () => {
  const command = {
    value: "sh",
    shell: false,
    arguments: ["sh", "-c", "yes | head -c 20000000; touch all"],
  };
  const session = await bench.containerizer.sessions.open(spec.id, command, { stdin: false });
  await pause(500);
  expect(bench.has(spec, "all")).toBe(false);
  const talk = talkTo(session);
  expect(await talk.end).toEqual({ code: 0 });
  expect(talk.stdout.length).toBe(20_000_000);
});

test("a session that is given up takes all with it that it started", async () => {
  const talk = await shell("setsid sh -c 'sleep 610 & sleep 611' & trap '' TERM HUP; sleep 612");
  await until("all run", () => left().length >= 5);
  talk.session.close();
  await expect(talk.end).rejects.toMatchObject({ code: "EXEC_ENDED" });
  await noneLeft();
});

test("a session ends with its container, which says so", async () => {
  const talk = await shell("setsid sleep 613 & trap '' TERM; sleep 614");
  await until("it runs", () => left().length >= 3);
  bench.containerizer.kill(spec.id, "SIGKILL");
  await expect(talk.end).rejects.toMatchObject({ message: expect.stringContaining("its task") });
  await noneLeft();
});

test("the process in between is not told what to load by a task's environment", async () => {
  const environment = { ...spec.environment, PERL5OPT: "-Mnothing_of_this_name", KEEP: "kept" };
  const other = await running({ environment });
  const talk = await shell("echo $KEEP$PERL5OPT", undefined, other);
  expect(await talk.end).toEqual({ code: 0 });
  expect(talk.stdout).toBe("kept-Mnothing_of_this_name\n");
});

describeWith("root", "in namespaces of its own", () => {
  beforeEach(async () => {
    await bench.close();
    bench = new ContainerBench([processIsolator({ namespaces: ["pid", "mount", "ipc", "uts"] })]);
    spec = await running({});
  });

  test("a session is in those of its container, and its status comes through", async () => {
    const line = "readlink /proc/self/ns/pid /proc/1/ns/pid; [ $$ -lt 100 ] && echo few; exit 7";
    const talk = await shell(line);
    expect(await talk.end).toEqual({ code: 7 });
    const [own, first, few] = talk.stdout.split("\n");
    expect([own, few]).toEqual([first, "few"]);
    expect(await (await shell("kill -9 $$")).end).toEqual({ signal: "SIGKILL" });
    expect(await (await open(["cat"])).end).toEqual({ code: 0 });
  });

  test("a shell on a terminal controls its jobs there", async () => {
    const bash = ["bash", "--norc", "-i"];
    const talk = await open(bash, { stdin: true, terminal: { columns: 80, rows: 24 } });
    // What is typed before it asks may be thrown away.
    await talk.hasWritten(/[#$] $/);
    await talk.say("sleep 651\n");
    await until("it sleeps", () => left().length >= 4);
    // Typed again until it is heard: the shell may not have made way for the command yet.
    await until("it is stopped", async () => {
      await talk.say("\x1a");
      await talk.say("jobs\n");
      return /Stopped\s+sleep 651/.test(talk.stdout);
    });
    await talk.say("kill %1; exit $((4 + 4))\n");
    await talk.say("exit 8\n");
    expect(await talk.end).toEqual({ code: 8 });
    expect(talk.stdout).not.toContain("no job control");
    await noneLeft();
  });

  test("a session that is given up takes all with it", async () => {
    const talk = await shell("trap '' TERM HUP; setsid sleep 652 & sleep 653");
    await until("all run", () => left().length >= 4);
    talk.session.close();
    await expect(talk.end).rejects.toMatchObject({ code: "EXEC_ENDED" });
    await noneLeft();
  });
});

describeWith("root", "as another user", () => {
  test("a session is that user's, and so is its terminal", async () => {
    const other = await running({ user: "nobody" });
    const line = 'id -un; echo again > /dev/stderr; stat -c %U "$(tty)"; exit 4';
    const talk = await shell(line, { stdin: true, terminal: { columns: 80, rows: 24 } }, other);
    expect(await talk.end).toEqual({ code: 4 });
    expect(talk.stdout.replaceAll("\r", "")).toBe("nobody\nagain\nnobody\n");
    const plain = await shell("id -un; echo again > /dev/stderr", undefined, other);
    expect(await plain.end).toEqual({ code: 0 });
    expect([plain.stdout, plain.stderr]).toEqual(["nobody\n", "again\n"]);
    expect(existsSync(other.sandbox)).toBe(true);
  });
});
