/** Writes one line: fields first, then the message; or the message alone. */
export interface LogWrite {
  (fields: object, message?: string): void;
  (message: string): void;
}

/** Structured log, the part of pino's interface that Tepui uses; a pino logger is one. */
export interface Logger {
  readonly debug: LogWrite;
  readonly info: LogWrite;
  readonly warn: LogWrite;
  readonly error: LogWrite;
  /** A logger whose every line carries these fields too. */
  child(fields: Record<string, unknown>): Logger;
}

/** A logger that writes nothing, for callers who were given none. */
export const silentLog: Logger = {
  debug: () => {},
  info: () => {},
  warn: () => {},
  error: () => {},
  child: () => silentLog,
};

/** How much a process logs, which operators can raise for a while. */
export interface Verbosity {
  /** Mesos' number for it: 0 when there are no debug lines, 1 or whatever was asked for else. */
  level(): number;
  /**
   * Sets it until `durationMs` are over; then it is what is configured again.
   * @throws LOG_LEVEL_TOO_LOW below what is configured
   */
  set(level: number, durationMs: number): void;
}
