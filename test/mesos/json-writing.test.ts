import { describe, expect, it, test } from "vitest";
import { jsonDouble, writeJson } from "../../plugins/transports/mesos-v1-http/codec/json-write.ts";
import { DurationInfo } from "../../plugins/transports/mesos-v1-http/definitions/basics.ts";
import {
  Filters,
  FrameworkInfo,
  MasterInfo,
} from "../../plugins/transports/mesos-v1-http/definitions/cluster.ts";
import {
  CommandInfo,
  CommandInfoURI,
  EnvironmentVariable,
} from "../../plugins/transports/mesos-v1-http/definitions/commands.ts";
import { QuotaConfig } from "../../plugins/transports/mesos-v1-http/definitions/operators.ts";
import { Resource } from "../../plugins/transports/mesos-v1-http/definitions/resources.ts";
import { Event } from "../../plugins/transports/mesos-v1-http/definitions/scheduler.ts";
import { TaskStatus } from "../../plugins/transports/mesos-v1-http/definitions/tasks.ts";

describe("§5 JSON output has one exact form", () => {
  it.each([
    [0, "0.0"],
    [1, "1.0"],
    [-2, "-2.0"],
    [0.5, "0.5"],
    [1e21, "1e+21"],
    [1234567890123, "1234567890123.0"],
    [Number.POSITIVE_INFINITY, '"Infinity"'],
    [Number.NEGATIVE_INFINITY, '"-Infinity"'],
  ])("the double %s is %s", (value, text) => {
    expect(jsonDouble(value)).toBe(text);
  });

  it.each([
    [
      "64-bit integers are plain",
      DurationInfo,
      { nanoseconds: 5_000_000_000 },
      '{"nanoseconds":5000000000}',
    ],
    [
      "whole milliseconds stay whole",
      DurationInfo,
      { nanoseconds: 1763856000123 * 1e6 },
      '{"nanoseconds":1763856000123000000}',
    ],
    [
      "the largest stays in range",
      DurationInfo,
      { nanoseconds: 2 ** 63 },
      '{"nanoseconds":9223372036854775807}',
    ],
    ["defaults are spelled out", Filters, {}, '{"refuse_seconds":5.0}'],
    ["set values replace them", Filters, { refuse_seconds: 0 }, '{"refuse_seconds":0.0}'],
    ["boolean defaults too", CommandInfoURI, { value: "a" }, '{"value":"a","extract":true}'],
    ["shell is one of them", CommandInfo, { value: "a" }, '{"shell":true,"value":"a"}'],
    [
      "enum defaults too",
      EnvironmentVariable,
      { name: "A", value: "b" },
      '{"name":"A","type":"VALUE","value":"b"}',
    ],
    [
      "deprecated defaults are not",
      FrameworkInfo,
      { user: "u", name: "n" },
      '{"user":"u","name":"n","failover_timeout":0.0,"checkpoint":false}',
    ],
    [
      "a deprecated field that is set is",
      Resource,
      { name: "a", type: "SET", role: "*" },
      '{"name":"a","type":"SET","role":"*"}',
    ],
    [
      "empty lists are left out",
      FrameworkInfo,
      { user: "u", name: "n", roles: [], checkpoint: true },
      '{"user":"u","name":"n","failover_timeout":0.0,"checkpoint":true}',
    ],
    [
      "bytes are padded base64",
      TaskStatus,
      { task_id: { value: "t" }, state: "TASK_RUNNING", data: new Uint8Array([1]) },
      '{"task_id":{"value":"t"},"state":"TASK_RUNNING","data":"AQ=="}',
    ],
    [
      "maps of amounts",
      QuotaConfig,
      { role: "r", limits: { cpus: { value: 2 } } },
      '{"role":"r","limits":{"cpus":{"value":2.0}}}',
    ],
    [
      "other scripts are escaped (3.3)",
      Event,
      { type: "ERROR", error: { message: "é\n\u{1f600}" } },
      '{"type":"ERROR","error":{"message":"\\u00e9\\n\\ud83d\\ude00"}}',
    ],
  ] as const)("%s", (_, def, value, text) => {
    expect(writeJson(def as never, value as never)).toBe(text);
  });

  test("a heartbeat is exactly twenty bytes (11)", () => {
    expect(writeJson(Event, { type: "HEARTBEAT" })).toBe('{"type":"HEARTBEAT"}');
  });

  test("required fields have no default of their own making", () => {
    const value = { id: "a", ip: 16777343, port: 5050 };
    expect(writeJson(MasterInfo, value)).toBe('{"id":"a","ip":16777343,"port":5050}');
  });
});
