import type { HttpResponse } from "uWebSockets.js";
import { request } from "node:http";
import { afterEach, beforeEach, expect, test } from "vitest";
import { HttpAnswers } from "../../plugins/transports/uws-msgpack/http-answer.ts";
import { HandClock } from "../support/hand-clock.ts";
import { type HttpBench, httpBench } from "./http-bench.ts";

let bench: HttpBench;
beforeEach(async () => {
  bench = await httpBench();
});
afterEach(() => bench.stop());

const sizes = [0, 1, 100, 0, 70_000, 1 << 16, 3 << 20, 17, 0, 600_000, 0];
const parts = sizes.map((size, nth) =>
  Buffer.from(Array.from({ length: size }, (_, at) => (at * 7 + nth) % 251)),
);
const whole = Buffer.concat(parts);

/** Reads an answer whose connection is kept or not, with pauses if it is to be slow. */
function read(
  method: string,
  connection: string,
  isSlow: boolean,
): Promise<{ length: number; body: Buffer }> {
  const headers = { connection };
  return new Promise((resolve, reject) => {
    const sent = request(`${bench.url}/parts`, { method, headers }, (response) => {
      const got: Buffer[] = [];
      response.on("data", (bytes: Buffer) => {
        got.push(bytes);
        if (!isSlow) return;
        response.pause();
        setTimeout(() => response.resume(), 1);
      });
      response.on("end", () => {
        const length = Number(response.headers["content-length"]);
        resolve({ length, body: Buffer.concat(got) });
      });
    });
    sent.on("error", reject);
    sent.end();
  });
}

test.each([
  ["GET", "keep-alive", false],
  ["GET", "keep-alive", true],
  ["GET", "close", true],
  ["HEAD", "keep-alive", false],
])("a body in parts arrives whole: %s, %s, slowly %s", async (method, connection, isSlow) => {
  bench.router.route("GET", "/parts", (exchange) => exchange.respond(200, {}, parts));
  const { length, body } = await read(method, connection, isSlow);
  expect(length).toBe(whole.length);
  expect(body.equals(method === "HEAD" ? Buffer.alloc(0) : whole)).toBe(true);
});

/** A socket that takes whatever it is given, half a MiB in a millisecond. */
function socketOn(clock: HandClock): { response: HttpResponse; taken: () => number } {
  let taken = 0;
  const response = {
    getWriteOffset: () => 0,
    onWritable: () => {},
    cork: (act: () => void) => act(),
    tryEnd: (bytes: Uint8Array, length: number) => {
      taken += bytes.length;
      clock.move(bytes.length / (512 * 1024));
      return [true, taken === length];
    },
  };
  return { response: response as unknown as HttpResponse, taken: () => taken };
}

test("large bodies for many are sent for a few milliseconds a turn", async () => {
  const clock = new HandClock();
  const answers = new HttpAnswers(clock);
  const bytes = 8 << 20;
  const body = Array.from({ length: 128 }, () => new Uint8Array(bytes / 128));
  let done = 0;
  const sockets = Array.from({ length: 5 }, () => socketOn(clock));
  const inTurns: number[] = [];
  let beganMs = clock.monotonicMs();
  const turn = (): void => {
    inTurns.push(clock.monotonicMs() - beganMs);
    beganMs = clock.monotonicMs();
  };
  for (const { response } of sockets) {
    answers.send(response, body, bytes, () => {
      done += 1;
    });
  }
  while (done < sockets.length) {
    turn();
    await new Promise((resolve) => setImmediate(resolve));
  }
  turn();
  expect(sockets.map(({ taken }) => taken())).toEqual(Array(5).fill(bytes));
  // 80 of them in all; one more than its time is what a turn takes that was not over yet.
  expect(Math.max(...inTurns)).toBeLessThanOrEqual(5);
  expect(inTurns.length).toBeGreaterThanOrEqual(16);
});
