/** Waits until something is so, looking often; rejects after a while, saying what never was. */
export async function until(what: string, isSo: () => boolean, forMs = 30_000): Promise<void> {
  const endMs = performance.now() + forMs;
  while (!isSo()) {
    if (performance.now() > endMs) throw new Error(`not within ${forMs} ms: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
