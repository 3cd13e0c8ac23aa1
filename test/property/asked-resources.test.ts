import fc from "fast-check";
import { expect, test } from "vitest";
import { frameworkCallSchemas } from "../../contract/framework-api.ts";
import { messageCheck } from "../../contract/message-checks.ts";
import { normalize, validate } from "../../contract/resources.ts";
import type { Resource } from "../../contract/schema/resource.ts";

const check = messageCheck("framework", frameworkCallSchemas);

const call = (resource: unknown) => ({
  type: "accept",
  offerIds: ["o"],
  operations: [
    {
      type: "LAUNCH",
      tasks: [{ name: "t", taskId: "t", agentId: "a", resources: [resource] }],
    },
  ],
});

const junk = fc.anything({ withBigInt: false, withDate: false, maxDepth: 3 });
const number = fc.oneof(fc.double(), fc.integer(), fc.constant(Number.NaN));
const range = fc.record({ begin: number, end: number });
const name = fc.constantFrom("cpus", "mem", "ports", "gpus", "x", "disk", "");
const value = fc.oneof(
  fc.record({ scalar: fc.oneof(number, junk) }),
  fc.record({ ranges: fc.array(range) }),
  fc.record({ set: fc.array(fc.string()) }),
  fc.record({ scalar: number, ranges: fc.array(range) }),
);
const field = fc.constantFrom("ranges", "set", "reservations", "disk", "revocable", "shared");
const extra = fc.option(fc.tuple(field, junk), { nil: undefined });
const resource = fc.tuple(name, value, extra).map(([of, amount, more]) => ({
  name: of,
  ...amount,
  ...(more === undefined ? {} : { [more[0]]: more[1] }),
}));

test("a resource that the border lets in is judged, never tripped over (M14)", () => {
  let letIn = 0;
  fc.assert(
    fc.property(resource, (asked) => {
      if (check(call(asked)) !== undefined) return;
      letIn++;
      const one = asked as Resource;
      if (validate(one) === undefined) normalize([one]);
    }),
    { numRuns: 5_000 },
  );
  expect(letIn).toBeGreaterThan(100);
});

test.each([
  { name: "ports", ranges: 5 },
  { name: "ports", ranges: [null] },
  { name: "x", set: 5 },
  { name: "cpus", scalar: 100, reservations: 5 },
])("a resource of the wrong shape is refused at the border: %j", (asked) => {
  expect(check(call(asked))).toMatchObject({ code: "MESSAGE_INVALID" });
});

test("amounts without sense pass the border, for the task's own error (M2)", () => {
  for (const scalar of [Number.NaN, -1, 0.5, Number.POSITIVE_INFINITY, "1"]) {
    expect(check(call({ name: "cpus", scalar }))).toBeUndefined();
    expect(validate({ name: "cpus", scalar } as Resource)).toBeDefined();
  }
});
