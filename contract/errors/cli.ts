import { type FaultTable, fault } from "./fault.ts";

/** Mistakes on the command line, and what goes wrong in the cluster of `tepui local`. */
export const cliErrors = {
  CLI_USAGE: (message: string, hint?: string) =>
    fault("CLI_USAGE", 400, message, { where: "command line", hint }),
  CLI_INTERRUPTED: (what: string) => fault("CLI_INTERRUPTED", 499, `interrupted: ${what}`),
  LOCAL_START_FAILED: (process: string, reason: string, log: string) =>
    fault("LOCAL_START_FAILED", 500, `${process} did not start: ${reason}`, {
      where: process,
      hint: `its log is ${log}`,
    }),
  DEMO_RESULT_WRONG: (reason: string) =>
    fault("DEMO_RESULT_WRONG", 500, `the count of the cluster is wrong: ${reason}`, {
      hint: "a task must have been lost or counted twice; please report it with the logs",
    }),
} satisfies FaultTable;
