import { Command, Option } from "commander";
import { checkConfigFile } from "../../kernel/host/config-check.ts";
import { builtInPlugins } from "../built-in-plugins.ts";
import { type CliCommand, type CliContext, type CommonOptions, plainCommand } from "../context.ts";
import { exitCodes } from "../exit-codes.ts";

interface CheckOptions extends CommonOptions {
  readonly kind?: "master" | "agent" | "local";
}

/** `tepui config check FILE`: all that is wrong with a config file at once. */
export const configCommand: CliCommand = {
  name: "config",
  build: (context: CliContext) =>
    new Command("config").description("Look at config files.").addCommand(
      plainCommand("check", "Say all that is wrong with a config file, with line and column")
        .argument("<file>", "JSON with comments, or YAML")
        .addOption(
          new Option(
            "--kind <kind>",
            "which config it is; default: its fields and plugins tell",
          ).choices(["master", "agent", "local"]),
        )
        .action((file: string, options: CheckOptions) => check(context, file, options)),
    ),
};

async function check(context: CliContext, file: string, options: CheckOptions): Promise<void> {
  const { masterAdmission: master } = await import("../../kernel/main.ts");
  const { agentAdmission: agent } = await import("../../agent/main.ts");
  const { output } = context;
  const problems = checkConfigFile(file, {
    ...(options.kind === undefined ? {} : { kind: options.kind }),
    plugins: { builtIn: builtInPlugins(), master, agent },
  });
  if (problems.length > 0) context.exitWith(exitCodes.config);
  if (output.format === "json") {
    output.json({ file, ok: problems.length === 0, problems });
    return;
  }
  for (const problem of problems) output.error(problem);
  if (problems.length === 0) output.line(`${file}: no problems`);
  else output.note(`${file}: ${problems.length} problem${problems.length === 1 ? "" : "s"}`);
}
