import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { PluginPlaces } from "../../../kernel/host/find.ts";
import { temporaryFolder } from "../../support/temporary.ts";

/** What a test says of a plugin; the rest is that of a good one. */
export interface PluginText {
  /** Fields that differ from those of a good manifest; `undefined` leaves a field out. */
  readonly manifest?: Record<string, unknown>;
  /** The body of `create(context)`. */
  readonly create?: string;
  /** Text before `create`, which runs when the module is loaded. */
  readonly top?: string;
  /** The entry file as it is, instead of a module. */
  readonly entry?: Uint8Array | string;
}

/** An empty folder for the plugins of one test. */
export function pluginFolder(): string {
  return temporaryFolder("tepui-host-");
}

/** Where plugins of `folder` are found, and nothing else. */
export function placesIn(folder: string): PluginPlaces {
  return { from: folder, builtIn: [join(folder, "built-in")] };
}

/** Writes a plugin below a folder and returns its path as a config file would give it. */
export function writePlugin(folder: string, name: string, text: PluginText = {}): string {
  const own = join(folder, name);
  mkdirSync(own, { recursive: true });
  const manifest = {
    name,
    version: "1.0.0",
    kind: "transport",
    contract: "1",
    entry: "./index.js",
    offers: [name],
    ...text.manifest,
  };
  writeFileSync(join(own, "plugin.json"), JSON.stringify(manifest));
  writeFileSync(join(own, "package.json"), '{"type":"module"}');
  const create = text.create ?? `return { ports: { "${name}": "port of ${name}" } };`;
  const module = `${text.top ?? ""}\nexport function create(context) { ${create} }\n`;
  writeFileSync(join(own, "index.js"), text.entry ?? module);
  return `./${name}`;
}

/** Where plugins of these tests write down what happened to them, in its order. */
export const happened: string[] = [];

/**
 * Code of a plugin that writes down its life under its name.
 * `start` and `stop` are code run after writing it down.
 */
export function telling(name: string, ports: readonly string[], start = "", stop = ""): string {
  (globalThis as { tepuiHappened?: string[] }).tepuiHappened = happened;
  const served = ports.map((port) => `"${port}": "${port} of ${name}"`).join(", ");
  return `
    const tell = (what) => globalThis.tepuiHappened.push(what + " ${name}");
    tell("create");
    return {
      ports: { ${served} },
      async start(signal) { tell("start"); ${start} },
      async stop() { tell("stop"); ${stop} },
    };`;
}
