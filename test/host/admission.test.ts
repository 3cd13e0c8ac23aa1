import { createHash } from "node:crypto";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { TepuiError } from "../../contract/errors.ts";
import { admitPlugins, examinePlugins } from "../../kernel/host/admission.ts";
import { placesIn, pluginFolder, writePlugin } from "./support/plugins.ts";
import { refusals } from "./support/refusals.ts";

const policy = { kind: "allocator", entry: "./index.js" };

/** The text of everything an error says. */
function spoken(error: TepuiError): string {
  return error.describe();
}

test.each(refusals)("admission refuses $what: $code", (refusal) => {
  const folder = pluginFolder();
  for (const [name, text] of Object.entries(refusal.plugins ?? {})) {
    // Reaching any code of a plugin would fail the test: admission comes before it.
    writePlugin(folder, name, { top: 'throw new Error("the code ran");', ...text });
  }
  refusal.spoil?.(folder);
  const entries =
    refusal.entries ?? Object.keys(refusal.plugins ?? {}).map((name) => ({ plugin: `./${name}` }));
  const options = { ...placesIn(folder), ...refusal.options };
  const { problems } = examinePlugins(entries, options);
  expect(problems.map(({ error }) => error.code)).toEqual([refusal.code]);
  expect(spoken(problems[0]?.error as TepuiError)).toContain(refusal.says);
  expect(() => admitPlugins(entries, options)).toThrow(TepuiError);
});

test("every plugin that is refused is reported, each with its first refusal", () => {
  const folder = pluginFolder();
  const entries = [
    writePlugin(folder, "a", { manifest: { contract: "7", digest: "0".repeat(64) } }),
    writePlugin(folder, "b"),
    writePlugin(folder, "c", { manifest: { digest: "0".repeat(64) } }),
  ].map((plugin) => ({ plugin }));
  const { problems, admitted } = examinePlugins(entries, placesIn(folder));
  expect(problems.map(({ index, error }) => [index, error.code])).toEqual([
    [0, "PLUGIN_CONTRACT_VERSION"],
    [2, "PLUGIN_DIGEST_MISMATCH"],
  ]);
  expect(admitted.map(({ name }) => name)).toEqual(["b"]);
});

test("an admitted plugin has its digest, and its config with defaults and units read", () => {
  const folder = pluginFolder();
  const config = {
    type: "object",
    properties: {
      port: { type: "integer", default: 5050 },
      idle: { type: "string", unit: "duration", default: "15secs" },
      buffer: { type: "string", unit: "bytes" },
    },
  };
  const parameters = [{ name: "alpha", index: 0, default: 0.5, description: "a" }];
  const plugin = writePlugin(folder, "p", { manifest: { ...policy, config, parameters } });
  const [admitted] = admitPlugins([{ plugin, config: { buffer: "64KB" } }], placesIn(folder));
  expect(admitted?.config).toEqual({ port: 5050, idle: 15_000, buffer: 65_536, alpha: 0.5 });
  expect(admitted?.digest).toBe(
    createHash("sha256")
      .update(admitted?.bytes ?? "")
      .digest("hex"),
  );
  const right = writePlugin(folder, "p", { manifest: { ...policy, digest: admitted?.digest } });
  expect(admitPlugins([{ plugin: right }], placesIn(folder))).toHaveLength(1);
});

test("only allocators say what they heed, and only what there is to heed", () => {
  const folder = pluginFolder();
  const problems = (manifest: Record<string, unknown>): readonly string[] => {
    const plugin = writePlugin(folder, "p", { manifest });
    const [found] = examinePlugins([{ plugin }], placesIn(folder)).problems;
    return found === undefined ? [] : [found.error.code, ...(found.error.details ?? [])];
  };
  const heeds = { dominantShares: true, guarantees: "held-back" };
  expect(problems({ ...policy, heeds })).toEqual([]);
  const code = "PLUGIN_MANIFEST_INVALID";
  const only = "/heeds: only allocators heed shares and guarantees";
  expect(problems({ heeds })).toEqual([code, only]);
  const unknown = { ...policy, heeds: { guarantees: "sometimes" } };
  expect(problems(unknown)).toEqual([code, expect.stringContaining("/heeds/guarantees")]);
});

test("one plugin may run twice under two names", () => {
  const folder = pluginFolder();
  const plugin = writePlugin(folder, "p", {
    manifest: { config: { $id: "urn:acme:p", type: "object" } },
  });
  const admitted = admitPlugins([{ plugin }, { plugin, as: "second" }], placesIn(folder));
  expect(admitted.map(({ name }) => name)).toEqual(["p", "second"]);
});

test("a plugin is found as path, built-in name, or npm package above the config file", () => {
  const folder = pluginFolder();
  writePlugin(join(folder, "built-in"), "drf");
  writePlugin(join(folder, "node_modules"), "drf", { manifest: { name: "impostor" } });
  writePlugin(join(folder, "node_modules"), "tepui-gpu");
  mkdirSync(join(folder, "node_modules", "@acme"));
  writePlugin(join(folder, "node_modules", "@acme"), "net");
  mkdirSync(join(folder, "etc"));
  const places = { from: join(folder, "etc"), builtIn: [join(folder, "built-in")] };
  const found = (plugin: string) => admitPlugins([{ plugin }], places)[0]?.name;
  expect(found("drf")).toBe("drf");
  expect(found("tepui-gpu")).toBe("tepui-gpu");
  expect(found("@acme/net")).toBe("net");
  expect(found("../node_modules/drf")).toBe("impostor");
  expect(() => found("dfr")).toThrow(expect.objectContaining({ hint: 'did you mean "drf"?' }));
});
