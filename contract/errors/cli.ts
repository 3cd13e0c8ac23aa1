import { type FaultTable, fault } from "./fault.ts";

/** Mistakes on the command line, and what goes wrong in the cluster of `tepui local`. */
export const cliErrors = {
  CLI_USAGE: (message: string, hint?: string) =>
    fault("CLI_USAGE", 400, message, { where: "command line", hint }),
  CLI_INTERRUPTED: (what: string) => fault("CLI_INTERRUPTED", 499, `interrupted: ${what}`),
  CLI_OUTPUT_UNWRITABLE: (reason: string) =>
    fault("CLI_OUTPUT_UNWRITABLE", 500, `the output cannot be written: ${reason}`, {
      where: "output stream",
      hint: "what is missing is not there: make room and ask again",
    }),
  CLI_FILE_UNWRITABLE: (file: string, reason: string) =>
    fault("CLI_FILE_UNWRITABLE", 400, `the file cannot be written: ${reason}`, {
      where: file,
      hint: "name a file in a folder that is there",
    }),
  /** `log` holds the last lines that it wrote, since the file may be gone with the cluster. */
  LOCAL_START_FAILED: (process: string, reason: string, log: readonly string[]) =>
    fault("LOCAL_START_FAILED", 500, `${process} did not start: ${reason}`, {
      where: process,
      details: log,
      hint: "the lines above are the last of its log; --data-dir keeps the whole of it",
    }),
  UNCAUGHT: (process: string, reason: string) =>
    fault("UNCAUGHT", 500, `an error that nobody caught ends this ${process}: ${reason}`, {
      where: process,
      hint: "the stack in the log tells whose it is: a plugin's, or a mistake of Tepui's",
    }),
  LOCAL_DATA_LOCKED: (folder: string, pid: number) =>
    fault("LOCAL_DATA_LOCKED", 409, `process ${pid} runs a local cluster on ${folder}`, {
      where: folder,
      hint: "stop that one, or give this one a --data-dir of its own",
    }),
  DEMO_RESULT_WRONG: (reason: string) =>
    fault("DEMO_RESULT_WRONG", 500, `the count of the cluster is wrong: ${reason}`, {
      hint: "a task must have been lost or counted twice; please report it with the logs",
    }),
} satisfies FaultTable;
