import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { until } from "../support/until.ts";
import {
  type LocalCluster,
  type RunningCommand,
  startLocalCluster,
} from "./support/local-cluster.ts";

let cluster: LocalCluster;
let folder: string;
let task: string;
let running: RunningCommand;

/** What the task makes before it waits. */
const SCRIPT = [
  "umask 022; mkdir -p out/deep; echo one > out/one; echo two > out/deep/two",
  "chmod 750 out/one; ln -s one out/link; ln -s .. out/round; ln -s /etc/passwd leak",
  "mkfifo out/pipe; truncate -s 3G big; printf 'gr\\303\\274n' > 'a b'; echo ready; sleep 1000",
].join("\n");

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "tepui-sandboxes-"));
  cluster = await startLocalCluster(1);
  running = cluster.start("run", "--cpus", "0.1", "--mem", "32", "--", "sh", "-c", SCRIPT);
  await until("the files", () => running.output().includes("ready"));
  task = (await cluster.liveTasks())[0]?.taskId ?? "";
}, 120_000);
afterAll(async () => {
  running?.child.kill("SIGINT");
  await running?.result;
  await cluster?.stop();
  rmSync(folder, { recursive: true, force: true });
}, 120_000);

/** A fresh folder, and the entries of it that a copy leaves. */
function room(name: string): { readonly path: string; entries(): string[] } {
  const path = join(folder, name);
  mkdirSync(path);
  return { path, entries: () => (readdirSync(path, { recursive: true }) as string[]).sort() };
}

test("browse lists the files of a sandbox with mode, size and name", async () => {
  const { code, stdout } = await cluster.run("browse", task);
  expect(code).toBe(0);
  const [title, ...lines] = stdout.trimEnd().split("\n");
  expect(title).toMatch(/^MODE\s+UID\s+GID\s+SIZE\s+MODIFIED\s+NAME$/);
  const names = lines.map((line) => line.replace(/^.*Z {2}/, ""));
  expect(names).toEqual(["a b", "big", "leak", "out/", "stderr", "stdout"]);
  expect(lines[0]).toMatch(/^-rw-r--r-- +\d+ +\d+ +5 +\d{4}-\d\d-\d\dT[\d:]+Z {2}a b$/);
  expect(lines[1]).toContain(` ${3 * 2 ** 30} `);
});

test("browse shows folders below, single files, and all of it as JSON", async () => {
  const inner = await cluster.run("browse", task.slice(0, -1), "out/deep/..", "-o", "json");
  const { taskId, path, files } = JSON.parse(inner.stdout) as {
    readonly taskId: string;
    readonly path: string;
    readonly files: { readonly name: string; readonly mode: string; readonly mtimeMs: number }[];
  };
  expect([taskId, path]).toEqual([task, "out"]);
  expect(files.map(({ name, mode }) => [name, mode.slice(0, 4)])).toEqual([
    ["deep", "drwx"],
    ["link", "lrwx"],
    ["one", "-rwx"],
    ["pipe", "prw-"],
    ["round", "lrwx"],
  ]);
  expect(Math.abs(Date.now() - (files[0]?.mtimeMs ?? 0))).toBeLessThan(600_000);
  const one = await cluster.run("browse", task, "/out/one");
  expect(one.stdout.trimEnd().split("\n")[1]).toMatch(/^-rwxr-x--- .* one$/);
});

test("cp copies a file, into a folder or under a name, and to the output stream", async () => {
  const { path, entries } = room("files");
  expect((await cluster.run("cp", `${task}:out/one`, path)).code).toBe(0);
  const named = join(path, "named");
  writeFileSync(named, "old");
  const copied = await cluster.run("cp", `${task}:a b`, named, "-o", "json");
  expect(JSON.parse(copied.stdout)).toEqual({
    taskId: task,
    files: [{ path: "a b", to: named, bytes: 5 }],
    skipped: [],
  });
  expect(entries()).toEqual(["named", "one"]);
  expect(readFileSync(named, "utf8")).toBe("grün");
  expect(readFileSync(join(path, "one"), "utf8")).toBe("one\n");
  expect(statSync(join(path, "one")).mode & 0o700).toBe(0o700);
  expect((await cluster.run("cp", `${task}:out/deep/two`, "-")).stdout).toBe("two\n");
});

test("cp -r copies folders, and says what it left out and why", async () => {
  const { path, entries } = room("folders");
  const { code, stderr } = await cluster.run("cp", "-r", `${task}:out`, path);
  expect(entries()).toEqual(["out", "out/deep", "out/deep/two", "out/link", "out/one"]);
  expect(readFileSync(join(path, "out/link"), "utf8")).toBe("one\n");
  expect(code).toBe(1);
  expect(stderr).toMatch(/out\/pipe is left out: it is no file/);
  expect(stderr).toMatch(/out\/round is left out: it is a link to a folder/);
  expect((await cluster.run("cp", "-r", `${task}:out/deep`, join(path, "new"))).code).toBe(0);
  expect(readFileSync(join(path, "new/two"), "utf8")).toBe("two\n");
});

test("what leads out of the sandbox, is not there or is no copy out is a coded error", async () => {
  const { path, entries } = room("refused");
  const codeOf = async (...words: string[]) => {
    const { code, stderr } = await cluster.run(...words, "-o", "json");
    return [code, (JSON.parse(stderr) as { error: { code: string } }).error.code];
  };
  const outside = [1, "SANDBOX_PATH_OUTSIDE"];
  expect(await codeOf("cp", `${task}:leak`, path)).toEqual(outside);
  expect(await codeOf("cp", `${task}:../../../x`, path)).toEqual(outside);
  expect(await codeOf("browse", task, "out/../..")).toEqual(outside);
  expect(await codeOf("cp", `${task}:out`, path)).toEqual([1, "SANDBOX_PATH_IS_FOLDER"]);
  expect(await codeOf("cp", `${task}:none`, path)).toEqual([1, "SANDBOX_UNREADABLE"]);
  expect(await codeOf("browse", task, "none")).toEqual([1, "SANDBOX_UNREADABLE"]);
  expect(await codeOf("cp", `${task}:out/pipe`, path)).toEqual([1, "SANDBOX_UNREADABLE"]);
  expect(await codeOf("cp", `${task}:out/one`, join(path, "no/where"))).toEqual([
    1,
    "CLI_FILE_UNWRITABLE",
  ]);
  expect(await codeOf("cp", path, `${task}:`)).toEqual([2, "CLI_USAGE"]);
  expect(await codeOf("cp", `${task}:out/one`, "-")).toEqual([2, "CLI_USAGE"]);
  expect(await codeOf("cp", "nothing:out/one", path)).toEqual([1, "TASK_NOT_FOUND"]);
  expect(entries()).toEqual([]);
});

/** Begins a copy that takes long, and answers when it is under way. */
async function copying(path: string): Promise<RunningCommand> {
  writeFileSync(join(path, "big"), "old");
  const copy = cluster.start("cp", `${task}:big`, path, "-o", "json");
  await until("a part of it", () =>
    readdirSync(path).some((name) => name.endsWith(".part") && statSync(join(path, name)).size > 0),
  );
  return copy;
}

test("an interrupted copy leaves nothing behind, and what was there stays", async () => {
  const { path, entries } = room("interrupted");
  const copy = await copying(path);
  copy.child.kill("SIGINT");
  expect((await copy.result).code).toBe(130);
  expect(entries()).toEqual(["big"]);
  expect(readFileSync(join(path, "big"), "utf8")).toBe("old");
});

test("so does one whose agent dies in the middle", async () => {
  const { path, entries } = room("broken");
  const copy = await copying(path);
  process.kill(cluster.agentPids()[0] ?? 0, "SIGKILL");
  const { code, stderr } = await copy.result;
  expect(code).toBe(1);
  expect(stderr).toContain("SANDBOX_UNREADABLE");
  expect(entries()).toEqual(["big"]);
  expect(readFileSync(join(path, "big"), "utf8")).toBe("old");
});
