/**
 * Does something with a signal that is aborted with another one, or after a time. The time is held
 * by a timer of its own: `AbortSignal.any` does not hold the signals that it is made of, so an
 * `AbortSignal.timeout` that nothing else knows of is swept away as garbage, and never comes.
 * @throws what `act` throws; the signal's reason is a `TimeoutError` when the time was up
 */
export async function within<Result>(
  timeMs: number,
  signal: AbortSignal,
  act: (either: AbortSignal) => Promise<Result>,
): Promise<Result> {
  const late = new AbortController();
  const timer = setTimeout(() => {
    late.abort(new DOMException("The operation was aborted due to timeout", "TimeoutError"));
  }, timeMs);
  try {
    return await act(AbortSignal.any([signal, late.signal]));
  } finally {
    clearTimeout(timer);
  }
}
