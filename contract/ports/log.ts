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
