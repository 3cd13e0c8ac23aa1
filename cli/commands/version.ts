import { buildInfo } from "../../wire/index.ts";
import { type CliCommand, type CliContext, plainCommand } from "../context.ts";
import { versionLine } from "../version-line.ts";

/** `tepui version` */
export const versionCommand: CliCommand = {
  name: "version",
  build: (context: CliContext) =>
    plainCommand("version", "Print the version").action(() => {
      const info = { ...buildInfo(), node: process.versions.node };
      if (context.output.format === "json") context.output.json(info);
      else context.output.line(versionLine());
    }),
};
