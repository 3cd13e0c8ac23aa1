/** What is wrong with a text, and at which character (from 0). */
export interface Unparsed {
  readonly ok: false;
  readonly position: number;
  readonly message: string;
}

/** The answer of a parser: the value, or what is wrong. */
export type Parsed<Value> = { readonly ok: true; readonly value: Value } | Unparsed;

/** A good answer. */
export function parsed<Value>(value: Value): Parsed<Value> {
  return { ok: true, value };
}

/** A bad answer: `message` says what is wrong at `position` and, where it helps, what is right. */
export function unparsed(position: number, message: string): Unparsed {
  return { ok: false, position, message };
}
