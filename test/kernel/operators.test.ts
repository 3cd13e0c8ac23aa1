import { expect, test } from "vitest";
import { serve } from "../../conformance/transport/subject.ts";
import type { ClusterEvent } from "../../contract/operator-api.ts";
import { type OperatorQueries, Operators } from "../../kernel/io/operators.ts";
import { makeUws } from "../conformance/transports.ts";
import { until } from "../support/until.ts";

test.each([
  ["tasks", { taskId: "" }],
  ["explain-task", { task: "" }],
] as const)("%s about an id that begins every id is refused: %j", async (method, params) => {
  const none = (): void => {};
  const operators = new Operators({} as OperatorQueries, none, none, none);
  const asked = operators.ask(method, params as never);
  await expect(asked).rejects.toMatchObject({ code: "PARAMS_INVALID" });
});

test("a listener that takes small frames only spoils no event for the others", async () => {
  const server = await serve(makeUws);
  const none = (): void => {};
  const operators = new Operators({} as OperatorQueries, none, none, none);
  const listeners = [
    await server.welcomed({ name: "a" }),
    await server.welcomed({ name: "b", frameBytesMax: 1_024 }),
    await server.welcomed({ name: "c" }),
  ];
  for (const { peer } of server.hellos) {
    operators.request(peer, { type: "request", id: 1, method: "subscribe-events" });
  }
  const large: ClusterEvent = { kind: "policy-fault", timeMs: 1, message: "x".repeat(3_000) };
  const last: ClusterEvent = { kind: "policy-fault", timeMs: 2, message: "small" };
  operators.publish(large);
  operators.publish(last);
  server.under.transport.server.flushAll();
  const seen = listeners.map(({ received }) => () => {
    const events = received.filter(({ type }) => type === "event");
    return events.map((message) => (message as unknown as { event: ClusterEvent }).event);
  });
  await until("the last event", () => seen.every((events) => events().at(-1)?.timeMs === 2));
  const stub = { ...large, message: "too large to be shown" };
  expect(seen.map((events) => events())).toEqual([
    [large, last],
    [stub, last],
    [large, last],
  ]);
  await server.stop();
});
