import { Argument, type Command } from "commander";
import { completionScript, type Shell } from "../completion-scripts.ts";
import { type CliCommand, type CliContext, plainCommand } from "../context.ts";

/** `tepui completion bash|zsh`: a script for the shell's start file. */
export const completionCommand: CliCommand = {
  name: "completion",
  build: (context: CliContext) =>
    plainCommand("completion", "Print a completion script")
      .addArgument(new Argument("<shell>", "for which shell").choices(["bash", "zsh"]))
      .addHelpText(
        "after",
        '\nbash: eval "$(tepui completion bash)"\nzsh:  eval "$(tepui completion zsh)"',
      )
      .action((shell: Shell, _: object, command: Command) => {
        context.output.line(completionScript(command.parent ?? command, shell));
      }),
};
