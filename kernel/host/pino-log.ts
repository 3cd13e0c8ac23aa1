import { type DestinationStream, destination, pino, stdTimeFunctions } from "pino";
import type { Logger } from "../../contract/ports/log.ts";

/** How a process logs. */
export interface LogSettings {
  /** Least level that is written. */
  readonly level: "debug" | "info" | "warn" | "error" | "silent";
  /** Name of the process in every line: `master`, `agent`. */
  readonly name: string;
  /** File to append to; absent means the error stream. */
  readonly file?: string;
}

/**
 * One JSON object a line, on the error stream or in a file, so that the output stream stays free
 * for what commands print. Writes are synchronous: the last lines before an end are the ones
 * needed.
 */
export function openLog(settings: LogSettings, stream?: DestinationStream): Logger {
  const target =
    stream ?? destination({ dest: settings.file ?? 2, append: true, mkdir: true, sync: true });
  return pino(
    {
      name: settings.name,
      level: settings.level,
      timestamp: stdTimeFunctions.isoTime,
      base: { pid: process.pid },
    },
    target,
  );
}
