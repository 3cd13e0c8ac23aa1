import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { listPids, readEnvironment } from "../../agent/containerizer/proc.ts";
import type { ContainerSpec, SessionStreams } from "../../contract/ports/isolator.ts";
import { Dockerd } from "../support/dockerd.ts";
import { commandOf } from "../support/processes.ts";
import { describeWith } from "../support/require.ts";
import { type Talk, talkTo } from "../support/talk.ts";
import { pause, until } from "../support/until.ts";
import { DockerBench } from "./docker/bench.ts";

vi.setConfig({ testTimeout: 120_000, hookTimeout: 60_000 });

describeWith("docker", "sessions in a container of the engine", () => {
  let dockerd: Dockerd;
  let bench: DockerBench;
  let spec: ContainerSpec;

  beforeAll(async () => {
    dockerd = new Dockerd();
    await dockerd.start();
    await dockerd.makeImage("tepui/test");
    bench = new DockerBench(dockerd);
    spec = bench.spec("echo up; exec sleep 600", { spec: { environment: { MINE: "yes" } } });
    void bench.run(spec);
    await bench.hasWritten(spec, "up");
  });
  afterAll(async () => {
    await bench?.close();
    await dockerd?.close();
  });

  const open = async (line: string, streams: SessionStreams = { stdin: false }): Promise<Talk> => {
    const command = { value: "sh", shell: false, arguments: ["sh", "-c", line] };
    return talkTo(await bench.containerizer.sessions.open(spec.id, command, streams));
  };
  const left = () =>
    listPids().filter((pid) =>
      readEnvironment(pid)?.includes(`TEPUI_CONTAINER_ID=${spec.id}.exec`),
    );
  const noneLeft = () => until("nothing is left", () => left().length === 0);

  test("output and error output are apart, and the status is the command's", async () => {
    const talk = await open("echo $MINE; echo err >&2; ls /bin/busybox; exit 7");
    expect(await talk.end).toEqual({ code: 7 });
    expect([talk.stdout, talk.stderr]).toEqual(["yes\n/bin/busybox\n", "err\n"]);
    await noneLeft();
  });

  test("input goes in and has an end, at the pace of the program", async () => {
    const talk = await open("wc -c", { stdin: true });
    const piece = Buffer.alloc(100_000);
    for (let at = 0; at < 50; at++) await talk.session.write(piece);
    talk.session.endInput();
    expect(await talk.end).toEqual({ code: 0 });
    expect(talk.stdout.trim()).toBe("5000000");
  });

  test("a program whose output nobody reads waits, and nothing of it is lost", async () => {
    const line = "head -c 20000000 /dev/zero; touch /all";
    const command = { value: "sh", shell: false, arguments: ["sh", "-c", line] };
    const session = await bench.containerizer.sessions.open(spec.id, command, { stdin: false });
    await pause(1_000);
    const { end } = await open("test -e /all");
    expect(await end).toEqual({ code: 1 });
    const talk = talkTo(session);
    expect(await talk.end).toEqual({ code: 0 });
    expect(talk.stdout.length).toBe(20_000_000);
  });

  test("a terminal has a size, which changes, and Ctrl-C", async () => {
    const terminal = { columns: 101, rows: 33 };
    const talk = await open("exec sh", { stdin: true, terminal });
    await until("the size", async () => {
      await talk.say("stty size; echo $((40 + 2)) >&2\n");
      return /33 101\r\n42\r\n/.test(talk.stdout);
    });
    talk.session.resize({ columns: 90, rows: 40 });
    await until("the new size", async () => {
      await talk.say("stty size\n");
      return talk.stdout.includes("40 90\r\n");
    });
    await talk.say("sleep 631\n");
    await until("it sleeps", () => left().some((pid) => commandOf(pid).includes("631")));
    await talk.say("\x03");
    await talk.say("exit $((2 + 3))\n");
    expect(await talk.end).toEqual({ code: 5 });
    await noneLeft();
  });

  test("what the image has not, and what is no program, is a coded error", async () => {
    const { sessions } = bench.containerizer;
    const run = (value: string) =>
      sessions.open(spec.id, { value, shell: false, arguments: [value] }, { stdin: false });
    await expect(run("nothing-here")).rejects.toMatchObject({
      code: "COMMAND_NOT_FOUND",
      hint: expect.stringContaining("executable file not found"),
    });
    await expect(run("/bin")).rejects.toMatchObject({
      code: "EXEC_FAILED",
      message: expect.stringContaining("permission denied"),
    });
  });

  test("a session that is given up takes all with it, which the engine would leave", async () => {
    const talk = await open("trap '' HUP TERM; setsid sleep 632 & sleep 633");
    await until("all run", () => left().length >= 2);
    talk.session.close();
    await expect(talk.end).rejects.toMatchObject({ code: "EXEC_ENDED" });
    await noneLeft();
  });

  test("what a killed agent left of its sessions ends with the next one", async () => {
    const talk = await open("trap '' HUP TERM; setsid sleep 634 & sleep 635");
    await until("all run", () => left().length >= 2);
    const kept = left();
    await bench.restart(spec);
    await talk.end.catch(() => {});
    expect(kept.length).toBeGreaterThanOrEqual(2);
    await noneLeft();
    expect(await (await open("exit 8")).end).toEqual({ code: 8 });
  });

  test("a session ends with its container", async () => {
    const talk = await open("sleep 636");
    bench.containerizer.kill(spec.id, "SIGKILL");
    // Whichever is seen first: that the command was killed, or that the container is gone.
    const how = await talk.end.catch(({ code }: { code: string }) => code);
    expect([{ code: 137 }, "EXEC_ENDED", "EXEC_FAILED"]).toContainEqual(how);
    await noneLeft();
  });
});
