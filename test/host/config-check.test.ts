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
