import { gzipSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import type { HttpExchange, HttpHeaders } from "../../contract/ports/http.ts";
import { checkValues, VALUES_MAX } from "../../plugins/transports/mesos-v1-http/codec/bounds.ts";
import { fromJson } from "../../plugins/transports/mesos-v1-http/codec/json-read.ts";
import { readProto } from "../../plugins/transports/mesos-v1-http/codec/proto-read.ts";
import { writeProto } from "../../plugins/transports/mesos-v1-http/codec/proto-write.ts";
import { Call } from "../../plugins/transports/mesos-v1-http/definitions/scheduler.ts";
import { Bodies } from "../../plugins/transports/mesos-v1-http/http/bodies.ts";
import { decode, decodeInSteps } from "../../plugins/transports/mesos-v1-http/http/media.ts";
import { atOnce, type Steps } from "../../plugins/transports/mesos-v1-http/http/steps.ts";
import { HandClock } from "../support/hand-clock.ts";
import { until } from "../support/until.ts";

/** A request that a test aborts or answers. */
type Asked = HttpExchange & { isAborted: boolean; isAnswered: boolean };

/** A request whose whole body is there. */
function exchangeOf(body: number | Uint8Array, headers: HttpHeaders = {}): Asked {
  const exchange = {
    headers,
    isAborted: false,
    readBody: () => Promise.resolve(typeof body === "number" ? new Uint8Array(body) : body),
  };
  return exchange as unknown as Asked;
}

/** Work of one step. */
function inOne(work: () => void): () => Steps<void> {
  // biome-ignore lint/correctness/useYield: it has no more than one step.
  return function* () {
    work();
  };
}

async function settled(): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve));
}

describe("bodies", () => {
  test("that unpack to much are not unpacked before their turn", async () => {
    const clock = new HandClock();
    const bodies = new Bodies(clock, 1 << 24);
    const packed = gzipSync(new Uint8Array(15 << 20));
    const before = process.memoryUsage().arrayBuffers;
    let decoded = 0;
    let refused = 0;
    const work = inOne(() => {
      clock.move(10);
      decoded += 1;
    });
    for (let count = 0; count < 30; count++) {
      const asked = exchangeOf(packed, { "content-encoding": "gzip" });
      bodies.read(asked, work).catch(() => {
        refused += 1;
      });
    }
    // One has its turn, and sixteen wait.
    await until("all others are refused", () => (refused === 13 ? true : undefined));
    await until("the first", () => (decoded > 0 ? true : undefined));
    expect(decoded).toBe(1);
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(64 << 20);
    const small = gzipSync(new Uint8Array(1_000));
    await bodies.read(exchangeOf(small, { "content-encoding": "gzip" }), (body) => {
      expect(body).toHaveLength(1_000);
      return work();
    });
    expect(decoded).toBe(2);
  });

  test("of a large request are decoded one at a time, with rests as long as the work", async () => {
    const clock = new HandClock();
    const bodies = new Bodies(clock, 1 << 24);
    const decoded: string[] = [];
    const large = (name: string) =>
      bodies.read(
        exchangeOf(1 << 20),
        inOne(() => {
          clock.move(10);
          decoded.push(name);
        }),
      );
    void large("first");
    void large("second");
    await settled();
    expect(decoded).toEqual(["first"]);
    await bodies.read(
      exchangeOf(100),
      inOne(() => void decoded.push("small")),
    );
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
        .read(
          exchangeOf(1 << 20),
          inOne(() => clock.move(1)),
        )
        .catch(({ status }: { status: number }) => answers.push(status));
    for (let count = 0; count < 20; count++) void one();
    await settled();
    // One was decoded, sixteen wait.
    expect(answers).toEqual([503, 503, 503]);
  });
});

describe("large bodies are decoded in slices", () => {
  test("between which others have their turn, and rest for as long as all of them took", async () => {
    const clock = new HandClock();
    const bodies = new Bodies(clock, 1 << 24);
    const slices: number[] = [0];
    let isOver = false;
    const turn = (): void => {
      slices.push(0);
      if (!isOver) setImmediate(turn);
    };
    setImmediate(turn);
    await bodies.read(exchangeOf(1 << 20), function* () {
      for (let step = 0; step < 40; step++) {
        clock.move(1);
        slices[slices.length - 1] = (slices.at(-1) ?? 0) + 1;
        yield;
      }
    });
    isOver = true;
    expect(Math.max(...slices)).toBe(3);
    const next: string[] = [];
    void bodies.read(
      exchangeOf(1 << 20),
      inOne(() => void next.push("decoded")),
    );
    await settled();
    clock.move(119);
    await settled();
    expect(next).toEqual([]);
    clock.move(1);
    await settled();
    expect(next).toEqual(["decoded"]);
  });

  test.each(["isAborted", "isAnswered"] as const)("and no further when %s", async (why) => {
    const clock = new HandClock();
    const bodies = new Bodies(clock, 1 << 24);
    const exchange = exchangeOf(1 << 20);
    let steps = 0;
    const read = bodies.read(exchange, function* () {
      for (;;) {
        steps += 1;
        exchange[why] = steps > 10;
        clock.move(1);
        yield;
      }
    });
    await expect(read).rejects.toMatchObject({ code: "REQUEST_ABORTED" });
    expect(steps).toBeLessThan(15);
  });

  const tasks = Array.from({ length: 20_000 }, (_, at) => ({
    task_id: { value: `t-${at}` },
    agent_id: { value: "ä" },
  }));
  const reconcile = { type: "RECONCILE", framework_id: { value: "f" }, reconcile: { tasks } };
  const bodiesOf = (call: object) => ({
    json: Buffer.from(JSON.stringify(call)),
    protobuf: writeProto(Call, call as never),
  });

  test.each(["json", "protobuf"] as const)("into what they are at once, in %s", (media) => {
    const body = bodiesOf(reconcile)[media];
    let steps = 0;
    const decoding = decodeInSteps(media, Call, "c", body);
    let step = decoding.next();
    for (; step.done !== true; step = decoding.next()) steps += 1;
    expect(step.value).toEqual(fromJson(Call, reconcile));
    expect(steps).toBeGreaterThanOrEqual(tasks.length);
  });

  test.each([
    ["json", { task_id: 5 }, "reconcile.tasks[20000].task_id must be a JSON object"],
    ["json", { agent_id: { value: "a" } }, "reconcile.tasks[20000].task_id"],
    ["protobuf", { agent_id: { value: "a" } }, "reconcile.tasks[20000].task_id"],
  ] as const)("and say what is wrong with them, in %s: %j", (media, wrong, said) => {
    const call = { ...reconcile, reconcile: { tasks: [...tasks, wrong] } };
    const body = bodiesOf(call)[media];
    expect(() => decode(media, Call, "c", body)).toThrow(said);
  });

  test("and are cut off where they are, in protobuf", () => {
    const body = bodiesOf(reconcile).protobuf;
    expect(() => decode("protobuf", Call, "c", body.subarray(0, -5))).toThrow("cut off");
  });
});

describe("a message with more values than are read", () => {
  test("is refused in JSON before it is parsed", () => {
    const check = (text: Uint8Array) => atOnce(checkValues(text));
    const list = (count: number) => Buffer.from(`[${"0,".repeat(count - 1)}0]`);
    expect(() => check(list(VALUES_MAX))).not.toThrow();
    expect(() => check(list(VALUES_MAX + 1))).toThrow(`more than ${VALUES_MAX} values`);
    expect(() => check(Buffer.from('{"a":'.repeat(VALUES_MAX + 1)))).toThrow("values");
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
