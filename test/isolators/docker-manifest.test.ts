import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { pluginConfig } from "../../kernel/host/plugin-config.ts";
import { DockerConfigSchema } from "../../plugins/isolators/docker/config.ts";

const file = new URL("../../plugins/isolators/docker/plugin.json", import.meta.url);
const manifest = JSON.parse(readFileSync(file, "utf8"));

test("the config schema in the manifest is that of the code, with nothing required", () => {
  const { required, ...rest } = JSON.parse(JSON.stringify(DockerConfigSchema));
  expect(required.length).toBeGreaterThan(0);
  expect(manifest.config).toEqual(rest);
});

test("no config at all is filled in", () => {
  expect(pluginConfig("docker", manifest, undefined)).toEqual({
    socket: "/var/run/docker.sock",
    allowPrivileged: false,
    allowedHostPaths: [],
    pullTimeout: 600_000,
    engineTimeout: 60_000,
    callTimeout: 120_000,
    stopTimeout: 0,
    removeDelay: 0,
    killOrphans: true,
    enableCfs: true,
    pidsMax: 4096,
    logSizeMax: 4 * 2 ** 30,
    init: false,
  });
});

test.each([
  [{ socket: "docker.sock" }, "socket"],
  [{ scope: "a b" }, "scope"],
  [{ allowedHostPaths: ["data"] }, "allowedHostPaths"],
  [{ pullTimeout: "0secs" }, "pullTimeout"],
  [{ dockerKillOrphans: true }, "dockerKillOrphans"],
])("%j is refused and named", (config, field) => {
  expect(() => pluginConfig("docker", manifest, config)).toThrowError(
    expect.objectContaining({
      code: "PLUGIN_CONFIG_INVALID",
      details: [expect.stringContaining(field)],
    }),
  );
});
