import { createHash } from "node:crypto";
import { mkdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { TepuiError } from "../../contract/errors.ts";
import { admitPlugins, examinePlugins } from "../../kernel/host/admission.ts";
import type { AdmissionOptions, PluginEntry } from "../../kernel/host/candidate.ts";
import { type PluginText, placesIn, pluginFolder, writePlugin } from "./support/plugins.ts";

interface Refusal {
  readonly what: string;
  readonly code: string;
  readonly says: string;
  /** Plugins to write, by name; all become entries, in this order. */
  readonly plugins?: Record<string, PluginText>;
  readonly entries?: readonly PluginEntry[];
  readonly options?: Partial<AdmissionOptions>;
  readonly spoil?: (folder: string) => void;
}

const wasm = new Uint8Array([0, 0x61, 0x73, 0x6d, 1, 0, 0, 0]);
const policy = { kind: "allocator", entry: "./index.js" };

const refusals: readonly Refusal[] = [
  {
    what: "a path with nothing there",
    code: "PLUGIN_NOT_FOUND",
    says: "no plugin",
    entries: [{ plugin: "./gone" }],
  },
  {
    what: "a name that climbs out",
    code: "PLUGIN_NOT_FOUND",
    says: "no plugin",
    entries: [{ plugin: "a/../../b" }],
  },
  {
    what: "a manifest that is no JSON",
    code: "PLUGIN_MANIFEST_UNREADABLE",
    says: "plugin.json",
    plugins: { p: {} },
    spoil: (folder) => writeFileSync(join(folder, "p", "plugin.json"), "{"),
  },
  {
    what: "a manifest without a version",
    code: "PLUGIN_MANIFEST_INVALID",
    says: '"version"',
    plugins: { p: { manifest: { version: undefined } } },
  },
  {
    what: "a version that is none",
    code: "PLUGIN_MANIFEST_INVALID",
    says: "/version",
    plugins: { p: { manifest: { version: "one" } } },
  },
  {
    what: "an unknown kind",
    code: "PLUGIN_MANIFEST_INVALID",
    says: 'did you mean "transport"?',
    plugins: { p: { manifest: { kind: "transprt" } } },
  },
  {
    what: "an unknown field",
    code: "PLUGIN_MANIFEST_INVALID",
    says: 'did you mean "requires"?',
    plugins: { p: { manifest: { require: [] } } },
  },
  {
    what: "an entry above its folder",
    code: "PLUGIN_MANIFEST_INVALID",
    says: "/entry",
    plugins: { p: { manifest: { entry: "../p/index.js" } } },
  },
  {
    what: "an entry with dots inside",
    code: "PLUGIN_MANIFEST_INVALID",
    says: "/entry",
    plugins: { p: { manifest: { entry: "./a/../../p/index.js" } } },
  },
  {
    what: "an absolute entry",
    code: "PLUGIN_MANIFEST_INVALID",
    says: "/entry",
    plugins: { p: { manifest: { entry: "/p/index.js" } } },
  },
  {
    what: "an entry of another language",
    code: "PLUGIN_MANIFEST_INVALID",
    says: "/entry",
    plugins: { p: { manifest: { entry: "./index.py" } } },
  },
  {
    what: "a transport in WebAssembly",
    code: "PLUGIN_MANIFEST_INVALID",
    says: "only allocators",
    plugins: { p: { manifest: { entry: "./p.wasm" } } },
  },
  {
    what: "two parameters in one slot",
    code: "PLUGIN_MANIFEST_INVALID",
    says: "/parameters/1",
    plugins: {
      p: {
        manifest: {
          ...policy,
          parameters: [
            { name: "a", index: 0, default: 1, description: "a" },
            { name: "b", index: 0, default: 1, description: "b" },
          ],
        },
      },
    },
  },
  {
    what: "a default out of its own bounds",
    code: "PLUGIN_MANIFEST_INVALID",
    says: "between min and max",
    plugins: {
      p: {
        manifest: {
          ...policy,
          parameters: [{ name: "a", index: 0, default: 3, max: 2, description: "a" }],
        },
      },
    },
  },
  {
    what: "a kind without use here",
    code: "PLUGIN_KIND_WRONG",
    says: "isolator",
    plugins: { p: {} },
    options: { kinds: ["isolator"] },
  },
  {
    what: "a later contract",
    code: "PLUGIN_CONTRACT_VERSION",
    says: "speaks contract 2",
    plugins: { p: { manifest: { contract: "2" } } },
  },
  {
    what: "a later minor of the contract",
    code: "PLUGIN_CONTRACT_VERSION",
    says: "1.9",
    plugins: { p: { manifest: { contract: "1.9" } } },
  },
  {
    what: "a name taken",
    code: "PLUGIN_NAME_TAKEN",
    says: "two plugins",
    plugins: { p: {}, q: { manifest: { name: "p" } } },
  },
  {
    what: "a port that nothing offers",
    code: "PLUGIN_REQUIRES_UNKNOWN",
    says: 'did you mean "registry"?',
    plugins: { p: { manifest: { requires: ["registy"] } } },
    options: { provided: ["registry"] },
  },
  {
    what: "a circle of two",
    code: "PLUGIN_CYCLE",
    says: "p → q → p",
    plugins: { p: { manifest: { requires: ["q"] } }, q: { manifest: { requires: ["p"] } } },
  },
  {
    what: "a plugin that requires itself",
    code: "PLUGIN_CYCLE",
    says: "p → p",
    plugins: { p: { manifest: { requires: ["p"] } } },
  },
  {
    what: "a circle through an optional port",
    code: "PLUGIN_CYCLE",
    says: "p → q → p",
    plugins: { p: { manifest: { optional: ["q"] } }, q: { manifest: { requires: ["p"] } } },
  },
  {
    what: "a digest of other bytes",
    code: "PLUGIN_DIGEST_MISMATCH",
    says: "sha256",
    plugins: { p: { manifest: { digest: "0".repeat(64) } } },
  },
  {
    what: "an entry that is not there",
    code: "PLUGIN_ENTRY_MISSING",
    says: "./gone.js",
    plugins: { p: { manifest: { entry: "./gone.js" } } },
  },
  {
    what: "an entry that is a folder",
    code: "PLUGIN_ENTRY_MISSING",
    says: "dir.js",
    plugins: { p: { manifest: { entry: "./dir.js" } } },
    spoil: (folder) => mkdirSync(join(folder, "p", "dir.js")),
  },
  {
    what: "a companion that is not there",
    code: "PLUGIN_ENTRY_MISSING",
    says: "beside.js",
    plugins: {
      p: { manifest: { kind: "allocator", entry: "./p.wasm", companion: "./beside.js" } },
    },
    spoil: (folder) => writeFileSync(join(folder, "p", "p.wasm"), wasm),
  },
  {
    what: "an entry that is a link out of its folder",
    code: "PLUGIN_ENTRY_OUTSIDE",
    says: "out of its folder",
    plugins: { p: {} },
    spoil: (folder) => {
      writeFileSync(join(folder, "secret.js"), "");
      rmSync(join(folder, "p", "index.js"));
      symlinkSync("../secret.js", join(folder, "p", "index.js"));
    },
  },
  {
    what: "a .wasm that is not WebAssembly",
    code: "PLUGIN_SHAPE",
    says: "not WebAssembly",
    plugins: { p: { manifest: { kind: "allocator", entry: "./p.wasm" } } },
    spoil: (folder) => writeFileSync(join(folder, "p", "p.wasm"), "text"),
  },
  {
    what: "a shape that the port's owner refuses",
    code: "PLUGIN_SHAPE",
    says: "imports env.now",
    plugins: { p: { manifest: { kind: "allocator", entry: "./p.wasm" } } },
    spoil: (folder) => writeFileSync(join(folder, "p", "p.wasm"), wasm),
    options: {
      shapes: { allocator: (bytes) => (bytes.length === 8 ? "it imports env.now" : undefined) },
    },
  },
  {
    what: "a config schema that is none",
    code: "PLUGIN_CONFIG_SCHEMA",
    says: "type",
    plugins: { p: { manifest: { config: { type: "strang" } } } },
  },
  {
    what: "a config for a plugin that takes none",
    code: "PLUGIN_CONFIG_INVALID",
    says: "/port",
    plugins: { p: {} },
    entries: [{ plugin: "./p", config: { port: 1 } }],
  },
  {
    what: "a config of the wrong type",
    code: "PLUGIN_CONFIG_INVALID",
    says: "/port: must be a whole number",
    plugins: {
      p: { manifest: { config: { type: "object", properties: { port: { type: "integer" } } } } },
    },
    entries: [{ plugin: "./p", config: { port: "x" } }],
  },
  {
    what: "a parameter out of bounds",
    code: "PLUGIN_CONFIG_INVALID",
    says: "/alpha: must be a number of at most 2",
    plugins: {
      p: {
        manifest: {
          ...policy,
          parameters: [{ name: "alpha", index: 0, default: 1, max: 2, description: "a" }],
        },
      },
    },
    entries: [{ plugin: "./p", config: { alpha: 3 } }],
  },
];

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

test("one plugin may run twice under two names", () => {
  const folder = pluginFolder();
  const plugin = writePlugin(folder, "p");
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
