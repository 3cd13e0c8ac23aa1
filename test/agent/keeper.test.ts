import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { Keeper, type KeeperExit } from "../../agent/containerizer/keeper.ts";
import { readStat } from "../../agent/containerizer/proc.ts";
import { describeWith } from "../support/require.ts";
import { temporaryFolder } from "../support/temporary.ts";
import { until } from "../support/until.ts";

let folder: string;
let keeper: Keeper;
let ends: Map<string, { exit: KeeperExit; isAlone: boolean }>;
beforeEach(() => {
  folder = temporaryFolder("tepui-keeper-");
  ends = new Map();
  keeper = new Keeper(folder, join(folder, "log"), {
    onExit: (id, exit, isAlone) => ends.set(id, { exit, isAlone }),
    onGone: () => {},
  });
});
afterEach(() => keeper.disconnect());

async function run(id: string, script: string): Promise<number> {
  const pid = await keeper.hold(id, {
    ...{ directory: folder, stdout: join(folder, "out"), stderr: join(folder, "err") },
    ...{ file: "/bin/sh", arguments: ["sh", "-c", script], environment: { PATH: "/usr/bin:/bin" } },
  });
  keeper.release(id);
  return pid;
}

const ended = (id: string) => until("it has ended", () => ends.get(id) !== undefined);

describe("the keeper says whether something is left of what has ended", () => {
  test("nothing is, when all that it started had ended before", async () => {
    await run("tidy", "(true; true) & wait; exit 3");
    await ended("tidy");
    expect(ends.get("tidy")).toEqual({ exit: { code: 3 }, isAlone: true });
  });

  test("a daemon in a session of its own, with no parent and no environment, is", async () => {
    await run("daemon", `(setsid env -i sh -c 'echo $$ > ${folder}/pid; exec sleep 600' &) ; :`);
    await ended("daemon");
    expect(ends.get("daemon")).toEqual({ exit: { code: 0 }, isAlone: false });
    const note = join(folder, "pid");
    await until(
      "it has ended",
      () => existsSync(note) && readFileSync(note, "utf8").endsWith("\n"),
    );
    const pid = Number(readFileSync(note, "utf8"));
    // While it lives nothing is known of others either; they are looked for then.
    await run("other", "true");
    await ended("other");
    expect(ends.get("other")?.isAlone).toBe(false);
    process.kill(pid, "SIGKILL");
    await until("it has ended", () => readStat(pid) === undefined);
    await run("later", "true");
    await ended("later");
    expect(ends.get("later")?.isAlone).toBe(true);
  });

  test("what runs beside it does not count", async () => {
    const long = await run("long", "sleep 600");
    await run("short", "true");
    await ended("short");
    expect(ends.get("short")?.isAlone).toBe(true);
    expect(ends.has("long")).toBe(false);
    process.kill(long, "SIGKILL");
    await ended("long");
  });
});

describeWith(["root", "tmpfs"], "a keeper on a full disk", () => {
  test("writes how a task ended once there is room, also without its agent (F2)", async () => {
    const exits = join(folder, "exits");
    mkdirSync(exits);
    execFileSync("mount", ["-t", "tmpfs", "-o", "size=64k", "tmpfs", exits]);
    try {
      keeper.disconnect();
      keeper = new Keeper(exits, join(folder, "log"), {
        onExit: (id, exit, isAlone) => ends.set(id, { exit, isAlone }),
        onGone: () => {},
      });
      const filling = join(exits, "filling");
      expect(() => writeFileSync(filling, Buffer.alloc(1 << 20))).toThrow("ENOSPC");
      await run("heard", "exit 4");
      await ended("heard");
      await run("unheard", `while [ ! -e ${folder}/go ]; do sleep 0.05; done; exit 5`);
      keeper.disconnect();
      writeFileSync(join(folder, "go"), "");
      const record = (id: string) => join(exits, id);
      // Nothing says that it was tried, but the file that it is tried with.
      await until("it has been tried", () => existsSync(record(".unheard")));
      expect([existsSync(record("heard")), existsSync(record("unheard"))]).toEqual([false, false]);
      rmSync(filling);
      await until(
        "both are written",
        () => existsSync(record("heard")) && existsSync(record("unheard")),
      );
      expect(readFileSync(record("heard"), "utf8")).toBe("exit 4\n");
      expect(readFileSync(record("unheard"), "utf8")).toBe("exit 5\n");
    } finally {
      execFileSync("umount", ["--lazy", exits]);
    }
  });
});
