import { describe, expect, it } from "vitest";
import { parseAttributes, printAttributes } from "../../contract/resources/attributes.ts";
import {
  parseQuantities,
  parseResources,
  printQuantities,
  printResources,
} from "../../contract/resources/text.ts";
import { parseBytes, parseDurationMs, printBytes, printDurationMs } from "../../contract/units.ts";

/** The value of a good answer; fails on a bad one. */
function good<Value>(answer: { ok: true; value: Value } | { ok: false; message: string }): Value {
  if (!answer.ok) throw new Error(answer.message);
  return answer.value;
}

describe("Resources as text (P1)", () => {
  it("reads numbers, ranges and sets, and roles as static reservations (E10)", () => {
    const text = "cpus:4; mem:2048;ports:[31000-32000, 33000-33010];disks(roleA):{b,a}";
    const { resources, names } = good(parseResources(text));
    expect(resources).toEqual([
      { name: "cpus", scalar: 4000 },
      {
        name: "disks",
        set: ["a", "b"],
        reservations: [{ type: "static", role: "roleA" }],
      },
      { name: "mem", scalar: 2_048_000 },
      {
        name: "ports",
        ranges: [
          { begin: 31000, end: 32000 },
          { begin: 33000, end: 33010 },
        ],
      },
    ]);
    expect([...names]).toEqual(["cpus", "mem", "ports", "disks"]);
    expect(printResources(resources)).toBe(
      "cpus(*):4; disks(roleA):{a, b}; mem(*):2048; ports(*):[31000-32000, 33000-33010]",
    );
  });

  it("adds up what is named twice, and gives the default role only where none is named", () => {
    const { resources } = good(parseResources("cpus:1;cpus:0.5;cpus(*):2", "ads"));
    expect(printResources(resources)).toBe("cpus(*):2; cpus(ads):1.5");
  });

  it("remembers a name of size zero, which detection must not fill in (F7)", () => {
    const { resources, names } = good(parseResources("gpus:0"));
    expect(resources).toEqual([]);
    expect(names.has("gpus")).toBe(true);
  });

  it.each<[string, number, RegExp]>([
    ["cpus:4;mem", 7, /no ":"/],
    ["cpus:4; mem:lots", 12, /the value of mem is "lots"/],
    ["cpus:-1", 0, /negative/],
    ["cpus:nan", 5, /not a number/],
    ["cpus:1e300", 5, /too large/],
    ["ports:[1-2,5]", 11, /"5" is not a range/],
    ["ports:[2-1]", 7, /ends before/],
    ["ports:[1-2", 10, /"]" is missing/],
    ["disks:{a,a}", 9, /more than once/],
    ["cpus(a//b):1", 5, /empty component/],
    ["cpus(a:1", 6, /"\)" is missing/],
    ["gpus:0.5", 0, /whole number/],
    ["mem:1;ports:5", 6, /must be ranges/],
    [":5", 0, /name: it is empty/],
    [' [{"name":]', 1, /not valid JSON/],
    ['[{"name":"cpus","type":"SCALAR","scalar":{"value":"x"}}]', 0, /element 0: scalar.value/],
    ["[5]", 0, /element 0: resource: must be an object/],
  ])("refuses %s and says where", (text, position, message) => {
    const answer = parseResources(text);
    expect(answer).toMatchObject({ ok: false, position });
    expect(answer.ok ? "" : answer.message).toMatch(message);
  });

  it("reads Mesos JSON with reservations, labels, disks, and of older versions (E11, E14)", () => {
    const json = [
      {
        name: "disk",
        type: "SCALAR",
        scalar: { value: 100 },
        reservations: [
          { type: "STATIC", role: "a" },
          { type: "DYNAMIC", role: "a/b", principal: "p", labels: { labels: [{ key: "k" }] } },
        ],
        disk: { source: { type: "MOUNT", mount: { root: "/mnt" } } },
      },
      { name: "cpus", type: "SCALAR", scalar: { value: 0.5 }, role: "*", revocable: {} },
      { name: "ports", type: "RANGES", ranges: { range: [{ begin: "5", end: 6 }] }, role: "r" },
      { name: "mem", type: "SCALAR", scalar: { value: 1 }, role: "r", reservation: {} },
    ];
    const { resources } = good(parseResources(JSON.stringify(json)));
    expect(resources).toEqual([
      { name: "cpus", scalar: 500, revocable: true },
      {
        name: "disk",
        scalar: 100_000,
        reservations: [
          { type: "static", role: "a" },
          { type: "dynamic", role: "a/b", principal: "p", labels: [{ key: "k" }] },
        ],
        disk: { source: { type: "MOUNT", root: "/mnt" } },
      },
      { name: "mem", scalar: 1000, reservations: [{ type: "dynamic", role: "r" }] },
      {
        name: "ports",
        ranges: [{ begin: 5, end: 6 }],
        reservations: [{ type: "static", role: "r" }],
      },
    ]);
    expect(printResources(resources)).toBe(
      "cpus(*)[revocable]:0.5; disk(static a > dynamic a/b p)[MOUNT:/mnt]:100; " +
        "mem(dynamic r):1; ports(r):[5-6]",
    );
  });

  it("reads alternatives of minima (C13)", () => {
    const minima = good(parseQuantities("cpus:0.01|mem:32;cpus:1"));
    expect(minima).toEqual([{ cpus: 10 }, { mem: 32_000, cpus: 1000 }]);
    expect(printQuantities(minima)).toBe("cpus:0.01|mem:32;cpus:1");
    expect(good(parseQuantities(""))).toEqual([]);
    expect(parseQuantities("cpus:1||mem:1")).toMatchObject({ ok: false, position: 7 });
    expect(parseQuantities("ports:[1-2]")).toMatchObject({ ok: false });
  });
});

describe("Attributes as text (F8, P2)", () => {
  it("reads numbers, ranges and texts, which may hold more colons", () => {
    const text = "rack:abc;zone:west; n:3;r:[1-5];url:http://x:80;low:-1.5;v:1.2.3";
    const attributes = good(parseAttributes(text));
    expect(attributes).toEqual([
      { name: "rack", text: "abc" },
      { name: "zone", text: "west" },
      { name: "n", scalar: 3000 },
      { name: "r", ranges: [{ begin: 1, end: 5 }] },
      { name: "url", text: "http://x:80" },
      { name: "low", scalar: -1500 },
      { name: "v", text: "1.2.3" },
    ]);
    expect(good(parseAttributes(printAttributes(attributes)))).toEqual(attributes);
  });

  it.each([
    ["rack", 0],
    ["a:1; rack:", 10],
    ["s:{a,b}", 2],
    ["a:1;r:[x]", 7],
  ])("refuses %s and says where", (text, position) => {
    expect(parseAttributes(text)).toMatchObject({ ok: false, position });
  });
});

describe("Durations and sizes as text (A9, P3)", () => {
  it.each([
    ["15secs", 15_000, "15secs"],
    ["1.5secs", 1500, "1500ms"],
    ["1.1mins", 66_000, "66secs"],
    ["2hrs", 7_200_000, "2hrs"],
    ["7days", 604_800_000, "1weeks"],
    ["500us", 0.5, "500us"],
    ["3ns", 0.000003, "3ns"],
    ["10 s", 10_000, "10secs"],
    ["5m", 300_000, "5mins"],
    ["0secs", 0, "0ns"],
  ])("reads the duration %s", (text, durationMs, printed) => {
    expect(good(parseDurationMs(text))).toBe(durationMs);
    expect(printDurationMs(durationMs)).toBe(printed);
    expect(good(parseDurationMs(printed))).toBe(durationMs);
  });

  it.each([
    ["64MB", 67_108_864, "64MB"],
    ["1.5GB", 1_610_612_736, "1536MB"],
    ["1000B", 1000, "1000B"],
    ["2tb", 2_199_023_255_552, "2TB"],
  ])("reads the size %s", (text, bytes, printed) => {
    expect(good(parseBytes(text))).toBe(bytes);
    expect(printBytes(bytes)).toBe(printed);
  });

  it.each<[string, number, RegExp]>([
    ["15", 2, /no unit/],
    ["15 parsecs", 3, /"parsecs" is not a unit/],
    ["-1secs", 0, /not a number with a unit/],
    ["", 0, /not a number with a unit/],
    ["99999999999weeks", 0, /too large/],
  ])("refuses the duration %j and says where", (text, position, message) => {
    const answer = parseDurationMs(text);
    expect(answer).toMatchObject({ ok: false, position });
    expect(answer.ok ? "" : answer.message).toMatch(message);
  });

  it("refuses a part of a byte", () => {
    expect(parseBytes("0.3B")).toMatchObject({ ok: false });
  });
});
