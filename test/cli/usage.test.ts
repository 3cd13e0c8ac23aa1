import { execFileSync } from "node:child_process";
import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { exitCodeOf, taskExitCode, tasksExitCode } from "../../cli/exit-codes.ts";
import { errors } from "../../contract/errors.ts";
import { runCli } from "./run-cli.ts";

function file(name: string, text: string): string {
  const path = join(mkdtempSync(join(tmpdir(), "tepui-cli-")), name);
  writeFileSync(path, text);
  return path;
}

test.each([
  [["bogus"], "unknown command 'bogus'"],
  [["ps", "--bogus"], "unknown option '--bogus'"],
  [["ps", "-o", "xml"], "Allowed choices are json, table"],
  [["kill"], "missing required argument 'task'"],
  [["kill", "t1", "--grace", "3"], '"3" has no unit, as in 15secs'],
  [["run"], "there is nothing to run"],
  [["run", "--cpus", "-1", "--", "true"], '--cpus <n>\': "-1" is not an amount'],
  [["run", "--mem", "99999999999999999999", "--", "true"], "--mem <mib>': "],
  [["run", "--mem", "9007199254741", "--", "true"], "is more than 9007199254740, the largest"],
  [["run", "--cpus", "0", "--mem", "0", "--", "true"], "the tasks use no resources"],
  [["run", "--timeout", "x", "--", "true"], "--timeout <duration>': "],
  [["run", "--attr", "rack", "--", "true"], "--attr <name=value>': "],
  [["run", "--retries", "x", "--", "true"], "--retries <n>': "],
  [["run", "--priority", "-1.5", "--", "true"], "--priority <n>': "],
  [["run", "--priority", "-1000001", "--", "true"], "--priority <n>': "],
  [
    ["run", "--count", "0", "--", "true"],
    '--count <n>\': "0" is not a whole number from 1 to 100000',
  ],
  [
    ["run", "--env", "PATH", "--", "true"],
    '--env <name=value>\': "PATH" is not of the form NAME=VALUE',
  ],
  [["run", "--file", "/nowhere/commands.txt"], "cannot be read: ENOENT"],
  [["run", "--file", "x", "--", "true"], "--file goes neither with a command"],
  [["local", "--port", "65536"], '--port <port>\': "65536" is not a whole number from 0 to 65535'],
  [["completion", "fish"], "Allowed choices are bash, zsh"],
  [["weights", "set", "r1=1,r2=2"], '"r1=1,r2=2" is not of the form ROLE=WEIGHT'],
  [["weights", "set", "web=0"], '"web=0" is not of the form ROLE=WEIGHT'],
  [["quota", "set", "web"], "neither --guarantee nor --limit"],
  [["quota", "set", "web", "--limit", "cpus"], '"cpus" are no quantities'],
  [["quota", "set", "web", "--limit", "cpus:0.0004"], "has an amount below 0.001"],
  [["quota", "set", "web", "--limit", "cpus:1|mem:1"], "it must be one list"],
  [["policy", "shadow"], "missing required argument 'name'"],
  [["policy", "shadow", "fifo", "--rounds", "0"], '"0" is not a whole number from 1 to'],
  [["policy", "configure"], "there is nothing to set"],
  [["policy", "configure", "--set", "backFill"], '"backFill" is not of the form NAME=VALUE'],
  [["policy", "load", "./x", "--on-master"], "./x is not an absolute path"],
  [
    ["policy", "load", "fifo", "--config", "[]"],
    "--config is no object, and no file that is there",
  ],
  [["policy", "load", "fifo", "--config", "{".repeat(9_999)], "--config cannot be read: at char"],
  [["policy", "configure", "--set", "a={b"], "the value of a cannot be read: at character 2: "],
  [["mapreduce", "--job", "sort", "/dev/null"], 'there is no job "sort"'],
  [["--master", "127.0.0.1:1", "version"], '"version" asks no master'],
])("%j is a mistake of usage: status 2, and the error says what", async (args, message) => {
  const { code, out, error } = await runCli(args);
  expect(error).toContain("error[CLI_USAGE]: ");
  expect(error).toContain(message);
  expect(out).toBe("");
  expect(code).toBe(2);
});

test.each([
  [["weights", "set", "web=2", "--master", "127.0.0.1:1"]],
  [["weights", "--master", "127.0.0.1:1", "set", "web=2"]],
  [["quota", "remove", "web", "--master", "127.0.0.1:1"]],
  [["--master", "127.0.0.1:1", "ps"]],
  [["-o", "table", "--master=127.0.0.1:1", "policy", "list"]],
  [["policy", "-o", "table", "--master", "127.0.0.1:1", "list"]],
])("%j asks the master that it names", async (args) => {
  const { code, error } = await runCli(args, { TEPUI_MASTER: "127.0.0.1:2" });
  expect(error).toContain("127.0.0.1:1");
  expect(error).not.toContain("127.0.0.1:2");
  expect(code).toBe(exitCodeOf(errors.MASTER_UNREACHABLE("", "")));
});

test.each([[["run"]], [["run", ""]], [["run", "--", " "]], [["run", "", "x"]]])(
  "%j has nothing to run, and says so before it asks a master",
  async (args) => {
    const { code, error } = await runCli(args, { TEPUI_MASTER: "127.0.0.1:1" });
    expect(error).toContain("error[CLI_USAGE]: there is nothing to run");
    expect(code).toBe(2);
  },
);

test.each([
  [["kill", ""], "argument 'task'"],
  [["kill", " "], "argument 'task'"],
  [["logs", "-f", ""], "argument 'task'"],
  [["browse", ""], "argument 'task'"],
  [["stats", ""], "argument 'task'"],
  [["exec", "", "true"], "argument 'task'"],
  [["explain", "task", ""], "argument 'task'"],
  [["explain", "task", "t", "--framework", ""], "option '--framework <id>'"],
  [["explain", "agent", ""], "argument 'agent'"],
  [["explain", "framework", ""], "argument 'framework'"],
  [["teardown", ""], "argument 'framework'"],
  [["gone", ""], "argument 'agent'"],
  [["drain", ""], "argument 'agent'"],
  [["reserve", "", "cpus(web):1"], "argument 'agent'"],
  [["volume", "destroy", "", "--role", "web", "--id", "v"], "argument 'agent'"],
  [["ps", "--framework", ""], "option '--framework <id>'"],
  [["ps", "--agent", ""], "option '--agent <id>'"],
])("%j names nothing, which would fit everything: a mistake of usage", async (args, where) => {
  const { code, error } = await runCli(args, { TEPUI_MASTER: "127.0.0.1:1" });
  expect(error).toContain(`error[CLI_USAGE]: ${where}: it is empty\n`);
  expect(code).toBe(2);
});

test("a command that nearly exists is named in the hint", async () => {
  expect((await runCli(["framework"])).error).toContain('hint: did you mean "frameworks"?');
});

test("without a command the help goes to the error stream, with status 2; asked for, status 0", async () => {
  const bare = await runCli([]);
  expect([bare.code, bare.out]).toEqual([2, ""]);
  expect(bare.error).toContain("Usage: tepui");
  const asked = await runCli(["--help"]);
  expect([asked.code, asked.error]).toEqual([0, ""]);
  for (const name of ["local", "run", "logs", "plugin", "completion"]) {
    expect(asked.out).toMatch(new RegExp(`^  ${name} `, "m"));
  }
});

test("-o json makes errors JSON too, wherever it stands", async () => {
  for (const args of [
    ["-o", "json", "kill"],
    ["kill", "-o", "json"],
    ["kill", "--output=json"],
  ]) {
    const { code, error } = await runCli(args);
    expect(JSON.parse(error)).toMatchObject({ error: { code: "CLI_USAGE", status: 400 } });
    expect(code).toBe(2);
  }
});

test("mapreduce says what it cannot read below a folder, rather than to leave it out", async () => {
  const folder = mkdtempSync(join(tmpdir(), "tepui-cli-"));
  // A path that is too long cannot be read by anybody, root included.
  const down = 'i=0; while [ $i -lt 18 ]; do mkdir "$1" && cd "$1"; i=$((i+1)); done; mkdir "$1"';
  execFileSync("sh", ["-c", down, "sh", "n".repeat(220)], { cwd: folder });
  try {
    const { code, error } = await runCli(["mapreduce", "--master", "127.0.0.1:1", folder]);
    expect(error).toContain(`error[CLI_USAGE]: ${folder} cannot be read: ENAMETOOLONG`);
    expect(code).toBe(2);
  } finally {
    execFileSync("rm", ["-rf", folder]);
  }
});

test("version prints one line, or one JSON document", async () => {
  expect((await runCli(["version"])).out).toMatch(/^tepui \d+\.\d+\.\d+ \(Node \d+/);
  expect((await runCli(["--version"])).out).toBe((await runCli(["version"])).out);
  const { out } = await runCli(["-o", "json", "version"]);
  expect(JSON.parse(out)).toMatchObject({ node: process.versions.node });
});

test("no master: status 69 and where one was looked for, after TEPUI_MASTER", async () => {
  const { code, error } = await runCli(["ps"], { TEPUI_MASTER: "127.0.0.1:1" });
  expect(error).toContain("error[MASTER_UNREACHABLE]: no master answers at 127.0.0.1:1");
  expect(code).toBe(69);
});

test("config check says all that is wrong with line and column, and returns 78", async () => {
  const bad = file("master.yaml", "listn: {}\nallocationInterval: soon\npolicy: { name: ./x }\n");
  const { code, error, out } = await runCli(["config", "check", "--kind", "master", bad]);
  expect(error).toContain("error[CONFIG_UNKNOWN_FIELD]");
  expect(error).toContain(`where: ${bad}:1:1`);
  expect(error).toContain("listen");
  expect(error).toContain(`where: ${bad}:2:21`);
  expect(error).toContain("error[PLUGIN_NOT_FOUND]");
  expect(error).toContain("3 problems");
  expect([code, out]).toEqual([78, ""]);
  const json = await runCli(["config", "check", bad, "-o", "json"]);
  expect(JSON.parse(json.out)).toMatchObject({ ok: false });
  const good = file("agent.yaml", "attributes: rack:r1\nworkDir: w\n");
  expect(await runCli(["config", "check", good])).toMatchObject({
    code: 0,
    out: `${good}: no problems\n`,
  });
});

test.each([
  ["two.yaml", "listen: {}\n---\nlisten: {}\n", "2:1", "a second document begins here"],
  ["brace.json", '{"listen": {}', "1:14", '"}" is missing'],
  ["bracket.json", '{"plugins": [1', "1:15", '"]" is missing'],
  ["colon.json", '{"listen" {}}', "1:11", '"," or ":" is missing between the fields in braces'],
  ["commas.json", '{"listen": {},, }', "1:15", 'there is a "," too many in braces'],
])("config check says without words of YAML what %s lacks", async (name, text, where, what) => {
  const path = file(name, text);
  const { error, code } = await runCli(["config", "check", "--kind", "master", path]);
  expect(error).toContain(`error[CONFIG_SYNTAX]: ${what}`);
  expect(error).toContain(`where: ${path}:${where}`);
  expect(error).not.toMatch(/YAML\.|flow/i);
  expect(code).toBe(78);
});

test("a master with a bad flag or file does not start, and returns 78", async () => {
  const flag = await runCli(["master", "--listen-port", "high"]);
  expect(flag.error).toContain("where: --listen-port");
  expect(flag.code).toBe(78);
  const text = await runCli(["agent", "--config", file("agent.json", "{")]);
  expect(text.error).toContain("error[CONFIG_SYNTAX]");
  expect(text.code).toBe(78);
});

test("plugin validate refuses a bad plugin with its code, and runs none of its code", async () => {
  const missing = await runCli(["plugin", "validate", "/nowhere"]);
  expect(missing.error).toContain('error[PLUGIN_NOT_FOUND]: there is no plugin "/nowhere"');
  expect(missing.code).toBe(78);
  // A folder without a manifest is no plugin, named as a path or not.
  for (const folder of ["./docs", "docs"]) {
    const { error } = await runCli(["plugin", "validate", folder]);
    expect(error).toContain("error[PLUGIN_NOT_FOUND]");
  }
  const manifest = { name: "mine", version: "1.0.0", kind: "hook", contract: "^1.0.0" };
  const path = file("plugin.json", JSON.stringify({ ...manifest, kind: "toaster" }));
  const wrong = await runCli(["plugin", "validate", join(path, "..")]);
  expect(wrong.error).toContain("error[PLUGIN_MANIFEST_INVALID]");
  expect(wrong.error).toContain("/kind");
  expect(wrong.code).toBe(78);
});

test("plugin validate finds plugins by their names, as a config does, and folders beside", async () => {
  const drf = await runCli(["plugin", "validate", "drf", "-o", "json"]);
  expect(JSON.parse(drf.out)).toMatchObject({ ok: true, name: "drf", kind: "allocator" });
  expect(JSON.parse(drf.out).folder).toMatch(/plugins\/allocators\/drf$/);
  const folder = await runCli(["plugin", "validate", "plugins/coordinators/embedded"]);
  expect(folder.out + folder.error).not.toContain("PLUGIN_NOT_FOUND");
  const typo = await runCli(["plugin", "validate", "drff"]);
  expect(typo.error).toContain("error[PLUGIN_NOT_FOUND]");
  expect(typo.error).toContain('did you mean "drf"?');
  expect(typo.code).toBe(78);
});

test("broken JSON in a plugin.json is told with line and column", async () => {
  const path = file("plugin.json", '{\n  "name": "mine",\n  "kind" "hook"\n}\n');
  const { error, code } = await runCli(["plugin", "validate", join(path, "..")]);
  expect(error).toContain("error[PLUGIN_MANIFEST_UNREADABLE]");
  expect(error).toContain(`where: ${path}:3:10`);
  expect(error).toContain('expected ":", found "\\""');
  expect(code).toBe(78);
});

test("a task's exit status is its own, 128+n for a signal, 1 when it never had one", () => {
  expect(taskExitCode({ state: "TASK_FINISHED", exitCode: 0 })).toBe(0);
  expect(taskExitCode({ state: "TASK_FAILED", exitCode: 42 })).toBe(42);
  expect(taskExitCode({ state: "TASK_FAILED", signal: "SIGKILL" })).toBe(137);
  expect(taskExitCode({ state: "TASK_KILLED", signal: "SIGTERM" })).toBe(143);
  expect(taskExitCode({ state: "TASK_FAILED", signal: "SIG35" })).toBe(163);
  expect(taskExitCode({ state: "TASK_LOST" })).toBe(1);
  expect(taskExitCode({ state: "TASK_FAILED", exitCode: 0 })).toBe(1);
  expect(taskExitCode({ state: "TASK_KILLED", exitCode: 0 })).toBe(1);
  expect(taskExitCode({ state: "TASK_FINISHED" })).toBe(0);
});

test("many tasks give the first status that is not 0, by index", () => {
  const ended = (exitCode: number) => ({
    state: exitCode === 0 ? "TASK_FINISHED" : "TASK_FAILED",
    exitCode,
  });
  expect(tasksExitCode([ended(0), ended(3), ended(9)])).toBe(3);
  expect(tasksExitCode([ended(0), ended(0)])).toBe(0);
  expect(tasksExitCode([])).toBe(0);
});

test("each family of errors has its exit status", () => {
  expect(exitCodeOf(errors.CLI_USAGE("x"))).toBe(2);
  expect(exitCodeOf(errors.ADDRESS_INVALID("http://x"))).toBe(2);
  expect(exitCodeOf(errors.MASTER_UNREACHABLE("x", "y"))).toBe(69);
  expect(exitCodeOf(errors.CONFIG_INVALID("x", []))).toBe(78);
  expect(exitCodeOf(errors.PLUGIN_NOT_FOUND("x", []))).toBe(78);
  expect(exitCodeOf(errors.PORT_MISSING("x"))).toBe(78);
  expect(exitCodeOf(errors.AGENT_CONFIG("x", "y"))).toBe(78);
  expect(exitCodeOf(errors.LOG_FILE_UNUSABLE("x", "y"))).toBe(78);
  expect(exitCodeOf(errors.CLI_INTERRUPTED("x"))).toBe(130);
  expect(exitCodeOf(errors.TASK_NOT_FOUND("x"))).toBe(1);
  expect(exitCodeOf(new Error("x"))).toBe(1);
});
