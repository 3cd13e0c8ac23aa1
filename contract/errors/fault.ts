/** What an error may say besides its message. */
export interface FaultOptions {
  /** Where the mistake is: `master.json:12:5`, `/agents/0/port`, `plugin drf`, … */
  readonly where?: string | undefined;
  /** What to do about it: `did you mean "offerTimeout"?` */
  readonly hint?: string | undefined;
  /** Every single problem, one line each, where one error stands for several. */
  readonly details?: readonly string[] | undefined;
  /** The error that led to this one. */
  readonly cause?: unknown;
}

/** A coded error as it is sent to a peer or printed with `-o json`. */
export interface FaultReport {
  readonly code: string;
  readonly status: number;
  readonly message: string;
  readonly where?: string;
  readonly hint?: string;
  readonly details?: readonly string[];
}

/**
 * An error of the world's making: bad input, a refused plugin, a lost peer. Operators grep for
 * `code`, programs branch on it, `status` is its HTTP status, and the text is for people and may
 * change. Mistakes of our own are assertions, never this.
 */
export class TepuiError extends Error {
  override readonly name = "TepuiError";
  readonly code: string;
  readonly status: number;
  readonly where?: string;
  readonly hint?: string;
  readonly details?: readonly string[];

  constructor(code: string, status: number, message: string, options: FaultOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.status = status;
    if (options.where !== undefined) this.where = options.where;
    if (options.hint !== undefined) this.hint = options.hint;
    if (options.details !== undefined) this.details = options.details;
  }

  /** The report that crosses the wire: everything but the stack and the cause. */
  toJSON(): FaultReport {
    return {
      code: this.code,
      status: this.status,
      message: this.message,
      ...(this.where === undefined ? {} : { where: this.where }),
      ...(this.hint === undefined ? {} : { hint: this.hint }),
      ...(this.details === undefined ? {} : { details: this.details }),
    };
  }

  /** One line for a person: where, message, hint and code; details follow on lines of their own. */
  describe(): string {
    const where = this.where === undefined ? "" : `${this.where}: `;
    const hint = this.hint === undefined ? "" : `; ${this.hint}`;
    const details = (this.details ?? []).map((line) => `\n  ${line}`).join("");
    return `${where}${this.message}${hint} [${this.code}]${details}`;
  }
}

/**
 * Makes a coded error; only the tables in this folder call it, so that every code is in a table.
 */
export function fault(
  code: string,
  status: number,
  message: string,
  options?: FaultOptions,
): TepuiError {
  return new TepuiError(code, status, message, options);
}

/** An error that another process reported, with its own code, as an error of this one. */
export function remoteError(
  report: Omit<FaultReport, "status"> & { readonly status?: number | undefined },
  status: number = report.status ?? 400,
): TepuiError {
  return new TepuiError(report.code, status, report.message, report);
}

/** The shape of an area's table: a code, and the function that makes its error. */
export type FaultTable = Record<string, (...args: never[]) => TepuiError>;

/** The text of anything that was thrown, for the message of the error that reports it. */
export function reasonOf(thrown: unknown): string {
  try {
    if (thrown instanceof TepuiError) return `${thrown.message} [${thrown.code}]`;
    return thrown instanceof Error ? String(thrown.message || thrown.name) : String(thrown);
  } catch {
    // Plugins throw what they like, also what has no text or whose getters throw.
    return "something was thrown that has no text";
  }
}
