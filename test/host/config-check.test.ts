import { expect, test } from "vitest";
import { checkConfigFile } from "../../kernel/host/config-check.ts";
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
  const problems = checkConfigFile(file, { plugins: { builtIn: placesIn(folder).builtIn } });
  expect(problemLines(file, problems).map((line) => line.split(" ").slice(0, 2).join(" "))).toEqual(
    [
      "1:21 CONFIG_BAD_VALUE",
      "3:5 PLUGIN_CONFIG_INVALID",
      "5:5 PLUGIN_NOT_FOUND",
      "7:3 PLUGIN_KIND_WRONG",
    ],
  );
});
