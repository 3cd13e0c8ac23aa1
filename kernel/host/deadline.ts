import type { Clock } from "../../contract/ports/clock.ts";

/** Thrown when time was up. */
export class DeadlinePassed extends Error {
  override readonly name = "DeadlinePassed";
}

/**
 * The result of `act`, unless it takes longer than `deadlineMs` or `signal` aborts: then
 * DeadlinePassed, or the signal's reason. Nothing can stop what `act` started; its late result goes
 * to `late` for cleaning up, and its late failure is dropped, because the deadline was reported
 * already.
 */
export function withinDeadline<T>(
  clock: Clock,
  deadlineMs: number,
  act: () => T | Promise<T>,
  options: { readonly signal?: AbortSignal | undefined; readonly late?: (result: T) => void } = {},
): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    let waiting = true;
    const settle = (finish: () => void): void => {
      if (!waiting) return;
      waiting = false;
      timer.cancel();
      options.signal?.removeEventListener("abort", aborted);
      finish();
    };
    const aborted = (): void => settle(() => reject(options.signal?.reason));
    const timer = clock.after(deadlineMs, () => settle(() => reject(new DeadlinePassed())));
    if (options.signal?.aborted) return aborted();
    options.signal?.addEventListener("abort", aborted);
    // `act` may throw at once; inside an async function that becomes a rejection as well.
    (async () => act())().then(
      (result) => {
        if (waiting) settle(() => resolve(result));
        else options.late?.(result);
      },
      (thrown) => settle(() => reject(thrown)),
    );
  });
}
