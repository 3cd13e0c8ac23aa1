import { describe, expect, test } from "vitest";
import type { HttpExchange } from "../../contract/ports/http.ts";
import { checkValues, VALUES_MAX } from "../../plugins/transports/mesos-v1-http/codec/json-read.ts";
import { readProto } from "../../plugins/transports/mesos-v1-http/codec/proto-read.ts";
import { Call } from "../../plugins/transports/mesos-v1-http/definitions/scheduler.ts";
import { Bodies } from "../../plugins/transports/mesos-v1-http/http/bodies.ts";
import { HandClock } from "../support/hand-clock.ts";

/** A request whose whole body is there. */
function exchangeOf(bytes: number): HttpExchange {
  const exchange = {
    headers: {},
    isAborted: false,
    readBody: () => Promise.resolve(new Uint8Array(bytes)),
  };
  return exchange as unknown as HttpExchange;
}

async function settled(): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve));
}

describe("bodies", () => {
  test("of a large request are decoded one at a time, with rests as long as the work", async () => {
    const clock = new HandClock();
    const bodies = new Bodies(clock, 1 << 24);
    const decoded: string[] = [];
    const large = (name: string) =>
      bodies.read(exchangeOf(1 << 20), () => {
        clock.move(10);
        decoded.push(name);
      });
    void large("first");
    void large("second");
    await settled();
    expect(decoded).toEqual(["first"]);
    await bodies.read(exchangeOf(100), () => decoded.push("small"));
    expect(decoded).toEqual(["first", "small"]);
    clock.move(29);
    await settled();
    expect(decoded).toHaveLength(2);
    clock.move(1);
    await settled();
    expect(decoded).toEqual(["first", "small", "second"]);
  });

  test("of large requests that are too many at once are refused with 503", async () => {
    const clock = new HandClock();
    const bodies = new Bodies(clock, 1 << 24);
    const answers: unknown[] = [];
    const one = () =>
      bodies
        .read(exchangeOf(1 << 20), () => clock.move(1))
        .catch(({ status }: { status: number }) => answers.push(status));
    for (let count = 0; count < 20; count++) void one();
    await settled();
    // One was decoded, sixteen wait.
    expect(answers).toEqual([503, 503, 503]);
  });
});

describe("a message with more values than are read", () => {
  test("is refused in JSON before it is parsed", () => {
    const list = (count: number) => Buffer.from(`[${"0,".repeat(count - 1)}0]`);
    expect(() => checkValues(list(VALUES_MAX))).not.toThrow();
    expect(() => checkValues(list(VALUES_MAX + 1))).toThrow(`more than ${VALUES_MAX} values`);
    expect(() => checkValues(Buffer.from('{"a":'.repeat(VALUES_MAX + 1)))).toThrow("values");
  });

  test("is refused in protobuf while it is read", () => {
    // Field 9 of a call, a RECONCILE with tasks that say nothing.
    const length = 2 * (VALUES_MAX + 1);
    const head = [0x4a, (length & 0x7f) | 0x80, ((length >> 7) & 0x7f) | 0x80, length >> 14];
    const tasks = Buffer.alloc(length).map((_, at) => (at % 2 === 0 ? 0x0a : 0));
    const bytes = Buffer.concat([Buffer.from(head), tasks]);
    expect(() => readProto(Call, bytes)).toThrow(`more than ${VALUES_MAX} values`);
  });
});
