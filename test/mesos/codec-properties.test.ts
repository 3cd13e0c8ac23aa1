import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { fromJson, readJson } from "../../plugins/transports/mesos-v1-http/codec/json-read.ts";
import { writeJson } from "../../plugins/transports/mesos-v1-http/codec/json-write.ts";
import { readProto } from "../../plugins/transports/mesos-v1-http/codec/proto-read.ts";
import { writeProto } from "../../plugins/transports/mesos-v1-http/codec/proto-write.ts";
import * as agentCall from "../../plugins/transports/mesos-v1-http/definitions/agent-call.ts";
import * as agentResponse from "../../plugins/transports/mesos-v1-http/definitions/agent-response.ts";
import type { MessageDef } from "../../plugins/transports/mesos-v1-http/definitions/define.ts";
import * as executor from "../../plugins/transports/mesos-v1-http/definitions/executor.ts";
import * as masterCall from "../../plugins/transports/mesos-v1-http/definitions/master-call.ts";
import * as masterResponse from "../../plugins/transports/mesos-v1-http/definitions/master-response.ts";
import * as scheduler from "../../plugins/transports/mesos-v1-http/definitions/scheduler.ts";
import { arbitraryMessage } from "./arbitrary-message.ts";

const roots: readonly MessageDef[] = [
  scheduler.Call,
  scheduler.Event,
  executor.Call,
  executor.Event,
  masterCall.Call,
  masterResponse.Response,
  masterResponse.Event,
  agentCall.Call,
  agentResponse.Response,
];

/** What a reader makes of an output in which explicit defaults are spelled out (§5). */
function withDefaults(def: MessageDef, value: object): object {
  const full: Record<string, unknown> = {};
  for (const field of def.fields) {
    const given =
      (value as Record<string, unknown>)[field.name] ??
      (field.isDeprecated ? undefined : field.fallback);
    if (given === undefined) continue;
    const { message } = field;
    if (message === undefined) full[field.name] = given;
    else if (field.label === "repeated") {
      full[field.name] = (given as object[]).map((one) => withDefaults(message, one));
    } else if (field.label === "map") {
      const entries = Object.entries(given as Record<string, object>);
      full[field.name] = Object.fromEntries(
        entries.map(([key, one]) => [key, withDefaults(message, one)]),
      );
    } else full[field.name] = withDefaults(message, given as object);
  }
  return full;
}

describe("codecs of the Mesos messages", () => {
  for (const def of roots) {
    it(`bring back any ${def.name} from JSON, and from protobuf`, () => {
      fc.assert(
        fc.property(arbitraryMessage(def), (value) => {
          const json = writeJson(def, value as never);
          expect(json).toMatch(/^[\x20-\x7e]*$/);
          expect(readJson(def, json)).toEqual(withDefaults(def, value));
          expect(readProto(def, writeProto(def, value as never))).toEqual(value);
        }),
        { numRuns: 30 },
      );
    });
  }

  it("refuse arbitrary bytes with a code, or read them, and never throw anything else", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), fc.nat(roots.length - 1), (bytes, at) => {
        const def = roots[at] as MessageDef;
        try {
          readProto(def, bytes);
        } catch (thrown) {
          expect(thrown).toMatchObject({ code: "MESSAGE_INVALID", status: 400 });
        }
      }),
      { numRuns: 500 },
    );
  });

  it("refuse damaged protobuf with a code, or read it", () => {
    const damaged = fc
      .tuple(arbitraryMessage(scheduler.Call), fc.nat(), fc.nat(255), fc.nat())
      .map(([value, at, byte, cut]) => {
        const bytes = writeProto(scheduler.Call, value as never);
        if (bytes.length > 0) bytes[at % bytes.length] = byte;
        return bytes.subarray(0, bytes.length - (cut % 3));
      });
    fc.assert(
      fc.property(damaged, (bytes) => {
        try {
          readProto(scheduler.Call, bytes);
        } catch (thrown) {
          expect(thrown).toMatchObject({ code: "MESSAGE_INVALID" });
        }
      }),
      { numRuns: 200 },
    );
  });

  it("refuse any JSON value with a code, or read it", () => {
    fc.assert(
      fc.property(fc.jsonValue(), (json) => {
        try {
          fromJson(scheduler.Call, { type: "ACCEPT", accept: json, framework_id: json });
        } catch (thrown) {
          expect(thrown).toMatchObject({ code: "MESSAGE_INVALID" });
        }
      }),
    );
  });
});
