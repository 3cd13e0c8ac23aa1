import { type FaultTable, fault } from "./fault.ts";

/** What goes wrong while an author makes, builds and packs a plugin. */
export const authoringErrors = {
  PROJECT_EXISTS: (folder: string) =>
    fault("PROJECT_EXISTS", 409, `${folder} is there already, and is not empty`, {
      where: folder,
      hint: "name another folder, or take this one away first",
    }),
  PLUGIN_TOOL_MISSING: (folder: string, tool: string, install: string) =>
    fault("PLUGIN_TOOL_MISSING", 424, `${tool} is needed to build it, and is not there`, {
      where: folder,
      hint: install,
    }),
  PLUGIN_BUILD_FAILED: (folder: string, command: string, said: readonly string[]) =>
    fault("PLUGIN_BUILD_FAILED", 400, `\`${command}\` failed`, { where: folder, details: said }),
} satisfies FaultTable;
