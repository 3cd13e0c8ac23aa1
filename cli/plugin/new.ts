import { basename, relative } from "node:path";
import { Argument, type Command, Option } from "commander";
import { errors } from "../../contract/errors.ts";
import { builtInNames } from "../../kernel/host/find.ts";
import { builtInPlugins } from "../built-in-plugins.ts";
import { type CliContext, type CommonOptions, plainCommand } from "../context.ts";

const kinds = ["allocator", "isolator", "transport", "coordinator"] as const;
const languages = ["assemblyscript", "c", "rust"] as const;
type Kind = (typeof kinds)[number];
type Language = (typeof languages)[number];

interface NewOptions extends CommonOptions {
  readonly lang?: Language;
}

/** `tepui plugin new KIND NAME [DIR]`: writes a project that builds and passes its tests. */
export function newCommand(context: CliContext): Command {
  return plainCommand("new", "Write the project of a new plugin: it builds, and passes its tests")
    .addArgument(new Argument("<kind>", "what it is").choices(kinds))
    .argument("<name>", "its name: small letters, digits and dashes")
    .argument("[dir]", "the folder to make; default: one of its name, here")
    .addOption(
      new Option("--lang <language>", "of an allocator; default: assemblyscript").choices(
        languages,
      ),
    )
    .action((kind: Kind, name: string, dir: string | undefined, options: NewOptions) =>
      make(context, kind, name, dir ?? name, options),
    );
}

async function make(
  { output }: CliContext,
  kind: Kind,
  name: string,
  folder: string,
  options: NewOptions,
): Promise<void> {
  if (options.lang !== undefined && kind !== "allocator") {
    throw errors.CLI_USAGE(`--lang is for allocators; every ${kind} is TypeScript`);
  }
  const { newProject } = await import("../../authoring/index.ts");
  const language = options.lang ?? "assemblyscript";
  const takenNames = builtInNames({ from: "", builtIn: builtInPlugins() });
  const files = newProject({ kind, language, name, folder, takenNames });
  if (output.format === "json") {
    output.json({ name, kind, ...(kind === "allocator" ? { language } : {}), folder, files });
    return;
  }
  for (const file of files) output.line(`${relative("", folder) || basename(folder)}/${file}`);
  output.note(`\nNext: read ${folder}/README.md`);
}
