import { describe, expect, test } from "vitest";
import { registryOf } from "../../plugins/isolators/docker/credentials.ts";
import { splitReference } from "../../plugins/isolators/docker/images.ts";
import { cutOf, LogFrames } from "../../plugins/isolators/docker/log-frames.ts";
import { sinceOf } from "../../plugins/isolators/docker/log-position.ts";

function frame(kind: number, text: string, time = "2026-01-02T03:04:05.000000006Z"): Buffer {
  const payload = Buffer.from(`${time} ${text}`);
  const header = Buffer.alloc(8);
  header[0] = kind;
  header.writeUInt32BE(payload.length, 4);
  return Buffer.concat([header, payload]);
}

describe("the engine's multiplexed log", () => {
  test("comes apart the same, however it is cut into chunks", () => {
    const all = Buffer.concat([frame(1, "one\n"), frame(2, "two words\n"), frame(1, "")]);
    for (let size = 1; size <= all.length; size++) {
      const frames = new LogFrames();
      const records = [];
      for (let at = 0; at < all.length; at += size) {
        records.push(...frames.push(all.subarray(at, at + size)));
      }
      expect(records.map(({ stream, data }) => [stream, data.toString()])).toEqual([
        ["stdout", "one\n"],
        ["stderr", "two words\n"],
        ["stdout", ""],
      ]);
    }
  });

  test("that is not one is refused, and so is what the engine says of itself", () => {
    expect(() => new LogFrames().push(Buffer.from("HTTP/1.1 200 OK"))).toThrow(/record of/);
    expect(() => new LogFrames().push(frame(3, "disk on fire"))).toThrow(/disk on fire/);
  });

  test("the end of a line that was cut is known from a line without an end", () => {
    const piece = Buffer.alloc(16_384, "x");
    expect(cutOf(piece, "whole")).toBe("piece");
    expect(cutOf(piece, "piece")).toBe("piece");
    expect(cutOf(Buffer.from("rest"), "piece")).toBe("end");
    expect(cutOf(Buffer.from(""), "piece")).toBe("end");
    expect(cutOf(Buffer.from("rest\n"), "piece")).toBe("whole");
    expect(cutOf(Buffer.from("no end"), "whole")).toBe("whole");
  });

  test("is asked for from a while before the last record of either stream", () => {
    const at = (time: string) => ({ time, count: 1, fileSize: 1, cut: "whole" as const });
    const never = at("");
    const late = at("1970-01-01T00:01:00.000000007Z");
    const early = at("1970-01-01T00:00:30.5Z");
    expect(sinceOf({ stdout: never, stderr: never })).toBeUndefined();
    expect(sinceOf({ stdout: early, stderr: late })).toBe("50.000000007");
    expect(sinceOf({ stdout: early, stderr: never })).toBe("20.500000000");
  });
});

test.each([
  ["debian", "debian", "latest", "index.docker.io"],
  ["docker.io/library/debian:12", "docker.io/library/debian", "12", "index.docker.io"],
  ["host:5000/a/b", "host:5000/a/b", "latest", "host:5000"],
  ["localhost/a:x", "localhost/a", "x", "localhost"],
  ["a.b/c@sha256:00", "a.b/c", "sha256:00", "a.b"],
])("image %s is %s, %s, of the registry %s", (image, repository, tag, registry) => {
  expect(splitReference(image)).toEqual({ repository, tag });
  expect(registryOf(image)).toBe(registry);
});
