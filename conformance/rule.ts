/** Puts something into the report beside the verdict, such as a figure. */
export type Note = (text: string) => void;

/**
 * One thing that every plugin of a port must do. The rules of a port are a plain list, so that the
 * tests of this repository and `tepui plugin test` run the same ones, and so that they can be run
 * against plugins that break them.
 */
export interface Rule<Subject> {
  /** A sentence that is unique in its list. */
  readonly name: string;
  /** Rejects with what was wrong. */
  run(subject: Subject, note: Note): Promise<void>;
}

/** Where a rule was broken, to see it again. */
export interface BrokenWhere {
  /** Code of the fault, where there is one. */
  readonly code?: string;
  /** Seed of the cluster in which it happened. */
  readonly seed?: number;
  /** Round of that cluster, from 1. */
  readonly round?: number;
}

/** A rule was broken; the message says what was seen. */
export class Broken extends Error {
  override readonly name = "Broken";
  readonly where: BrokenWhere;

  constructor(message: string, where: BrokenWhere = {}, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.where = where;
  }
}
