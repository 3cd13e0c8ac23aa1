import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { pluginConfig } from "../../kernel/host/plugin-config.ts";
import { CgroupsConfigSchema } from "../../plugins/isolators/cgroups/config.ts";
import { configOf } from "./cgroups/bench.ts";

const file = new URL("../../plugins/isolators/cgroups/plugin.json", import.meta.url);
const manifest = JSON.parse(readFileSync(file, "utf8"));

test("the config schema in the manifest is that of the code, with nothing required", () => {
  const { required, ...rest } = JSON.parse(JSON.stringify(CgroupsConfigSchema));
  expect(required.length).toBeGreaterThan(0);
  expect(manifest.config).toEqual(rest);
});

test("every field of the config says what it is for", () => {
  for (const [name, field] of Object.entries<{ description?: string }>(
    manifest.config.properties,
  )) {
    expect(field.description, name).toMatch(/\w.*\.$/);
  }
});

test("no config at all is filled in", () => {
  expect(pluginConfig("cgroups", manifest, undefined)).toEqual({
    root: "tepui",
    version: "auto",
    controllers: ["cpu", "memory", "pids", "cpuset", "io", "devices", "hugetlb", "freezer"],
    required: ["cpu", "memory"],
    enableAncestors: true,
    enableCfs: true,
    cpuBurst: 0,
    limitSwap: false,
    limitPollInterval: 1000,
    pidsMax: 4096,
    ioLimits: [],
    devices: [],
    hugetlb: {},
    destroyTimeout: 60_000,
  });
  expect(configOf()).toEqual(pluginConfig("cgroups", manifest, {}));
});

test.each([
  [{ root: "/tepui" }, "root"],
  [{ root: "a/../b" }, "root"],
  [{ root: "" }, "root"],
  [{ cpusetCpus: "0-" }, "cpusetCpus"],
  [{ devices: ["c 1:3 rr"] }, "devices"],
  [{ devices: ["c 1 r"] }, "devices"],
  [{ cpuBurst: 2 }, "cpuBurst"],
  [{ limitPollInterval: "1ms" }, "limitPollInterval"],
  [{ controllers: ["net_cls"] }, "controllers"],
  [{ enableCFS: true }, "enableCFS"],
])("%j is refused and named", (config, field) => {
  expect(() => pluginConfig("cgroups", manifest, config)).toThrowError(
    expect.objectContaining({
      code: "PLUGIN_CONFIG_INVALID",
      details: [expect.stringContaining(field)],
    }),
  );
});
