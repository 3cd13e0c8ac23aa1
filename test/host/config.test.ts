import { expect, test } from "vitest";
import type { MasterConfig } from "../../contract/config/master.ts";
import { checkRules, configKinds, loadConfig, readConfig } from "../../kernel/host/config.ts";
import { checkConfigFile } from "../../kernel/host/config-check.ts";
import { parseConfig } from "../../kernel/host/config-file.ts";
import { configFile, problemLines } from "./support/config-file.ts";

const { master, agent, local } = configKinds;

test("without any source, a config has all its defaults (A9, L)", () => {
  expect(loadConfig(master, {})).toMatchObject({
    listen: { host: "127.0.0.1", port: 5050 },
    insecureRemote: false,
    plugins: [{ plugin: "uws-msgpack" }, { plugin: "mesos-v1-http" }, { plugin: "embedded" }],
    policy: { name: "drf", config: {} },
    allocationInterval: 1000,
    minAllocatableResources: "cpus:0.01|mem:32",
    filterGpuResources: true,
    agentPingTimeout: 15_000,
    maxAgentPingTimeouts: 5,
    agentReregisterTimeout: 600_000,
    history: {
      maxCompletedFrameworks: 50,
      maxCompletedTasksPerFramework: 1000,
      maxUnreachableTasksPerFramework: 1000,
    },
    log: { level: "info" },
  });
  expect(loadConfig(master, {}).offerTimeout).toBeUndefined();
  expect(loadConfig(agent, {})).toMatchObject({
    master: "127.0.0.1:5050",
    listen: { port: 5051 },
    registrationBackoffFactor: 1000,
    executorRegistrationTimeout: 60_000,
    executorShutdownGracePeriod: 5000,
    recoveryTimeout: 900_000,
    statusUpdates: { retryMin: 10_000, retryMax: 600_000 },
    switchUser: true,
  });
  expect(loadConfig(local, {}).agent.master).toBe("127.0.0.1:5050");
  expect(loadConfig(local, {}).master.listen.port).toBe(5050);
});

const noSuchField =
  'CONFIG_UNKNOWN_FIELD /alocationInterval: there is no field "alocationInterval" here; ' +
  'did you mean "allocationInterval"?';
const jsonText = `{
  // the port that everyone knows
  "listen": { "port": "5050", },
  /* a typo,
     two lines */ "alocationInterval": "1secs",
\t"agentPingTimeout": "15 parsecs", // "quoted" /* not a comment
  "hostname": "http://not-a-comment",
  "history": { "maxCompletedFrameworks": -1 },
}`;
const yamlText = `# the port that everyone knows
listen:
  port: "5050"
alocationInterval: 1secs
agentPingTimeout: 15 parsecs
plugins:
  - plugin: drf
  - plugn: embedded
policy: [drf]
`;

test("all that is wrong with a JSON file is said at once, with line and column", () => {
  const file = configFile(jsonText, "master.json");
  expect(problemLines(file, checkConfigFile(file))).toEqual([
    '3:23 CONFIG_BAD_VALUE /listen/port: must be a whole number between 0 and 65535, got "5050"',
    `5:19 ${noSuchField}`,
    expect.stringMatching(
      /^6:22 CONFIG_BAD_VALUE \/agentPingTimeout: must be a duration .* "parsecs" is not a unit/,
    ),
    expect.stringMatching(
      /^8:42 CONFIG_BAD_VALUE .* must be a whole number of at least 0, got -1$/,
    ),
  ]);
});

test("all that is wrong with a YAML file is said at once, with line and column", () => {
  const file = configFile(yamlText);
  expect(problemLines(file, checkConfigFile(file))).toEqual([
    '3:9 CONFIG_BAD_VALUE /listen/port: must be a whole number between 0 and 65535, got "5050"',
    `4:1 ${noSuchField}`,
    expect.stringMatching(/^5:19 CONFIG_BAD_VALUE \/agentPingTimeout/),
    '8:5 CONFIG_MISSING_FIELD /plugins/1: must have the field "plugin" (text that is not empty)',
    expect.stringMatching(
      /^8:5 CONFIG_UNKNOWN_FIELD \/plugins\/1\/plugn: .* did you mean "plugin"\?$/,
    ),
    "9:9 CONFIG_BAD_VALUE /policy: must be an object, got a list",
  ]);
});

test("a name as Mesos spells it finds ours", () => {
  const file = configFile("max_agent_ping_timeouts: 3\noffer_timeout: 1mins\n");
  expect(checkConfigFile(file).map(({ hint }) => hint)).toEqual([
    'did you mean "maxAgentPingTimeouts"?',
    'did you mean "offerTimeout"?',
  ]);
});

test("text that cannot be read is a coded error with its place, in both syntaxes", () => {
  const rows: [name: string, text: string, code: string, place: string][] = [
    ["c.json", '{\n  "listen": {\n', "CONFIG_SYNTAX", ":3:1"],
    ["c.json", '{\n  "hostname": "a",\n  "hostname": "b"\n}', "CONFIG_DUPLICATE_KEY", ":3:3"],
    ["c.yaml", "hostname: a\nhostname: b\n", "CONFIG_DUPLICATE_KEY", ":2:1"],
    ["c.yaml", "listen:\n  port: 1\n port: 2\n", "CONFIG_SYNTAX", ":3:"],
    ["c.yaml", "listen: &a {}\nlog: *a\n", "CONFIG_SYNTAX", ":2:6"],
    ["c.yaml", "hostname: !!js/function x\n", "CONFIG_SYNTAX", ":1:11"],
    ["c.yaml", "- a\n- b\n", "CONFIG_BAD_VALUE", ":1:1"],
    ["c.yaml", "just words\n", "CONFIG_BAD_VALUE", ":1:1"],
  ];
  for (const [name, text, code, place] of rows) {
    const [problem] = checkConfigFile(configFile(text, name));
    expect(problem?.code, text).toBe(code);
    expect(problem?.where, text).toContain(`${name}${place}`);
  }
  const [gone] = checkConfigFile("/nowhere/c.yaml");
  expect(gone?.code).toBe("CONFIG_UNREADABLE");
});

test("an empty file is a config of defaults", () => {
  for (const text of ["", "# nothing\n", "{}", "---\n"]) {
    expect(checkConfigFile(configFile(text)), text).toEqual([]);
  }
});

test("a comment is blanked without moving anything, and text that looks like one stays", () => {
  const { value, problems, locate } = parseConfig(
    "c.json",
    '{ /* a */ "a": "//x", // "b": 1\n' +
      '\t"c": "/*", "d": [1, 2,], "e\\"": "\\\\", "f": "\\ud83d\\ude00" }',
  );
  expect(problems).toEqual([]);
  expect(value).toEqual({ a: "//x", c: "/*", d: [1, 2], 'e"': "\\", f: "😀" });
  expect(locate("/a", "key")).toEqual({ line: 1, column: 11 });
  expect(locate("/a", "value")).toEqual({ line: 1, column: 16 });
  expect(locate("/c", "value")).toEqual({ line: 2, column: 7 });
  expect(locate("/d/1", "value")).toEqual({ line: 2, column: 22 });
  expect(locate("/d/9/x", "value")).toEqual({ line: 2, column: 18 });
});

test("flags override variables, those the file, and that the defaults (A9)", () => {
  const file = configFile("allocationInterval: 3secs\nlisten: { port: 1 }\nhostname: from-file\n");
  const environment = {
    TEPUI_ALLOCATION_INTERVAL: "2s",
    TEPUI_LISTEN_PORT: "2",
    TEPUI_FILTER_GPU_RESOURCES: "no",
    TEPUI_WEIGHTS: '{"dev": 2.5}',
    TEPUI_NOT_A_SETTING: "ignored",
  };
  const config = loadConfig(master, { file, environment, flags: { "listen.port": "3" } });
  expect(config).toMatchObject({
    hostname: "from-file",
    allocationInterval: 2000,
    listen: { port: 3, host: "127.0.0.1" },
    filterGpuResources: false,
    weights: { dev: 2.5 },
  });
});

test("masters and resources as JSON come through the environment, text stays text", () => {
  const json = '[{"name":"cpus","type":"SCALAR","scalar":{"value":2}}]';
  const listed = loadConfig(agent, {
    environment: { TEPUI_MASTER: '["127.0.0.1:1","localhost:2"]', TEPUI_RESOURCES: json },
  });
  expect(listed.master).toEqual(["127.0.0.1:1", "localhost:2"]);
  expect(listed.resources).toEqual([{ name: "cpus", type: "SCALAR", scalar: { value: 2 } }]);
  const plain = loadConfig(agent, {
    environment: { TEPUI_MASTER: "[::1]:5050", TEPUI_RESOURCES: "ports:[1-2]" },
  });
  expect(plain).toMatchObject({ master: "[::1]:5050", resources: "ports:[1-2]" });
});

test("file:///path in a variable or flag stands for what is in the file (A9)", () => {
  const attributes = configFile("rack:r1;zone:west\n", "attributes");
  const config = loadConfig(agent, { flags: { attributes: `file://${attributes}` } });
  expect(config.attributes).toBe("rack:r1;zone:west");
  const { problems } = readConfig(agent, { flags: { attributes: "file:///nowhere/x" } });
  expect(problems.map(({ code, where }) => [code, where])).toEqual([
    ["CONFIG_BAD_VALUE", "--attributes"],
  ]);
});

test("a bad value from outside the file names the variable or flag that gave it", () => {
  const file = configFile("listen: { port: 1 }\n");
  const { problems } = readConfig(master, {
    file,
    environment: { TEPUI_ALLOCATION_INTERVAL: "soon" },
    flags: { "listen.port": "70000" },
  });
  expect(problems.map(({ where }) => where).sort()).toEqual([
    "--listen-port",
    "TEPUI_ALLOCATION_INTERVAL",
  ]);
});

test("durations outside their bounds are refused with the bound", () => {
  const rows: [text: string, message: string][] = [
    ["allocationInterval: 0ms", "must be at least 1ms"],
    ["allocationInterval: -1secs", "must be a duration"],
    ["allocationInterval: 15", 'must be a duration such as "15secs", got 15'],
    ['allocationInterval: "15"', "has no unit"],
  ];
  for (const [text, message] of rows) {
    expect(checkConfigFile(configFile(text))[0]?.message, text).toContain(message);
  }
  const tooLong = checkConfigFile(
    configFile("executorReregistrationTimeout: 16secs\nworkDir: w\n"),
  );
  expect(tooLong[0]?.message).toContain("must be at most 15secs");
});

test("loading throws the one problem itself, and several as one error that lists them", () => {
  const one = configFile("hostname: 3\n");
  expect(() => loadConfig(master, { file: one })).toThrow(
    expect.objectContaining({ code: "CONFIG_BAD_VALUE" }),
  );
  const two = configFile("hostname: 3\nnope: 1\n");
  expect(() => loadConfig(master, { file: two })).toThrow(
    expect.objectContaining({
      code: "CONFIG_INVALID",
      details: expect.objectContaining({ length: 2 }),
    }),
  );
});

test("listening to other machines needs authentication or an explicit flag", () => {
  const start = (host: string, insecureRemote = false) => {
    const { config } = readConfig(master, { flags: { insecureRemote: true, "listen.host": host } });
    checkRules(master, { ...(config as MasterConfig), insecureRemote });
  };
  for (const host of ["127.0.0.1", "127.1.2.3", "localhost", "::1", "[::1]"]) {
    expect(() => start(host), host).not.toThrow();
  }
  for (const host of [
    "0.0.0.0",
    "::",
    "10.0.0.1",
    "127.0.0.1.example.org",
    "localhost.example.org",
  ]) {
    expect(() => start(host), host).toThrow(
      expect.objectContaining({ code: "CONFIG_INSECURE_BIND", where: "/listen/host" }),
    );
    expect(() => start(host, true)).not.toThrow();
  }
});

test("fields that do not go together name what gave them, as other mistakes do", () => {
  const file = configFile("exec: { allow: secret }\n");
  const wheres = (flags: Readonly<Record<string, string>>, environment = {}) =>
    readConfig(configKinds.agent, { file, flags, environment }).problems.map(({ where }) => where);
  expect(wheres({})).toEqual([`${file}:1:16`]);
  expect(wheres({ "exec.allow": "secret" })).toEqual(["--exec-allow"]);
  expect(wheres({ "exec.secretFile": "/s" }, { TEPUI_LISTEN_HOST: "::" })).toEqual([
    "TEPUI_LISTEN_HOST",
  ]);
});

test("an agent that nobody but its machine reaches is refused a master elsewhere", () => {
  const codes = (flags: Readonly<Record<string, unknown>>) =>
    readConfig(configKinds.agent, { flags }).problems.map(({ code, where }) => `${code} ${where}`);
  const elsewhere = { master: "192.0.2.2:5050" };
  expect(codes(elsewhere)).toEqual([expect.stringMatching(/^CONFIG_UNREACHABLE_AGENT /)]);
  expect(codes({ master: ["127.0.0.1:5050", "wss://m.example:5050"] })).toHaveLength(1);
  expect(codes({ ...elsewhere, "listen.host": "::1" })).toHaveLength(1);
  for (const fine of [
    {},
    { master: "localhost:5050" },
    { master: "[::1]:5050" },
    { ...elsewhere, "listen.advertise": "192.0.2.3:5051" },
    { ...elsewhere, "listen.host": "192.0.2.3", insecureRemote: true },
  ]) {
    expect(codes(fine), JSON.stringify(fine)).toEqual([]);
  }
});
