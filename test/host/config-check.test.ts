import { execFileSync, spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { agentAdmission } from "../../agent/main.ts";
import { builtInPlugins } from "../../cli/built-in-plugins.ts";
import { checkConfigFile } from "../../kernel/host/config-check.ts";
import { masterAdmission } from "../../kernel/main.ts";
import { configFile, problemLines } from "./support/config-file.ts";
import { placesIn, pluginFolder, writePlugin } from "./support/plugins.ts";

test("the kind of a config file is told from its fields", () => {
  const agents = configFile("workDir: /w\nattributes: 3\n");
  expect(checkConfigFile(agents).map(({ message }) => message)).toEqual([
    "/attributes: must be text, got 3",
  ]);
  const both = configFile("master: { allocationInterval: 1s }\nagent: { workDir: 3 }\n");
  expect(checkConfigFile(both).map(({ message }) => message)).toEqual([
    "/agent/workDir: must be text that is not empty, got 3",
  ]);
});

test("a pipe is read once, and says as much as a file", () => {
  const folder = mkdtempSync(join(tmpdir(), "tepui-pipe-"));
  const pipe = join(folder, "config.yaml");
  execFileSync("mkfifo", [pipe]);
  const writer = spawn("sh", ["-c", `echo 'offerTimeout: 10' > ${pipe}`]);
  const problems = checkConfigFile(pipe, { kind: "master" });
  expect(problems.map(({ code }) => code)).toEqual(["CONFIG_BAD_VALUE"]);
  writer.kill();
  rmSync(folder, { recursive: true });
});

test("what is written in a notation of its own is read before anything starts from it", () => {
  const agents = configFile('resources: "cpus:-1;mem:x"\nattributes: ":::"\ndefaultRole: "../x"\n');
  expect(problemLines(agents, checkConfigFile(agents))).toEqual([
    expect.stringMatching(/^1:12 CONFIG_BAD_VALUE \/resources: at character 0: /),
    expect.stringMatching(/^1:12 CONFIG_BAD_VALUE \/resources: at character 12: /),
    expect.stringMatching(/^2:13 CONFIG_BAD_VALUE \/attributes: at character 0: /),
    expect.stringMatching(/^3:14 CONFIG_BAD_VALUE \/defaultRole: "\.\.\/x": /),
  ]);
  const listed = configFile("resources: [{ name: cpus, type: SCALER }]\nworkDir: /w\n");
  expect(problemLines(listed, checkConfigFile(listed))).toHaveLength(1);
  const masters = configFile(
    'minAllocatableResources: "zzz"\nweights: { "a//b": 2, "fine": 1, "/c": 3 }\n',
  );
  expect(problemLines(masters, checkConfigFile(masters))).toEqual([
    expect.stringMatching(/^1:26 CONFIG_BAD_VALUE \/minAllocatableResources: at character /),
    expect.stringMatching(/^2:12 CONFIG_BAD_VALUE \/weights: "a\/\/b": /),
    expect.stringMatching(/^2:34 CONFIG_BAD_VALUE \/weights: "\/c": /),
  ]);
});

test("fields that do not go together are placed where one of them is to be changed", () => {
  const agents = configFile(
    "listen: { host: 10.0.0.1 }\nexec: { allow: secret }\nhostname: 3\ngcDelay: 1s\n",
  );
  expect(problemLines(agents, checkConfigFile(agents))).toEqual([
    expect.stringMatching(/^1:17 CONFIG_INSECURE_BIND "10\.0\.0\.1" can be reached by /),
    expect.stringMatching(/^2:16 CONFIG_BAD_VALUE \/exec\/allow: "secret" needs the file /),
    expect.stringMatching(/^3:11 CONFIG_BAD_VALUE \/hostname: /),
  ]);
  const local = configFile(
    'master: { listen: { host: "::" } }\nagent: { listen: { host: "::" }, insecureRemote: true }\n',
  );
  expect(problemLines(local, checkConfigFile(local))).toEqual([
    expect.stringMatching(/^1:27 CONFIG_INSECURE_BIND /),
  ]);
});

test("an address that nobody could dial is none, in a list each for itself", () => {
  const text =
    'master: [a:1, "host:99999", "http://x", "wss://m:1"]\nlisten: { advertise: a:99999 }\n';
  const agents = configFile(`${text}workDir: w\n`);
  expect(problemLines(agents, checkConfigFile(agents))).toEqual([
    '1:15 CONFIG_BAD_VALUE /master: "host:99999" is not an address to dial; write HOST:PORT',
    '1:29 CONFIG_BAD_VALUE /master: "http://x" is not an address to dial; write HOST:PORT',
    '2:22 CONFIG_BAD_VALUE /listen/advertise: must be HOST:PORT, IPv6 in brackets, got "a:99999"',
  ]);
  for (const master of ['":"', "[]", '"a b:1"']) {
    const file = configFile(`master: ${master}\nworkDir: w\n`);
    expect(problemLines(file, checkConfigFile(file)), master).toEqual([
      expect.stringMatching(/^1:9 CONFIG_BAD_VALUE \/master: /),
    ]);
  }
});

/** What the check says of a text with what real processes ask of their plugins. */
function problemsWithPlugins(text: string, kind?: "master" | "agent"): string[] {
  const file = configFile(text);
  const plugins = { builtIn: builtInPlugins(), master: masterAdmission, agent: agentAdmission };
  const problems = checkConfigFile(file, { plugins, ...(kind === undefined ? {} : { kind }) });
  return problemLines(file, problems);
}

const withPlugins = (...names: string[]) =>
  `plugins: ${JSON.stringify(names.map((plugin) => ({ plugin })))}\n`;

test.each([
  ["master", ["uws-msgpack"], ['"coordinator", and a master needs one; add "embedded"']],
  ["master", ["embedded"], ['"transport", and a master needs one; add "uws-msgpack"']],
  ["agent", ["process"], ['"transport", and an agent needs one; add "uws-msgpack"']],
  [
    "agent",
    ["uws-msgpack", "cgroups", "docker"],
    ['"isolator" with the feature "users", and an agent needs one; add "process"'],
  ],
  ["agent", [], ['"transport"', '"isolator"']],
] as const)("a list that lacks what a %s needs does not pass: %j", (kind, names, missing) => {
  const lines = problemsWithPlugins(withPlugins(...names), kind);
  expect(lines).toHaveLength(missing.length);
  for (const [at, what] of missing.entries()) {
    expect(lines[at]).toContain("1:10 PORT_MISSING ");
    expect(lines[at]).toContain(`no plugin offers ${what}`);
  }
});

test("what a list needs is not guessed while one of its plugins is not known", () => {
  const lines = problemsWithPlugins(withPlugins("uws-msgpack", "embeded"), "master");
  expect(lines).toEqual([expect.stringMatching(/PLUGIN_NOT_FOUND .*did you mean "embedded"/)]);
});

test("plugins that the start would not take are refused: of the other side, a second of one", () => {
  const other = problemsWithPlugins(withPlugins("uws-msgpack", "embedded", "process"), "master");
  expect(other).toEqual([expect.stringContaining("PLUGIN_KIND_WRONG")]);
  const allocator = problemsWithPlugins(withPlugins("uws-msgpack", "embedded", "fifo"), "master");
  expect(allocator).toEqual([expect.stringContaining("PLUGIN_KIND_WRONG")]);
  const twice =
    "plugins: [{ plugin: uws-msgpack }, { plugin: embedded }, { plugin: embedded, as: b }]\n";
  expect(problemsWithPlugins(twice, "master")).toEqual([
    expect.stringContaining("1:10 PORT_AMBIGUOUS port coordinator: more than one plugin offers"),
  ]);
  expect(problemsWithPlugins("policy: { config: { nope: 1 } }\n")).toEqual([
    expect.stringContaining("1:9 PLUGIN_CONFIG_INVALID plugin drf: "),
  ]);
});

test("a list of plugins tells an agent's config from a master's", () => {
  expect(problemsWithPlugins(withPlugins("uws-msgpack", "process"))).toEqual([]);
  expect(problemsWithPlugins(withPlugins("uws-msgpack", "embedded"))).toEqual([]);
});

test("with plugins in the check, every plugin that would be refused is placed in the file", () => {
  const folder = pluginFolder();
  const config = { type: "object", properties: { port: { type: "integer" } } };
  writePlugin(folder, "good", { manifest: { config }, top: 'throw new Error("the code ran");' });
  const text = [
    "allocationInterval: 0ms",
    "plugins:",
    "  - plugin: ./good",
    "    config: { port: x }",
    "  - plugin: ./gone",
    "policy:",
    "  name: ./good",
    "",
  ].join("\n");
  const file = configFile(text, "master.yaml", folder);
  const { builtIn } = placesIn(folder);
  const problems = checkConfigFile(file, { plugins: { builtIn, master: {}, agent: {} } });
  expect(problemLines(file, problems).map((line) => line.split(" ").slice(0, 2).join(" "))).toEqual(
    [
      "1:21 CONFIG_BAD_VALUE",
      "3:5 PLUGIN_CONFIG_INVALID",
      "5:5 PLUGIN_NOT_FOUND",
      "7:3 PLUGIN_KIND_WRONG",
    ],
  );
});

test("a plugin that misses a port is told what is wrong with its own config, too", () => {
  const text =
    "plugins:\n  - plugin: mesos-v1-http\n    config: { heartbeetMs: 5 }\n" +
    "  - plugin: embedded\n    config: { nope: 1 }\n";
  const file = configFile(text);
  const plugins = { builtIn: builtInPlugins(), master: masterAdmission, agent: agentAdmission };
  const lines = problemLines(file, checkConfigFile(file, { kind: "master", plugins }));
  const codes = lines.map((line) => line.split(" ")[1]);
  expect(codes).toContain("PLUGIN_REQUIRES_UNKNOWN");
  expect(codes.filter((code) => code === "PLUGIN_CONFIG_INVALID")).toHaveLength(2);
});

test("of a field that is given twice it is said which of the two is checked", () => {
  const file = configFile("listen: { port: none }\nlisten: { port: x }\n");
  const [twice, ...others] = checkConfigFile(file, { kind: "master" });
  expect(twice).toMatchObject({
    code: "CONFIG_DUPLICATE_KEY",
    hint: expect.stringMatching(/only what the last of them holds is checked/),
  });
  expect(problemLines(file, others)).toEqual([expect.stringMatching(/^2:\d+ CONFIG_BAD_VALUE /)]);
});
