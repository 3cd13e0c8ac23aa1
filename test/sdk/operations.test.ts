import { expect, test } from "vitest";
import type { OperationStatus } from "../../contract/schema/offer.ts";
import { until } from "../support/until.ts";
import { subscribed } from "./support/subscribed.ts";

const status = {
  operationId: "o1",
  state: "OPERATION_FINISHED",
  agentId: "a1",
  uuid: "b".repeat(32),
} as OperationStatus;
const acknowledgement = {
  ...{ type: "acknowledge-operation", operationId: "o1", agentId: "a1" },
  uuid: status.uuid,
};

test("what became of an operation is told once and acknowledged each time (C18)", async () => {
  const { fake, scheduler } = await subscribed();
  const seen: OperationStatus[] = [];
  scheduler.on("operation-update", (one) => seen.push(one));
  // What a master says itself is kept by nobody.
  const own = { operationId: "o2", state: "OPERATION_UNKNOWN" } as OperationStatus;
  for (const one of [own, status, status]) fake.say({ type: "operation-update", status: one });
  await until("both acknowledged", () => fake.of("acknowledge-operation").length === 2);
  expect(fake.of("acknowledge-operation")).toEqual([acknowledgement, acknowledgement]);
  expect(seen).toEqual([own, status]);
});

test("with manual acknowledgement the framework says when", async () => {
  const { fake, scheduler } = await subscribed({ acknowledgement: "manual" });
  const seen: OperationStatus[] = [];
  scheduler.on("operation-update", (one) => seen.push(one));
  fake.say({ type: "operation-update", status });
  await until("it is told", () => seen.length === 1);
  expect(fake.of("acknowledge-operation")).toEqual([]);
  expect(scheduler.acknowledge(status)).toBe(true);
  await until("it is acknowledged", () => fake.of("acknowledge-operation").length === 1);
});
