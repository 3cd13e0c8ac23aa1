import { type PluginText, telling } from "./plugins.ts";

/** Code that never goes on. */
export const hang = "await new Promise(() => {});";
/** Writes down that it has come to a point where it will never go on. */
export const hangTold = `globalThis.tepuiHappened.push("hang"); ${hang}`;

/** What is wrong with a plugin, how its start is refused, and what happened to it until then. */
export interface Failure {
  readonly what: string;
  readonly code: string;
  readonly says: string;
  readonly b: PluginText;
  readonly own?: string[];
}

/** Plugins that cannot be started. */
export const failures: readonly Failure[] = [
  {
    what: "throws when it is loaded",
    code: "PLUGIN_IMPORT_FAILED",
    says: "bad day",
    b: { top: 'throw new Error("bad day");' },
  },
  { what: "does not parse", code: "PLUGIN_IMPORT_FAILED", says: "loading it", b: { top: "%%" } },
  {
    what: "exports no create",
    code: "PLUGIN_IMPORT_FAILED",
    says: "create",
    b: { entry: "export const x = 1;" },
  },
  {
    what: "hangs when it is loaded",
    code: "PLUGIN_START_TIMEOUT",
    says: "loading it",
    b: { top: hangTold },
  },
  {
    what: "throws in create",
    code: "PLUGIN_CREATE_FAILED",
    says: "bad day",
    b: { create: 'throw new Error("bad day");' },
  },
  {
    what: "rejects in create",
    code: "PLUGIN_CREATE_FAILED",
    says: "bad day",
    b: { create: 'return Promise.reject("bad day");' },
  },
  {
    what: "hangs in create",
    code: "PLUGIN_START_TIMEOUT",
    says: "create()",
    b: { create: `return (async () => { ${hangTold} })();` },
  },
  { what: "returns nothing", code: "PLUGIN_PORTS_WRONG", says: "no instance", b: { create: "" } },
  {
    what: "lacks a port",
    code: "PLUGIN_PORTS_WRONG",
    says: '"b" is missing',
    b: { create: "return { ports: {} };" },
  },
  {
    what: "has a port too many",
    code: "PLUGIN_PORTS_WRONG",
    says: '"z" is not',
    b: { create: "return { ports: { b: 1, z: 2 } };" },
  },
  {
    what: "throws when its ports are asked for",
    code: "PLUGIN_PORTS_WRONG",
    says: "reading them failed: bad day",
    b: { create: 'return { get ports() { throw new Error("bad day"); } };' },
  },
  {
    what: "throws when one of its ports is read",
    code: "PLUGIN_PORTS_WRONG",
    says: "bad day",
    b: { create: 'return { ports: { get b() { throw new Error("bad day"); } } };' },
  },
  {
    what: "throws when its start is looked up",
    code: "PLUGIN_START_FAILED",
    says: "bad day",
    b: { create: 'return { ports: { b: 1 }, get start() { throw new Error("bad day"); } };' },
  },
  {
    what: "throws what has no text",
    code: "PLUGIN_CREATE_FAILED",
    says: "no text",
    b: { create: "throw Object.create(null);" },
  },
  {
    what: "throws what throws when it is read",
    code: "PLUGIN_CREATE_FAILED",
    says: "no text",
    b: { create: 'throw { get [Symbol.toPrimitive]() { throw new Error("again"); } };' },
  },
  {
    what: "throws in start",
    code: "PLUGIN_START_FAILED",
    says: "bad day",
    b: { create: telling("b", ["b"], 'throw new Error("bad day");') },
    own: ["create b", "start b", "stop b"],
  },
  {
    what: "hangs in start",
    code: "PLUGIN_START_TIMEOUT",
    says: "start()",
    b: { create: telling("b", ["b"], hangTold) },
    own: ["create b", "start b", "stop b"],
  },
  {
    what: "throws in start and again in stop",
    code: "PLUGIN_START_FAILED",
    says: "bad day",
    b: { create: telling("b", ["b"], 'throw new Error("bad day");', "throw 1;") },
    own: ["create b", "start b", "stop b"],
  },
  {
    what: "uses a port it does not require",
    code: "PLUGIN_CREATE_FAILED",
    says: "PORT_NOT_DECLARED",
    b: { create: 'context.use({ name: "c" });' },
  },
];
