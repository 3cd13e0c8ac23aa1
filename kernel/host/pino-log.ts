import { resolve } from "node:path";
import { type DestinationStream, destination, pino, stdTimeFunctions } from "pino";
import type { LogConfig } from "../../contract/config/shared.ts";
import { errors, reasonOf } from "../../contract/errors.ts";
import type { Logger } from "../../contract/ports/log.ts";

/** How a process logs. */
export interface LogSettings extends LogConfig {
  /** Name of the process in every line: `master`, `agent`. */
  readonly name: string;
}

/** The log of a process. */
export interface ProcessLog extends Logger {
  /** Sets the least level that is written, in loggers that stem from this one too. */
  setLevel(level: LogConfig["level"]): void;
}

/**
 * One JSON object a line, on the error stream or in a file, so that the output stream stays free
 * for what commands print. Writes are synchronous: the last lines before an end are the ones
 * needed.
 * @throws LOG_FILE_UNUSABLE
 */
export function openLog(settings: LogSettings, stream?: DestinationStream): ProcessLog {
  const children: { level: string }[] = [];
  const root = pino(
    {
      name: settings.name,
      level: settings.level,
      timestamp: stdTimeFunctions.isoTime,
      base: { pid: process.pid },
      // A child keeps the level that it was born with; there is one for each plugin.
      onChild: (child) => void children.push(child),
    },
    stream ?? opened(settings.file),
  );
  return Object.assign(root, {
    setLevel(level: LogConfig["level"]) {
      for (const one of [root, ...children]) one.level = level;
    },
  });
}

function opened(file: string | undefined): DestinationStream {
  const common = { append: true, mkdir: true, sync: true } as const;
  if (file === undefined) return destination({ ...common, dest: 2 });
  const dest = resolve(file);
  try {
    return destination({ ...common, dest });
  } catch (thrown) {
    throw errors.LOG_FILE_UNUSABLE(dest, reasonOf(thrown), thrown);
  }
}
