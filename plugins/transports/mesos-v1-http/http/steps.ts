/** Work that can be left between any two of its steps, which are short. */
export type Steps<T> = Generator<void, T>;

/** Bodies up to this size are decoded as they come: their steps are not worth taking one by one. */
export const SMALL_BYTES = 64 * 1024;

/** Does all of it. */
export function atOnce<T>(steps: Steps<T>): T {
  for (;;) {
    const { done, value } = steps.next();
    if (done === true) return value;
  }
}
