import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { Keeper, type KeeperExit } from "../../agent/containerizer/keeper.ts";
import { readStat } from "../../agent/containerizer/proc.ts";
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
