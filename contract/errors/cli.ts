import { type FaultTable, fault } from "./fault.ts";

/** Mistakes on the command line. */
export const cliErrors = {
  CLI_USAGE: (message: string, hint?: string) =>
    fault("CLI_USAGE", 400, message, { where: "command line", hint }),
} satisfies FaultTable;
