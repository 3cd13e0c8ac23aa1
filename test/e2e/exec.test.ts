import { execFileSync, spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";
import { listPids, readEnvironment } from "../../agent/containerizer/proc.ts";
import { until } from "../support/until.ts";
import {
  type LocalCluster,
  type RunningCommand,
  startLocalCluster,
} from "./support/local-cluster.ts";

const CLI = join(fileURLToPath(new URL("../../", import.meta.url)), "dist", "cli", "main.js");

let cluster: LocalCluster;
let running: RunningCommand;
let folder: string;
let task: string;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "tepui-exec-"));
  cluster = await startLocalCluster(1);
  running = cluster.start("run", "--cpus", "0.1", "--mem", "64", "--", "sleep", "1000");
  task = await until("the task", async () => {
    const [one] = await cluster.liveTasks();
    return one?.state === "TASK_RUNNING" && one.taskId;
  });
}, 120_000);
afterAll(async () => {
  running?.child.kill("SIGINT");
  await running?.result;
  await cluster?.stop();
  rmSync(folder, { recursive: true, force: true });
}, 120_000);

/** Runs the command with this input; its ends of the pipes are real ones. */
function exec(words: readonly string[], input: string | Buffer = "") {
  const child = spawn(process.execPath, [CLI, "exec", ...words], {
    env: { ...process.env, NO_COLOR: "1", TEPUI_MASTER: cluster.address },
    stdio: ["pipe", "pipe", "pipe"],
  });
  const text = { stdout: "", stderr: "" };
  child.stdout.setEncoding("latin1").on("data", (more: string) => {
    text.stdout += more;
  });
  child.stderr.setEncoding("utf8").on("data", (more: string) => {
    text.stderr += more;
  });
  child.stdin.on("error", () => {});
  child.stdin.end(input);
  const ended = new Promise<{ code: number | null; stdout: string; stderr: string }>((resolve) => {
    child.on("close", (code) => resolve({ code, ...text }));
  });
  return { child, text, ended };
}

/** Processes of sessions. */
const left = () =>
  listPids().filter((pid) => /TEPUI_CONTAINER_ID=[^\0]*\.exec/.test(environmentOf(pid)));
function environmentOf(pid: number): string {
  const text = readEnvironment(pid) ?? "";
  return text.includes(cluster.dataDir) ? text : "";
}
const noneLeft = () => until("nothing is left", () => left().length === 0);

test("exec runs a command in the task, and its exit status is that of exec", async () => {
  const line = 'echo "$TEPUI_TASK_ID"; echo err >&2; exit 7';
  const { code, stdout, stderr } = await exec([task, "--", "sh", "-c", line]).ended;
  expect([code, stdout, stderr]).toEqual([7, `${task}\n`, "err\n"]);
  const killed = await exec([task.slice(0, -1), "sh", "-c", "kill -9 $$"]).ended;
  expect(killed.code).toBe(137);
});

test("exec -i pipes input through, all of it, and without -i there is none", async () => {
  const bytes = Buffer.from(Array.from({ length: 5_000_000 }, (_, at) => (at * 7) % 256));
  const { code, stdout } = await exec(["-i", task, "--", "cat"], bytes).ended;
  expect(code).toBe(0);
  expect(Buffer.from(stdout, "latin1").equals(bytes)).toBe(true);
  const none = await exec([task, "--", "wc", "-c"], "not for it").ended;
  expect(none.stdout.trim()).toBe("0");
});

test("exec -o json says which stream a piece is of, and how it ended", async () => {
  const words = ["-o", "json", task, "--", "sh", "-c", "echo a; sleep 0.3; echo b >&2; exit 3"];
  const { code, stdout } = await exec(words).ended;
  expect(code).toBe(3);
  expect(
    stdout
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line)),
  ).toEqual([
    { taskId: task, stream: "stdout", data: "a\n" },
    { taskId: task, stream: "stderr", data: "b\n" },
    { taskId: task, code: 3 },
  ]);
});

test("Ctrl-C ends the command and whatever it started", async () => {
  const line = "trap '' INT TERM HUP; setsid sleep 641 & echo on; sleep 642";
  const { child, text, ended } = exec([task, "--", "sh", "-c", line]);
  await until("it runs", () => text.stdout.includes("on"));
  child.kill("SIGINT");
  const { code, stderr } = await ended;
  expect([code, stderr.includes("CLI_INTERRUPTED")]).toEqual([130, true]);
  await noneLeft();
});

test("a client that is killed leaves nothing behind", async () => {
  const { child, text, ended } = exec([task, "--", "sh", "-c", "echo on; exec sleep 643"]);
  await until("it runs", () => text.stdout.includes("on"));
  child.kill("SIGKILL");
  await ended;
  await noneLeft();
});

test("what cannot be run is a coded error, with a status of its own where there is one", async () => {
  const codeOf = async (...words: string[]) => {
    const { code, stderr } = await exec([...words]).ended;
    return [code, /error\[(\w+)\]/.exec(stderr)?.[1]];
  };
  expect(await codeOf(task, "--", "no-such-program")).toEqual([127, "COMMAND_NOT_FOUND"]);
  expect(await codeOf("-it", task, "--", "sh")).toEqual([2, "EXEC_NO_TERMINAL"]);
  expect(await codeOf(task)).toEqual([2, "CLI_USAGE"]);
  expect(await codeOf(task, "--")).toEqual([2, "CLI_USAGE"]);
  expect(await codeOf("-t", "-o", "json", task, "--", "sh")).toEqual([2, undefined]);
  expect(await codeOf("nothing", "--", "true")).toEqual([1, "TASK_NOT_FOUND"]);
  const missing = ["--secret-file", join(folder, "missing"), task, "--", "true"];
  expect(await codeOf(...missing)).toEqual([78, "EXEC_SECRET_INVALID"]);
  const secret = join(folder, "secret");
  writeFileSync(secret, "not asked for, not minded\n");
  expect(await codeOf("--secret-file", secret, task, "--", "true")).toEqual([0, undefined]);
});

test("exec -it is a terminal: its size, its keys, its kind, and the exit status", async () => {
  // `script` gives the command a terminal of its own, which stty then makes larger and smaller.
  const where = join(folder, "where");
  const tepui = `${process.execPath} ${CLI} exec -it ${task} -- sh`;
  // What stty says at the end is how the terminal was given back.
  const after = join(folder, "after");
  const size = "stty rows 33 cols 101";
  const line = `tty > ${where}; ${size}; ${tepui}; code=$?; stty -a > ${after}; exit $code`;
  const child = spawn("script", ["-qefc", line, "/dev/null"], {
    env: { ...process.env, TERM: "vt220", TEPUI_MASTER: cluster.address },
    stdio: ["pipe", "pipe", "inherit"],
  });
  let shown = "";
  child.stdout.setEncoding("utf8").on("data", (more: string) => {
    shown += more;
  });
  const ended = new Promise((resolve) => child.on("exit", resolve));
  const type = (text: string) => child.stdin.write(text);
  await until("a prompt", () => /[#$] $/.test(shown));
  type("tty; stty size; echo kind $TERM; [ -t 0 ] && [ -t 1 ] && [ -t 2 ] && echo all\r");
  await until("the terminal", () =>
    /\/dev\/pts\/\d+\r+\n33 101\r+\nkind vt220\r+\nall/.test(shown),
  );
  execFileSync("stty", ["-F", readFileSync(where, "utf8").trim(), "rows", "40", "cols", "90"]);
  await until("its new size", () => {
    type("stty size\r");
    return shown.includes("40 90\r");
  });
  type("sleep 644\r");
  await until("it sleeps", () => left().length >= 3);
  type("\x03");
  type("exit $((4 + 5))\r");
  expect(await ended).toBe(9);
  await noneLeft();
  const modes = readFileSync(after, "utf8").split(/\s+/);
  expect(modes).toEqual(expect.arrayContaining(["isig", "icanon", "echo"]));
});
