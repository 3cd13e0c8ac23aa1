import { expect, test } from "vitest";
import { resources } from "../../sdk/index.ts";

test("numbers are scalars, and lists are ranges or sets (E20)", () => {
  const ports = [{ begin: 80, end: 81 }];
  expect(resources({ cpus: 0.5, ports, colours: ["red"], mem: undefined })).toEqual([
    { name: "colours", set: ["red"] },
    { name: "cpus", scalar: 500 },
    { name: "ports", ranges: ports },
  ]);
});

test.each([
  [{ cpus: "1" }, /cpus must be a number, .*, not "1"/],
  [{ colours: "red" }, /colours must be a number, or a list for ranges and sets, not "red"/],
  [{ mem: null }, /mem must be a number, .*, not null/],
  [{ cpus: ["1"] }, /cpus: it is a set, but must be scalar/],
  [{ disk: [{ begin: 1, end: 2 }] }, /disk: it is a ranges, but must be scalar/],
  [{ ports: 80 }, /ports: it is a scalar, but must be ranges/],
  [{ mem: -1 }, /mem must be a number of zero or more, not -1/],
  [{ gpus: 0.5 }, /gpus must be a whole number/],
])("%j are no resources", (amounts, message) => {
  expect(() => resources(amounts as never)).toThrow(
    expect.objectContaining({ code: "JOB_INVALID", message: expect.stringMatching(message) }),
  );
});
