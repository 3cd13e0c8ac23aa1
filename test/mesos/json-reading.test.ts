import { describe, expect, it, test } from "vitest";
import { readJson } from "../../plugins/transports/mesos-v1-http/codec/json-read.ts";
import { ContainerID } from "../../plugins/transports/mesos-v1-http/definitions/basics.ts";
import * as constraints from "../../plugins/transports/mesos-v1-http/definitions/constraints.ts";
import {
  map,
  message,
  opt,
  rep,
  req,
} from "../../plugins/transports/mesos-v1-http/definitions/define.ts";
import {
  Resource,
  ValueScalar,
  ValueType,
} from "../../plugins/transports/mesos-v1-http/definitions/resources.ts";
import { Call } from "../../plugins/transports/mesos-v1-http/definitions/scheduler.ts";

const Inner = message("Inner", { must: req(1, "str"), may: opt(2, "i32") });
const Sample = message("Sample", {
  text: opt(1, "str"),
  raw: opt(2, "bytes"),
  flag: opt(3, "bool"),
  real: opt(4, "dbl"),
  small: opt(5, "i32"),
  natural: opt(6, "u32"),
  long: opt(7, "i64"),
  huge: opt(8, "u64"),
  kind: opt(9, ValueType),
  inner: opt(10, Inner),
  texts: rep(11, "str"),
  inners: rep(12, Inner),
  kinds: rep(13, ValueType),
  sums: map(14, ValueScalar),
});

describe("§5 JSON input is read leniently", () => {
  it.each([
    [
      "unknown fields are nothing",
      { other: 1, inner: { must: "a", other: [] } },
      { inner: { must: "a" } },
    ],
    ["null is unset", { text: null, flag: null, inner: null, texts: null, sums: null }, {}],
    ["null in a list is nothing", { texts: ["a", null] }, { texts: ["a"] }],
    ["an empty list is none", { texts: [], sums: {} }, {}],
    [
      "integers may be strings",
      { small: "31000", long: "-5", huge: "7" },
      { small: 31000, long: -5, huge: 7 },
    ],
    ["doubles may be strings", { real: "0.5" }, { real: 0.5 }],
    ["exponents are numbers", { real: "1e3" }, { real: 1000 }],
    ["infinity is a string", { real: "Infinity" }, { real: Number.POSITIVE_INFINITY }],
    ["so is minus infinity", { real: "-Infinity" }, { real: Number.NEGATIVE_INFINITY }],
    ["fractions of integers are cut off", { small: 2.9 }, { small: 2 }],
    ["booleans may be strings", { flag: "true" }, { flag: true }],
    ["false as well", { flag: "false" }, { flag: false }],
    ["one object may stand for a list", { inners: { must: "a" } }, { inners: [{ must: "a" }] }],
    ["one text may stand for a list", { texts: "a" }, { texts: ["a"] }],
    ["an unknown enum name is unset", { kind: "MATRIX" }, {}],
    ["unknown enum names leave a list", { kinds: ["SET", "MATRIX"] }, { kinds: ["SET"] }],
    ["bytes are base64", { raw: "aGk=" }, { raw: new Uint8Array([104, 105]) }],
    ["maps are objects", { sums: { cpus: { value: 2 } } }, { sums: { cpus: { value: 2 } } }],
    [
      "map values may be infinite",
      { sums: { mem: { value: "Infinity" } } },
      { sums: { mem: { value: Number.POSITIVE_INFINITY } } },
    ],
  ])("%s", (_, json, value) => {
    expect(readJson(Sample, JSON.stringify(json))).toEqual(value);
  });

  it.each([
    ["an array for a single value", { text: ["a"] }, /text must be a single value/],
    ["an array for an object", { inner: [{ must: "a" }] }, /inner must be a single value/],
    ["a number for an enum", { kind: 1 }, /kind must be the name of an enum value/],
    ["a number for an enum in a list", { kinds: [1] }, /kinds\[0\]/],
    ["NaN", { real: "NaN" }, /real must be a number/],
    ["text for a number", { small: "12a" }, /small must be a number/],
    ["empty text for a number", { small: "" }, /small/],
    ["infinity for an integer", { long: "Infinity" }, /long must be an integer/],
    ["a negative natural", { natural: -1 }, /natural must be an integer from 0/],
    ["a number beyond 32 bits", { small: 2 ** 31 }, /small must be an integer/],
    ["a number for text", { text: 1 }, /text must be a string/],
    ["text for a boolean", { flag: "yes" }, /flag must be true or false/],
    ["a number for a boolean", { flag: 1 }, /flag/],
    ["base64 without padding", { raw: "aGk" }, /raw must be a string in padded base64/],
    ["base64 of the other alphabet", { raw: "a_-=" }, /raw/],
    ["base64 that is padded too much", { raw: "A===" }, /raw/],
    ["text for an object", { inner: "a" }, /inner must be a JSON object/],
    ["a list for a map", { sums: [] }, /sums must be an object/],
  ])("%s is refused with 400 and the place", (_, json, text) => {
    expect(() => readJson(Sample, JSON.stringify(json))).toThrow(
      expect.objectContaining({
        code: "MESSAGE_INVALID",
        status: 400,
        message: expect.stringMatching(text),
      }),
    );
  });

  test("all missing required fields are named with their places", () => {
    expect(() => readJson(Sample, '{"inner":{},"inners":[{"must":"a"},{"may":1}]}')).toThrow(
      "missing required fields: inner.must, inners[1].must",
    );
  });

  test("an unknown name for a required enum is a missing field", () => {
    expect(() => readJson(Resource, '{"name":"cpus","type":"MATRIX"}')).toThrow(
      "missing required fields: type",
    );
  });

  it("takes bytes however long", () => {
    const raw = Buffer.alloc(6_000_000).toString("base64");
    expect(readJson(Sample, JSON.stringify({ raw })).raw).toHaveLength(6_000_000);
  });

  test("of alternatives the last one counts", () => {
    const text = '{"attribute_name":"a","pseudoattribute_type":"HOSTNAME"}';
    expect(readJson(constraints.AttributeConstraintSelector, text)).toEqual({
      pseudoattribute_type: "HOSTNAME",
    });
  });

  test("nesting is bounded", () => {
    const deep = `${'{"value":"a","parent":'.repeat(100)}{"value":"b"}${"}".repeat(100)}`;
    expect(() => readJson(ContainerID, deep)).toThrow("nested too deeply");
    const arrays = `{"x":${"[".repeat(200_000)}${"]".repeat(200_000)}}`;
    expect(readJson(Sample, arrays)).toEqual({});
  });

  test("names of an object's own machinery are keys like any other", () => {
    const text =
      '{"sums":{"__proto__":{"value":1},"constructor":{"value":2}},"__proto__":{"text":"a"}}';
    const read = readJson(Sample, text);
    expect(Object.keys(read.sums ?? {})).toEqual(["__proto__", "constructor"]);
    expect(read.text).toBeUndefined();
  });

  test("a list of a million elements is read, and one bad one is refused by its place", () => {
    const ids = Array.from({ length: 1_000_000 }, () => "a");
    expect(readJson(Sample, JSON.stringify({ texts: ids })).texts?.length).toBe(1_000_000);
    ids[999_999] = 1 as never;
    expect(() => readJson(Sample, JSON.stringify({ texts: ids }))).toThrow("texts[999999]");
  });

  test("what mesos-framework sends, nulls for all that is unset, is read (10.1)", () => {
    const call = {
      framework_id: null,
      type: "SUBSCRIBE",
      subscribe: {
        framework_info: {
          user: "root",
          name: "f",
          id: null,
          failover_timeout: 604800,
          checkpoint: null,
          role: null,
          hostname: null,
          principal: null,
          webui_url: null,
          capabilities: null,
          labels: null,
        },
        force: null,
      },
      accept: null,
    };
    expect(readJson(Call, JSON.stringify(call))).toEqual({
      type: "SUBSCRIBE",
      subscribe: { framework_info: { user: "root", name: "f", failover_timeout: 604800 } },
    });
  });
});
