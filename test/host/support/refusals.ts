import { mkdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { AdmissionOptions, PluginEntry } from "../../../kernel/host/candidate.ts";
import type { PluginText } from "./plugins.ts";

/** A mistake in plugins, and how admission answers it. */
export interface Refusal {
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

const half = { name: "a", index: 0, default: 1.5, whole: true, description: "a" };

/** Every way in which admission refuses a plugin. */
export const refusals: readonly Refusal[] = [
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
    what: "a default that is not whole where it must be",
    code: "PLUGIN_MANIFEST_INVALID",
    says: "must be a whole number",
    plugins: { p: { manifest: { ...policy, parameters: [half] } } },
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
    what: "a config schema that is itself without end",
    code: "PLUGIN_CONFIG_SCHEMA",
    says: "it refers to itself without end",
    plugins: { p: { manifest: { config: { $ref: "#" } } } },
  },
  {
    what: "a config schema whose defaults never end",
    code: "PLUGIN_CONFIG_SCHEMA",
    says: "it refers to itself without end",
    plugins: {
      p: { manifest: { config: { properties: { n: { default: {}, allOf: [{ $ref: "#" }] } } } } },
    },
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
