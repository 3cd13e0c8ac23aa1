import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Turn, TurnItem } from "../../kernel/io/journal/records.ts";
import { TurnReader, TurnWriter } from "../../kernel/io/journal/turns.ts";

describe("turns", () => {
  const id = fc.string({ maxLength: 12, minLength: 1 });
  const uuid = fc.constantFrom("0123456789abcdef0123456789abcdef", "f".repeat(32));
  const state = fc.constantFrom("TASK_RUNNING", "TASK_FINISHED", "TASK_LOST");
  const time = fc.integer({ min: 0, max: 2e12 });

  const status = fc.record(
    {
      taskId: id,
      state,
      uuid,
      agentId: id,
      source: fc.constantFrom("SOURCE_EXECUTOR", "SOURCE_AGENT"),
      timestampMs: time,
      message: fc.string({ maxLength: 20 }),
      healthy: fc.boolean(),
    },
    { requiredKeys: ["taskId", "state"] },
  );
  const update = fc
    .tuple(fc.nat(), id, status, state)
    .map(([peer, frameworkId, told, latestState]) => {
      const message = { type: "update", frameworkId, status: told, latestState };
      return { type: "input", input: { type: "agent-message", peer, message } };
    });
  const acknowledge = fc.tuple(fc.nat(), id, id, uuid).map(([peer, agentId, taskId, of]) => {
    const call = { type: "acknowledge", agentId, taskId, uuid: of };
    return { type: "input", input: { type: "framework-call", peer, call } };
  });
  const task = (taskId: fc.Arbitrary<string>) =>
    fc.record(
      {
        name: fc.constantFrom("a", "b"),
        taskId,
        resources: fc.constantFrom([{ name: "cpus", scalar: 1 }], [{ name: "cpus", scalar: 2 }]),
        command: fc.constantFrom({ value: "true" }, { value: "true", arguments: [] }),
        data: fc.constantFrom(Uint8Array.of(1)),
      },
      { requiredKeys: ["taskId", "name"] },
    );
  const tasks = fc.oneof(
    fc.array(task(id), { maxLength: 4 }),
    // As most are: alike but for their ids.
    fc
      .tuple(task(id), fc.array(id, { maxLength: 4 }))
      .map(([like, ids]) => ids.map((taskId) => ({ ...structuredClone(like), taskId }))),
  );
  const operation = fc.oneof(
    fc.record({ type: fc.constant("LAUNCH"), tasks }),
    fc.record({ type: fc.constantFrom("LAUNCH_GROUP", "RESERVE"), tasks }),
  );
  const accept = fc
    .tuple(
      fc.nat(),
      fc.record({ offerIds: fc.array(id), operations: fc.array(operation) }, { requiredKeys: [] }),
    )
    .map(([peer, about]) => {
      const call = { type: "accept", ...about };
      return { type: "input", input: { type: "framework-call", peer, call } };
    });
  const kinds = fc.array(fc.integer({ max: 1e9, min: 0 }), { maxLength: 8, minLength: 8 });
  const decision = fc.oneof(
    fc.record({ agentRow: fc.nat(), clientRow: fc.nat(), whole: fc.constant(true) }),
    fc.record({
      agentRow: fc.nat(),
      clientRow: fc.nat(),
      whole: fc.constant(false),
      reclaim: fc.constant(true),
    }),
    fc.record({
      agentRow: fc.nat(),
      clientRow: fc.nat(),
      whole: fc.constant(false),
      amounts: kinds,
      reserved: fc.boolean(),
      revocable: fc.boolean(),
    }),
  );
  const fault = fc.record({
    code: fc.constant("POLICY_TRAP"),
    row: fc.option(fc.nat(), { nil: undefined }),
  });
  const round = fc.record({
    type: fc.constant("round"),
    round: fc.nat(),
    instance: fc.integer({ max: 9, min: -1 }),
    policy: fc.record({ name: id, digest: id }),
    decisions: fc.array(decision, { maxLength: 5 }),
    more: fc.boolean(),
    fault: fc.option(fault, { nil: undefined }),
  });
  const other = fc.constantFrom(
    { type: "input", input: { type: "tick" } },
    { type: "input", input: { type: "agent-closed", peer: 3 } },
    { type: "input", input: { type: "framework-call", peer: 1, call: { type: "revive" } } },
    { type: "policy-changed", what: "promoted", name: "drf", digest: "d" },
  );
  const item = fc.oneof(
    update,
    acknowledge,
    accept,
    round,
    other,
  ) as unknown as fc.Arbitrary<TurnItem>;

  test("are read as they were written, in short form or long", () => {
    const turns = fc.array(fc.tuple(time, fc.array(item, { maxLength: 6 })), {
      maxLength: 6,
      minLength: 1,
    });
    fc.assert(
      fc.property(turns, (written) => {
        const writer = new TurnWriter(3);
        const reader = new TurnReader();
        const read: Turn[] = [];
        const readOn = () => read.push(...reader.turns(writer.take().subarray(3)));
        for (const [at, [nowMs, items]] of written.entries()) {
          for (const each of items) {
            if (each.type === "input") writer.input(each.input);
            else if (each.type === "round") writer.round(each);
            else writer.add(each);
          }
          // A frame can be written while a turn is under way, which goes into the next one.
          if (at % 3 === 1) readOn();
          expect(writer.isEmpty).toBe(items.length === 0);
          writer.end(nowMs);
        }
        readOn();
        expect(read).toEqual(written.map(([nowMs, items]) => ({ nowMs, items })));
      }),
    );
  });
});
