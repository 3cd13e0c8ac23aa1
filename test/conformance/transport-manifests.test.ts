import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { compileJsonSchema } from "../../contract/check.ts";
import { MemoryConfig } from "../../plugins/transports/memory/index.ts";
import { MesosConfig } from "../../plugins/transports/mesos-v1-http/config.ts";
import { UwsConfig } from "../../plugins/transports/uws-msgpack/config.ts";

function manifestOf(name: string): { config: Record<string, unknown>; offers: string[] } {
  const file = new URL(`../../plugins/transports/${name}/plugin.json`, import.meta.url);
  return JSON.parse(readFileSync(file, "utf8"));
}

test.each([
  ["uws-msgpack", UwsConfig],
  ["memory", MemoryConfig],
  ["mesos-v1-http", MesosConfig],
])(
  "the config schema in the manifest of %s is that of its code, with nothing required",
  (name, schema) => {
    const { required, ...rest } = structuredClone(schema) as unknown as Record<string, unknown>;
    expect(required).toBeDefined();
    expect(manifestOf(name).config).toEqual(rest);
  },
);

test("an empty config of uws-msgpack is filled in with loopback and the Mesos port", () => {
  const checked = compileJsonSchema(manifestOf("uws-msgpack").config, "config").check({});
  expect(checked.ok && checked.value).toMatchObject({ host: "127.0.0.1", port: 5050 });
});
