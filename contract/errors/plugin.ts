import { type FaultTable, fault } from "./fault.ts";

const at = (plugin: string): string => `plugin ${plugin}`;

/** Refusals of the plugin host, in the order in which they can occur. */
export const pluginErrors = {
  PLUGIN_NOT_FOUND: (plugin: string, tried: readonly string[], hint?: string) =>
    fault("PLUGIN_NOT_FOUND", 404, `there is no plugin "${plugin}"`, {
      where: at(plugin),
      details: tried.map((place) => `looked in ${place}`),
      hint: hint ?? "give a folder with a plugin.json, an npm package, or a built-in name",
    }),
  PLUGIN_MANIFEST_UNREADABLE: (plugin: string, reason: string, place?: string) =>
    fault("PLUGIN_MANIFEST_UNREADABLE", 400, `cannot read its plugin.json: ${reason}`, {
      where: place ?? at(plugin),
    }),
  PLUGIN_MANIFEST_INVALID: (plugin: string, problems: readonly string[]) =>
    fault(
      "PLUGIN_MANIFEST_INVALID",
      400,
      "its plugin.json does not fit plugin-manifest.schema.json",
      {
        where: at(plugin),
        details: problems,
      },
    ),
  PLUGIN_KIND_WRONG: (plugin: string, kind: string, wanted: readonly string[]) =>
    fault("PLUGIN_KIND_WRONG", 400, `it is of kind "${kind}", which is not used here`, {
      where: at(plugin),
      hint: `kinds used here: ${wanted.join(", ")}`,
    }),
  PLUGIN_CONTRACT_VERSION: (plugin: string, range: string, ours: string) =>
    fault(
      "PLUGIN_CONTRACT_VERSION",
      400,
      `it speaks contract ${range}, and this is contract ${ours}`,
      {
        where: at(plugin),
        hint: "install the version of the plugin that was made for this version of Tepui",
      },
    ),
  PLUGIN_NAME_TAKEN: (plugin: string, first: string, second: string) =>
    fault("PLUGIN_NAME_TAKEN", 409, `two plugins are called "${plugin}": ${first} and ${second}`, {
      where: at(plugin),
      hint: 'remove one, or give one another name with "as"',
    }),
  PLUGIN_REQUIRES_UNKNOWN: (plugin: string, port: string, hint?: string) =>
    fault("PLUGIN_REQUIRES_UNKNOWN", 400, `it requires "${port}", which nothing offers`, {
      where: at(plugin),
      hint,
    }),
  PLUGIN_CYCLE: (names: readonly string[]) =>
    fault("PLUGIN_CYCLE", 400, `plugins require each other in a circle: ${names.join(" → ")}`, {
      where: at(names[0] ?? ""),
    }),
  PLUGIN_DIGEST_MISMATCH: (plugin: string, wanted: string, found: string) =>
    fault(
      "PLUGIN_DIGEST_MISMATCH",
      400,
      `its entry has sha256 ${found}, and the manifest says ${wanted}`,
      {
        where: at(plugin),
        hint: "the file was changed after it was packed; pack it again or install it again",
      },
    ),
  PLUGIN_ENTRY_MISSING: (plugin: string, file: string) =>
    fault("PLUGIN_ENTRY_MISSING", 400, `its file ${file} is not there or cannot be read`, {
      where: at(plugin),
    }),
  PLUGIN_ENTRY_OUTSIDE: (plugin: string, file: string) =>
    fault("PLUGIN_ENTRY_OUTSIDE", 400, `its file ${file} leads out of its folder`, {
      where: at(plugin),
    }),
  PLUGIN_SHAPE: (plugin: string, reason: string) =>
    fault("PLUGIN_SHAPE", 400, `its entry has the wrong shape: ${reason}`, { where: at(plugin) }),
  PLUGIN_CONFIG_SCHEMA: (plugin: string, reason: string) =>
    fault("PLUGIN_CONFIG_SCHEMA", 400, `the config schema in its manifest is not one: ${reason}`, {
      where: at(plugin),
    }),
  PLUGIN_CONFIG_INVALID: (plugin: string, problems: readonly string[]) =>
    fault("PLUGIN_CONFIG_INVALID", 400, "its config does not fit its own schema", {
      where: at(plugin),
      details: problems,
    }),
  PLUGIN_IMPORT_FAILED: (plugin: string, reason: string, cause?: unknown) =>
    fault("PLUGIN_IMPORT_FAILED", 500, `loading it failed: ${reason}`, {
      where: at(plugin),
      cause,
    }),
  PLUGIN_CREATE_FAILED: (plugin: string, reason: string, cause?: unknown) =>
    fault("PLUGIN_CREATE_FAILED", 500, `create() failed: ${reason}`, { where: at(plugin), cause }),
  PLUGIN_PORTS_WRONG: (plugin: string, reason: string) =>
    fault(
      "PLUGIN_PORTS_WRONG",
      500,
      `create() returned other ports than its manifest offers: ${reason}`,
      {
        where: at(plugin),
      },
    ),
  PLUGIN_START_FAILED: (plugin: string, reason: string, cause?: unknown) =>
    fault("PLUGIN_START_FAILED", 500, `start() failed: ${reason}`, { where: at(plugin), cause }),
  PLUGIN_START_TIMEOUT: (plugin: string, phase: string, deadlineMs: number) =>
    fault(
      "PLUGIN_START_TIMEOUT",
      504,
      `${phase} took longer than its deadline of ${deadlineMs} ms`,
      {
        where: at(plugin),
        hint: "raise startTimeout for this plugin if it is slow for a good reason",
      },
    ),
  PLUGIN_HOST_STOPPING: (plugin: string) =>
    fault("PLUGIN_HOST_STOPPING", 503, "all plugins are being stopped, so it is not started", {
      where: at(plugin),
    }),
  PLUGIN_STOP_FAILED: (plugin: string, reason: string, cause?: unknown) =>
    fault("PLUGIN_STOP_FAILED", 500, `stop() failed: ${reason}`, { where: at(plugin), cause }),
  PLUGIN_STOP_TIMEOUT: (plugin: string, deadlineMs: number) =>
    fault(
      "PLUGIN_STOP_TIMEOUT",
      504,
      `stop() took longer than ${deadlineMs} ms and was left behind`,
      {
        where: at(plugin),
      },
    ),
  PORT_NOT_DECLARED: (plugin: string, port: string) =>
    fault("PORT_NOT_DECLARED", 500, `it used "${port}" without requiring it in its manifest`, {
      where: at(plugin),
      hint: `add "${port}" to requires, or to optional`,
    }),
  PORT_MISSING: (
    port: string,
    needed?: { readonly by: string; readonly feature?: string; readonly usual: string },
  ) => {
    if (needed === undefined) {
      return fault("PORT_MISSING", 404, `no plugin offers "${port}"`, {
        where: `port ${port}`,
        hint: "add a plugin that offers it to plugins in the config file",
      });
    }
    const { by, feature, usual } = needed;
    const able = feature === undefined ? "" : ` with the feature "${feature}"`;
    return fault("PORT_MISSING", 404, `no plugin offers "${port}"${able}, and ${by} needs one`, {
      where: `port ${port}`,
      hint: `add "${usual}" to plugins, or another that does: a list replaces the default`,
    });
  },
  PORT_AMBIGUOUS: (port: string, plugins: readonly string[]) =>
    fault("PORT_AMBIGUOUS", 409, `more than one plugin offers "${port}": ${plugins.join(", ")}`, {
      where: `port ${port}`,
      hint: "configure one of them",
    }),
} satisfies FaultTable;
