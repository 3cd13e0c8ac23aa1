import { expect, test } from "vitest";
import type { AgentInput } from "../../agent/core/event.ts";
import { ExecutorDoor } from "../../agent/io/executors.ts";
import { helloOf } from "../../conformance/transport/subject.ts";
import { errors } from "../../contract/errors.ts";
import type { ContainerId } from "../../contract/ids.ts";
import { silentLog } from "../../contract/ports/log.ts";
import type { Peer } from "../../contract/ports/transport.ts";

const C1 = "c1" as ContainerId;

function openDoor(send: Peer["send"] = () => {}, roomBytes = Number.POSITIVE_INFINITY) {
  const taken: AgentInput[] = [];
  const closed: string[] = [];
  const logged: unknown[] = [];
  const keep = (fields: unknown): void => void logged.push(fields);
  const door = new ExecutorDoor({
    tokens: { verify: () => C1 } as never,
    serverId: "agent",
    software: "test",
    log: { ...silentLog, warn: keep, error: keep },
    isReady: () => true,
    isHere: () => true,
    hasRoom: (_, bytes) => bytes <= roomBytes,
    enqueue: (input) => taken.push(input),
  });
  const close = (code: string, message = ""): void => void closed.push(`${code} ${message}`);
  const peer = { send, close } as unknown as Peer;
  door.onHello(peer, helloOf() as never);
  return { door, peer, taken, closed, logged };
}

test("an event for a connection that has ended goes to no later one, and is said to be missed", () => {
  const sent: unknown[] = [];
  const { door, peer, taken } = openDoor((event) => void sent.push(event));
  const event = { type: "message", data: new Uint8Array(1) } as const;
  door.onClosed(peer);
  door.send(C1, 1, event);
  expect(taken).toEqual([
    { type: "executor-gone", containerId: C1, connection: 1 },
    { type: "executor-missed", containerId: C1, event },
  ]);
  door.onHello({ ...peer } as never, helloOf() as never);
  door.send(C1, 1, event);
  expect(sent).toEqual([]);
  door.send(C1, 2, event);
  expect(sent).toEqual([event]);
});

test("an event that fits no frame costs its executor the connection, and the agent nothing", () => {
  const { door, closed, logged } = openDoor(() => {
    throw errors.MESSAGE_TOO_LARGE("launch", 5_000_000, 4_194_304);
  });
  door.send(C1, 1, { type: "shutdown" });
  expect(closed).toEqual([expect.stringMatching(/^SESSION_ENDED a shutdown event: .*5000000/)]);
  expect(logged).toEqual([{ container: C1, type: "shutdown" }]);
});

test("an executor that says more than the agent may hold is cut off with a code", () => {
  const { door, peer, taken, closed } = openDoor(undefined, 100);
  const message = { type: "message", data: new Uint8Array(1) };
  door.onMessages(peer, [message], 101);
  expect([taken.length, closed.length]).toEqual([0, 1]);
  expect(closed[0]).toMatch(/^OVERLOADED /);
  door.onMessages(peer, [message, message], 100);
  expect(taken).toHaveLength(2);
});
