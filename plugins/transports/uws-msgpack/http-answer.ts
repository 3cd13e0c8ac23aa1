import type { HttpResponse } from "uWebSockets.js";

/**
 * Ends a response with a body, as fast as the client takes it, and calls `done` when all of it has
 * been taken. Until then the body stays where it is: `end` would copy what the client does not take
 * into a buffer of uWebSockets.js, once for every request that a client pipelines without reading.
 * A request that comes before the body is through costs the connection instead, as does a client
 * that takes nothing for ten seconds. Must be called corked, after the headers.
 */
export function endSlowly(response: HttpResponse, body: Uint8Array, done: () => void): void {
  const start = response.getWriteOffset();
  const [, isThrough] = response.tryEnd(body, body.length);
  if (isThrough) {
    done();
    return;
  }
  response.onWritable((offset) => {
    const [isOk, isEnded] = response.tryEnd(body.subarray(offset - start), body.length);
    if (isEnded) done();
    return isOk;
  });
}
