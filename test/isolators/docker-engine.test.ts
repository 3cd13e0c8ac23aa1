import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { isolatorRules } from "../../conformance/isolator/rules.ts";
import type { ContainerId } from "../../contract/ids.ts";
import { Dockerd } from "../support/dockerd.ts";
import { describeWith } from "../support/require.ts";
import { pause, until } from "../support/until.ts";
import { DockerBench, IMAGE, openDocker } from "./docker/bench.ts";

const lines = (count: number) => Array.from({ length: count }, (_, at) => `${at + 1}\n`).join("");
/** Waits for a file that a test makes in the sandbox. */
const WAIT = "until [ -e go ]; do sleep 0.1; done";
/** Writes numbered lines in bursts, the last of them when it is let go. */
const CHATTY =
  `i=0; while [ $i -lt 2000 ]; do i=$((i+1)); echo $i; [ $i = 1900 ] && { ${WAIT}; }; ` +
  "[ $((i % 100)) = 0 ] && sleep 0.2; done; exit 5";

describeWith("docker", "docker containers and agents or engines that go away", () => {
  let dockerd: Dockerd;
  let bench: DockerBench;

  beforeAll(async () => {
    dockerd = new Dockerd();
    await dockerd.start();
    await dockerd.makeImage(IMAGE);
  }, 120_000);

  afterAll(async () => {
    await bench?.close();
    await dockerd?.close();
  }, 120_000);

  const open = async (given: Record<string, unknown> = {}) => {
    await bench?.close();
    bench = new DockerBench(dockerd, given);
    return bench;
  };

  test("agents that come and go lose and repeat no output, and tell the true end", async () => {
    await open();
    const spec = bench.spec(CHATTY);
    const rotated = bench.spec(CHATTY, { spec: { rotation: { bytes: 400, files: 100 } } });
    for (const one of [spec, rotated]) {
      void bench.run(one);
      await bench.hasWritten(one, "1\n");
    }
    for (let restarts = 0; restarts < 4; restarts++) {
      await pause(300);
      await bench.restart(spec, rotated);
    }
    const ends = [spec, rotated].map((one) => bench.waitFor(one));
    for (const one of [spec, rotated]) bench.give(one, "go");
    for (const end of ends) expect((await end).exit).toEqual({ code: 5 });
    expect(bench.output(spec)).toBe(lines(2000));
    // F11: the oldest file has the highest number, and each ends with the line that fills it.
    const files = readdirSync(rotated.sandbox).filter((name) => name.startsWith("stdout"));
    const ages = files.map((name) => Number(name.split(".")[1] ?? 0)).sort((a, b) => b - a);
    const parts = ages.map((age) => bench.output(rotated, age === 0 ? "stdout" : `stdout.${age}`));
    expect(parts.join("")).toBe(lines(2000));
    for (const part of parts.slice(0, -1)) {
      expect([part.at(-1), part.length - (part.length % 10)]).toEqual(["\n", 400]);
    }
    await until("they are removed", () => !bench.isThere(spec) && !bench.isThere(rotated));
  });

  test("output that an agent wrote, and died before it noted that, is not repeated", async () => {
    await open();
    const spec = bench.spec(`seq 1 500; ${WAIT}; seq 501 1000`);
    void bench.run(spec);
    await bench.hasWritten(spec, "\n500\n");
    const note = join(bench.folder, "docker", spec.id);
    const noted = JSON.parse(readFileSync(note, "utf8"));
    await bench.leave();
    // As if what was written last had not been noted.
    const before = { time: "", count: 0, fileSize: 0, cut: "whole" };
    writeFileSync(note, JSON.stringify({ ...noted, stdout: before }));
    bench.open();
    await bench.containerizer.recover([{ spec }]);
    bench.containerizer.adopt({ spec });
    bench.give(spec, "go");
    expect((await bench.waitFor(spec)).exit).toEqual({ code: 0 });
    expect(bench.output(spec)).toBe(lines(1000));
  });

  test("what ended while no agent was there is told truly, memory limits included", async () => {
    await open();
    const quick = bench.spec(`echo up; ${WAIT}; echo last; exit 9`);
    const hungry = bench.spec(
      `echo up; ${WAIT}; exec dd if=/dev/zero of=/dev/null bs=200M count=1`,
    );
    void bench.run(quick);
    void bench.run(hungry);
    await bench.hasWritten(quick, "up");
    await bench.hasWritten(hungry, "up");
    await bench.leave();
    for (const spec of [quick, hungry]) bench.give(spec, "go");
    const running = () => dockerd.docker("ps", "--quiet");
    await until("both have ended", () => running() === "");
    bench.open();
    await bench.containerizer.recover([{ spec: quick }, { spec: hungry }]);
    const ends = [quick, hungry].map((spec) => {
      const ended = bench.waitFor(spec);
      bench.containerizer.adopt({ spec });
      return ended;
    });
    expect(await ends[0]).toEqual({ exit: { code: 9 }, limitation: undefined });
    expect(bench.output(quick)).toBe("up\nlast\n");
    const { exit, limitation } = (await ends[1]) ?? {};
    expect(exit).toEqual({ signal: "SIGKILL" });
    expect(limitation?.reason).toBe("REASON_CONTAINER_LIMITATION_MEMORY");
  });

  test("a container that was made and not started when the agent died is started once", async () => {
    await open();
    const spec = bench.spec("echo once");
    await bench.isolator.prepare(spec, new AbortController().signal);
    await bench.restart(spec);
    expect((await bench.waitFor(spec)).exit).toEqual({ code: 0 });
    expect(bench.output(spec)).toBe("once\n");
  });

  test("one that the engine has lost is told as an end that nobody saw", async () => {
    await open();
    const spec = bench.spec("echo up; sleep 600");
    void bench.run(spec);
    await bench.hasWritten(spec, "up");
    await bench.leave();
    dockerd.docker("rm", "--force", `tepui-${spec.id}`);
    bench.open();
    await bench.containerizer.recover([{ spec }]);
    const ended = bench.waitFor(spec);
    bench.containerizer.adopt({ spec });
    expect(await ended).toEqual({ exit: undefined, limitation: undefined });
  });

  test("orphans are removed, those of other agents are not, and killOrphans spares them", async () => {
    await open();
    const other = new DockerBench(dockerd);
    const mine = bench.spec("echo up; sleep 600");
    const theirs = other.spec("echo up; sleep 600");
    void bench.run(mine);
    const theirEnd = other.run(theirs);
    await bench.hasWritten(mine, "up");
    await other.hasWritten(theirs, "up");
    await bench.leave();
    bench.open({ killOrphans: false });
    await bench.containerizer.recover([]);
    expect([bench.isThere(mine), other.isThere(theirs)]).toEqual([true, true]);
    await bench.restart();
    expect([bench.isThere(mine), other.isThere(theirs)]).toEqual([false, true]);
    // An id of somebody else's is not cleaned up either.
    await bench.isolator.cleanup(theirs.id);
    expect(other.isThere(theirs)).toBe(true);
    await other.end(theirs, theirEnd);
    await other.close();
  });

  test("an ended container is kept for removeDelay, over restarts of the agent", async () => {
    const slow = new DockerBench(dockerd, { removeDelay: "10secs" });
    const spec = slow.spec("true");
    await slow.run(spec);
    expect(slow.isThere(spec)).toBe(true);
    await slow.restart();
    expect(slow.isThere(spec)).toBe(true);
    await until("it is removed", () => !slow.isThere(spec));
    await slow.close();
  });

  test("an engine killed in the middle loses no container, no output and no kill", async () => {
    await open();
    const chatty = bench.spec(CHATTY);
    const sleepy = bench.spec("echo up; sleep 600");
    const chattyEnd = bench.run(chatty);
    const sleepyEnd = bench.run(sleepy);
    await bench.hasWritten(chatty, "100\n");
    await bench.hasWritten(sleepy, "up");
    await dockerd.kill();
    // Told to an engine that is away: it is done when the engine is back.
    bench.containerizer.kill(sleepy.id, "SIGKILL");
    const late = bench.spec("echo late");
    const lateEnd = bench.run(late);
    await pause(1_000);
    await dockerd.start();
    bench.give(chatty, "go");
    expect((await sleepyEnd).exit).toEqual({ signal: "SIGKILL" });
    expect((await chattyEnd).exit).toEqual({ code: 5 });
    expect((await lateEnd).exit).toEqual({ code: 0 });
    expect(bench.output(late)).toBe("late\n");
    const output = bench.output(chatty);
    expect(new Set(output.split("\n")).size).toBe(output.split("\n").length);
    await until("all are removed", () => ![chatty, sleepy, late].some((one) => bench.isThere(one)));
  }, 120_000);

  test("an engine that stays away fails launches with its code, and holds up no other", async () => {
    await open({ engineTimeout: "300ms" });
    await dockerd.kill();
    try {
      const { failure } = await bench.run(bench.spec("true"));
      expect(failure?.code).toBe("DOCKER_ENGINE_UNREACHABLE");
      expect(failure?.where).toBe(dockerd.socket);
      await bench.isolator.cleanup("nobody" as ContainerId);
      expect(await bench.isolator.recover([])).toEqual([]);
    } finally {
      await dockerd.start();
    }
  }, 120_000);

  test("what an absent engine could not remove is removed when it is back", async () => {
    await open();
    const orphan = bench.spec("echo up; sleep 600");
    void bench.run(orphan);
    await bench.hasWritten(orphan, "up");
    await bench.leave();
    await dockerd.kill();
    bench.open();
    await bench.containerizer.recover([]);
    await dockerd.start();
    await until("it is removed", () => !bench.isThere(orphan));
  }, 120_000);

  /** What a container of an engine cannot do as a process of the host does, and why. */
  const otherwise: Readonly<Record<string, string>> = {
    "an unknown user is refused": "users of the host mean nothing in an image",
    "exit codes and signals": "the first process of a container ignores signals; codes are tested",
  };

  const conforming = isolatorRules.filter(
    ({ name }) => !Object.keys(otherwise).some((start) => name.startsWith(start)),
  );

  test.each(conforming)("conforms: $name", async (rule) => {
    await open();
    const stops: (() => Promise<void>)[] = [];
    const make = async () => {
      const { isolator, stop } = openDocker(dockerd, bench.folder);
      stops.push(stop);
      const prepare: typeof isolator.prepare = (spec, signal) =>
        isolator.prepare(
          { ...spec, container: { type: "DOCKER", docker: { image: IMAGE } } },
          signal,
        );
      return new Proxy(isolator, {
        get(target, key) {
          if (key === "prepare") return prepare;
          const value = Reflect.get(target, key, target);
          return typeof value === "function" ? value.bind(target) : value;
        },
      });
    };
    await rule.run({ make }, () => {});
    for (const stop of stops) await stop();
  });
});

describeWith("docker", "an engine that takes its containers with it", () => {
  test("tells how they ended once it is back", async () => {
    const dockerd = new Dockerd({ liveRestore: false });
    await dockerd.start();
    await dockerd.makeImage(IMAGE);
    const bench = new DockerBench(dockerd);
    try {
      const spec = bench.spec("echo up; sleep 600");
      const ended = bench.run(spec);
      await bench.hasWritten(spec, "up");
      await dockerd.kill();
      await dockerd.start();
      const { exit } = await ended;
      expect(exit?.code).toBeGreaterThan(0);
    } finally {
      await bench.close();
      await dockerd.close();
    }
  }, 120_000);
});
