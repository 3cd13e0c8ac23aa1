import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { fromJson, readJson } from "../../plugins/transports/mesos-v1-http/codec/json-read.ts";
import { writeJson } from "../../plugins/transports/mesos-v1-http/codec/json-write.ts";
import { readProto } from "../../plugins/transports/mesos-v1-http/codec/proto-read.ts";
import { writeProto } from "../../plugins/transports/mesos-v1-http/codec/proto-write.ts";
import { SchedulerCall } from "../../plugins/transports/mesos-v1-http/definitions/envelopes.ts";
import { arbitraryMessage, defaulted } from "./arbitrary-message.ts";
import { type MessageDef, roots } from "./support/definitions.ts";

describe("codecs of the Mesos messages", () => {
  for (const def of roots) {
    it(`bring back any ${def.name} from JSON, and from protobuf`, () => {
      fc.assert(
        fc.property(arbitraryMessage(def), (value) => {
          const json = writeJson(def, value as never);
          expect(json).toMatch(/^[\x20-\x7e]*$/);
          expect(readJson(def, json)).toEqual(defaulted(def, value));
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
      .tuple(arbitraryMessage(SchedulerCall), fc.nat(), fc.nat(255), fc.nat())
      .map(([value, at, byte, cut]) => {
        const bytes = writeProto(SchedulerCall, value as never);
        if (bytes.length > 0) bytes[at % bytes.length] = byte;
        return bytes.subarray(0, bytes.length - (cut % 3));
      });
    fc.assert(
      fc.property(damaged, (bytes) => {
        try {
          readProto(SchedulerCall, bytes);
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
          fromJson(SchedulerCall, { type: "ACCEPT", accept: json, framework_id: json });
        } catch (thrown) {
          expect(thrown).toMatchObject({ code: "MESSAGE_INVALID" });
        }
      }),
    );
  });
});
