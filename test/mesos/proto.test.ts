import { describe, expect, it, test } from "vitest";
import { readProto } from "../../plugins/transports/mesos-v1-http/codec/proto-read.ts";
import { writeProto } from "../../plugins/transports/mesos-v1-http/codec/proto-write.ts";
import { ContainerID } from "../../plugins/transports/mesos-v1-http/definitions/basics.ts";
import {
  map,
  message,
  opt,
  rep,
  req,
} from "../../plugins/transports/mesos-v1-http/definitions/define.ts";
import {
  ValueScalar,
  ValueType,
} from "../../plugins/transports/mesos-v1-http/definitions/resources.ts";
import { Call, Event } from "../../plugins/transports/mesos-v1-http/definitions/scheduler.ts";

const Inner = message("Inner", { must: req(1, "str"), may: opt(2, "i32") });
const Sample = message("Sample", {
  text: opt(1, "str"),
  long: opt(2, "i64"),
  huge: opt(3, "u64"),
  kind: opt(4, ValueType),
  inner: opt(5, Inner),
  counts: rep(6, "u32"),
  sums: map(7, ValueScalar),
  raw: opt(8, "bytes"),
});
const bytes = (hex: string) => new Uint8Array(Buffer.from(hex.replaceAll(" ", ""), "hex"));

describe("protobuf", () => {
  // These bytes were put together by hand, from the rules of the encoding.
  it.each([
    [
      "a call without a body",
      Call,
      { framework_id: { value: "f" }, type: "REVIVE" },
      "0a030a0166 1005",
    ],
    [
      "a decline",
      Call,
      {
        type: "DECLINE",
        decline: { offer_ids: [{ value: "o1" }], filters: { refuse_seconds: 5 } },
      },
      "1004 2a11 0a040a026f31 1209090000000000001440",
    ],
    ["a heartbeat", Event, { type: "HEARTBEAT" }, "0808"],
    [
      "an error with a fresh name",
      Event,
      { type: "ERROR", error: { message: "é" } },
      "0807 42040a02c3a9",
    ],
    [
      "negative and large integers",
      Sample,
      { long: -1, huge: 2 ** 53 },
      "10ffffffffffffffffff01 18808080808080 8010",
    ],
    ["a map", Sample, { sums: { a: { value: 1 } } }, "3a0e 0a0161 1209 09000000000000f03f"],
  ] as const)("%s is written and read byte for byte", (_, def, value, hex) => {
    expect(Buffer.from(writeProto(def as never, value as never)).toString("hex")).toBe(
      hex.replaceAll(" ", ""),
    );
    expect(readProto(def as never, bytes(hex))).toEqual(value);
  });

  it.each([
    [
      "unknown fields are skipped",
      "5001 5a0161 51 0000000000000000 55 00000000 0a0161",
      { text: "a" },
    ],
    ["unknown groups are skipped", "53 5001 53 54 54 0a0161", { text: "a" }],
    ["an unknown enum number is unset", "2063", {}],
    ["a list may be packed", "3203 010203", { counts: [1, 2, 3] }],
    ["or not", "3001 3002", { counts: [1, 2] }],
    ["the last single value counts", "0a0161 0a0162", { text: "b" }],
    [
      "messages that come twice are merged",
      "2a03 0a0161 2a02 1005",
      { inner: { must: "a", may: 5 } },
    ],
    [
      "an entry of a map may leave out its key",
      "3a0b 1209 09000000000000f03f",
      { sums: { "": { value: 1 } } },
    ],
    ["an overlong varint is a number", "30 81808000", { counts: [1] }],
  ])("%s", (_, hex, value) => {
    expect(readProto(Sample, bytes(hex))).toEqual(value);
  });

  it.each([
    ["a truncated tag", "80", /cut off/],
    ["a truncated value", "0a", /cut off/],
    ["a length beyond the end", "0a05 61", /text is cut off/],
    ["a huge length", "0a ffffffff0f", /text is cut off/],
    ["a length of 64 bits", "0a ffffffffffffffff7f", /text is cut off/],
    ["a length beyond the message around", "2a02 0a05 61626364", /inner.must is cut off/],
    ["a varint without end", "10 ffffffffffffffffffffff", /long cannot be read: invalid varint/],
    ["field number zero", "0001", /bad field number/],
    ["text with the wire type of a number", "0801", /text has wire type 0/],
    ["a number with the wire type of text", "12 0161", /long has wire type 2/],
    ["a message with the wire type of a number", "2801", /inner has wire type 0/],
    ["a wire type that does not exist", "57", /wire type 7/],
    ["an end of a group that did not begin", "54", /wire type 4/],
    ["a group that ends as another", "53 5c", /invalid end group tag/],
    ["a group without end", "53", /cut off/],
    ["text that is not UTF-8", "0a01 ff", /text is not UTF-8/],
    ["a missing required field", "2a02 1005", /missing required fields: inner\.must/],
    ["a missing required field in a map", "3a03 0a0161", /sums\.a\.value/],
  ])("%s is refused with 400 and the place", (_, hex, text) => {
    expect(() => readProto(Sample, bytes(hex))).toThrow(
      expect.objectContaining({
        code: "MESSAGE_INVALID",
        status: 400,
        message: expect.stringMatching(text),
      }),
    );
  });

  test("nesting is bounded", () => {
    let nested: Uint8Array = bytes("0a0161");
    for (let depth = 0; depth < 100; depth++) {
      nested = writeProto(message("W", { value: opt(1, "str"), parent: opt(2, "bytes") }), {
        value: "a",
        parent: nested,
      });
    }
    expect(() => readProto(ContainerID, nested)).toThrow("nested too deeply");
    expect(() => readProto(Sample, new Uint8Array(100_000).fill(0x53))).toThrow(
      "maximum recursion depth reached",
    );
  });

  test("bytes that were read stay when the buffer they came in is used again", () => {
    const source = Buffer.from(bytes("4202 0102"));
    const read = readProto(Sample, source);
    source.fill(9);
    expect(read.raw).toEqual(new Uint8Array([1, 2]));
  });

  test("large bodies are measured right at every size of length", () => {
    for (const size of [0, 1, 47, 48, 49, 127, 128, 16_383, 16_384, 2_097_152]) {
      const read = readProto(Sample, writeProto(Sample, { inner: { must: "x".repeat(size) } }));
      expect(read.inner?.must.length).toBe(size);
      const raw = readProto(Sample, writeProto(Sample, { raw: new Uint8Array(size).fill(7) })).raw;
      expect([raw?.length, raw?.every((byte) => byte === 7)]).toEqual([size, true]);
    }
  });
});
