import { errors } from "../../../../contract/errors.ts";

/** Deepest nesting of messages that is read; only nested container ids can come near it. */
export const DEPTH_MAX = 64;

/**
 * Most values in a message. Each costs some fifty bytes of memory and up to a microsecond, however
 * few bytes it is sent in, so a bound on the bytes alone would not bound either.
 */
export const VALUES_MAX = 256 * 1024;

/** 1 for each byte that a value can follow: looked up, which is quicker than three comparisons. */
const BEFORE_VALUE = new Uint8Array(256);
for (const byte of Buffer.from(",[{")) BEFORE_VALUE[byte] = 1;

/**
 * Refuses a JSON text that may hold more than `VALUES_MAX` values, before it is parsed. What stands
 * in strings is counted too, which errs by little on the safe side.
 * Others may have their turn between its steps, of half a millisecond.
 * @throws MESSAGE_INVALID
 */
export function* checkValues(text: Uint8Array): Generator<void, void> {
  if (text.length <= VALUES_MAX) return;
  let values = 0;
  for (let start = 0; start < text.length; start += VALUES_MAX) {
    const end = Math.min(start + VALUES_MAX, text.length);
    for (let at = start; at < end; at++) values += BEFORE_VALUE[text[at] as number] as number;
    if (values > VALUES_MAX) {
      throw errors.MESSAGE_INVALID(`the message holds more than ${VALUES_MAX} values`);
    }
    yield;
  }
}
