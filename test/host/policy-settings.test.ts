import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import type { PluginManifest } from "../../contract/ports/plugin.ts";
import { pluginConfig } from "../../kernel/host/plugin-config.ts";

const folder = new URL("../../plugins/allocators/", import.meta.url);
const manifests = readdirSync(folder).map(
  (name) =>
    JSON.parse(readFileSync(new URL(`${name}/plugin.json`, folder), "utf8")) as PluginManifest,
);
const parameters = manifests.flatMap((manifest) =>
  (manifest.parameters ?? []).map((parameter) => ({ manifest, ...parameter })),
);
/** The settings that mean something between two whole numbers, too. */
const fractional = ["capacity.userLimit", "quincy.rackTransferCost", "quincy.coreTransferCost"];

describe("the settings of the policies that ship", () => {
  test("are those of seven policies", () => {
    expect(manifests).toHaveLength(7);
    expect(parameters.length).toBeGreaterThan(15);
  });

  test.each(parameters)("$manifest.name.$name is whole, or may be a fraction", (parameter) => {
    const { manifest, name, min = 0 } = parameter;
    const give = (value: number) => pluginConfig(manifest.name, manifest, { [name]: value });
    expect(give(min)).toMatchObject({ [name]: min });
    if (fractional.includes(`${manifest.name}.${name}`)) {
      expect(give(min + 0.5)).toMatchObject({ [name]: min + 0.5 });
      return;
    }
    expect(() => give(min + 0.5)).toThrow(
      expect.objectContaining({
        code: "PLUGIN_CONFIG_INVALID",
        details: [expect.stringContaining(`/${name}: must be a whole number`)],
      }),
    );
  });
});
