import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import { Command } from "commander";
import type { PluginManifest } from "../../contract/ports/plugin.ts";
import { examinePlugins } from "../../kernel/host/admission.ts";
import { findPlugin, MANIFEST_FILE } from "../../kernel/host/find.ts";
import { readManifest } from "../../kernel/host/manifest.ts";
import { builtInPlugins } from "../built-in-plugins.ts";
import { type CliCommand, type CliContext, type CommonOptions, plainCommand } from "../context.ts";
import { objectOption } from "../object-option.ts";
import { benchCommand } from "../plugin/bench.ts";
import { newCommand } from "../plugin/new.ts";
import { packCommand } from "../plugin/pack.ts";
import { testCommand } from "../plugin/test.ts";

interface ValidateOptions extends CommonOptions {
  readonly config?: object;
}

/** `tepui plugin …`: what authors and operators of plugins need. */
export const pluginCommand: CliCommand = {
  name: "plugin",
  build: (context: CliContext) =>
    new Command("plugin")
      .description("Make, try and look at plugins.")
      .addCommand(newCommand(context))
      .addCommand(testCommand(context))
      .addCommand(benchCommand(context))
      .addCommand(packCommand(context))
      .addCommand(
        plainCommand("validate", "Say whether a plugin would be admitted; runs none of its code")
          .argument("<plugin>", "the folder of its plugin.json, or its name as in a config file")
          .option("--config <json>", "a config for it, as JSON or YAML", objectOption)
          .action((plugin: string, options: ValidateOptions) => validate(context, plugin, options)),
      ),
};

async function validate(
  context: CliContext,
  plugin: string,
  options: ValidateOptions,
): Promise<void> {
  const { masterAdmission } = await import("../../kernel/main.ts");
  const place = folderOf(plugin);
  const manifest = readManifest(place);
  const entry = { plugin: place, config: options.config ?? {} };
  const { admitted, problems } = examinePlugins([entry], {
    from: process.cwd(),
    builtIn: builtInPlugins(),
    // Whether another plugin offers what it requires is the business of a config file.
    provided: manifest.requires ?? [],
    shapes: masterAdmission.shapes,
  });
  const [problem] = problems;
  // Fields that a config must have are no fault of the plugin where no config was given.
  const isOnlyConfig = problem?.error.code === "PLUGIN_CONFIG_INVALID";
  if (problem !== undefined && !(isOnlyConfig && options.config === undefined)) throw problem.error;
  print(context, place, manifest, admitted[0]?.digest);
}

/**
 * The folder that is meant: a name means what it means in a config file, and otherwise the folder
 * of that name, if there is one.
 */
function folderOf(plugin: string): string {
  try {
    return findPlugin(plugin, { from: process.cwd(), builtIn: builtInPlugins() });
  } catch (thrown) {
    const own = resolve(plugin);
    if (existsSync(join(own, MANIFEST_FILE))) return own;
    throw thrown;
  }
}

function print(
  { output }: CliContext,
  folder: string,
  manifest: PluginManifest,
  digest: string | undefined,
): void {
  const { name, version, kind, contract, requires = [], offers } = manifest;
  if (output.format === "json") {
    const facts = { name, version, kind, contract, folder, offers, requires };
    output.json({ ok: true, ...facts, ...(digest === undefined ? {} : { digest }) });
    return;
  }
  output.line(`${name} ${version} (${kind}) would be admitted`);
  output.line(`  offers    ${offers.join(", ") || "-"}`);
  output.line(`  requires  ${requires.join(", ") || "-"}`);
  if (digest !== undefined) output.line(`  sha256    ${digest}`);
}
