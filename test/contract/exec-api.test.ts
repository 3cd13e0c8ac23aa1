import fc from "fast-check";
import { expect, test } from "vitest";
import {
  type ExecFrame,
  ExecFrames,
  type ExecMessage,
  execFrame,
  execFrames,
  execMessageFrame,
} from "../../contract/exec-api.ts";
import { execLimits } from "../../contract/limits/exec.ts";

const messages: readonly ExecMessage[] = [
  { type: "started", session: "0f".repeat(16), inputUpTo: 7 },
  { type: "input", upTo: 2 ** 40 },
  { type: "input-closed" },
  { type: "exited", code: 255 },
  { type: "exited", signal: "SIGKILL" },
  { type: "failed", error: { code: "EXEC_ENDED", message: "grün", status: 410 } },
];

const frame = fc.oneof(
  fc.constantFrom(...messages).map((message): ExecFrame => ({ type: "message", message })),
  fc
    .tuple(fc.constantFrom("stdout", "stderr"), fc.uint8Array({ maxLength: 300 }))
    .map(([stream, data]): ExecFrame => ({ type: "output", stream, data })),
);

const written = (one: ExecFrame): Uint8Array =>
  one.type === "message"
    ? execMessageFrame(one.message)
    : execFrame(execFrames[one.stream], one.data);

test("frames come out as they went in, wherever the stream is cut, without signs of life", () => {
  fc.assert(
    fc.property(fc.array(frame, { maxLength: 12 }), fc.array(fc.nat(40)), (frames, cuts) => {
      const alive = execFrame(execFrames.alive, new Uint8Array(0));
      const bytes = Buffer.concat(frames.flatMap((one) => [written(one), alive]));
      const reader = new ExecFrames();
      const found: ExecFrame[] = [];
      let at = 0;
      for (const cut of cuts) {
        found.push(...reader.push(bytes.subarray(at, at + cut)));
        at += cut;
      }
      found.push(...reader.push(bytes.subarray(at)));
      expect(found.map(written)).toEqual(frames.map(written));
    }),
  );
});

test("what is no such stream is a coded error, and never a large buffer", () => {
  const code = "EXEC_FRAME_INVALID";
  const read = (bytes: Uint8Array) => () => new ExecFrames().push(bytes);
  const text = (value: string) => execFrame(execFrames.message, Buffer.from(value));
  expect(read(Buffer.from("HTTP/1.1 200 OK"))).toThrow(expect.objectContaining({ code }));
  const large = Buffer.alloc(5);
  large[0] = execFrames.stdout;
  large.writeUInt32BE(execLimits.frameBytesMax + 1, 1);
  expect(read(large)).toThrow(expect.objectContaining({ code }));
  expect(read(Buffer.from([9, 0, 0, 0, 0]))).toThrow(expect.objectContaining({ code }));
  for (const value of ["{", "null", '{"type":"other"}', '{"type":"input"}']) {
    expect(read(text(value))).toThrow(expect.objectContaining({ code }));
  }
});
