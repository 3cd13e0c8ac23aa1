import { expect, test } from "vitest";
import { inParts } from "../../agent/io/holdings.ts";
import type { AgentMessage, AgentMessageOf, ReregisterPart } from "../../contract/agent-api.ts";
import { limits } from "../../contract/limits.ts";
import type { Peer } from "../../contract/ports/transport.ts";
import { masterPeers } from "../../kernel/io/door.ts";
import { Holdings } from "../../kernel/io/holdings.ts";
import { encodeFrames } from "../../wire/index.ts";

const agent = { id: "a1", hostname: "h", ip: "127.0.0.1", port: 1, resources: [] };

/** A return with so many tasks, each with labels of so many bytes. */
function returning(tasks: number, labelBytes: number): AgentMessageOf<"reregister"> {
  const label = { key: "k", value: "x".repeat(Math.min(labelBytes, 50_000)) };
  const labels = Array.from({ length: Math.ceil(labelBytes / 50_000) }, () => label);
  return {
    type: "reregister",
    agent,
    version: "0.1.0",
    capabilities: [],
    executors: [{ frameworkId: "f1", role: "*", executor: { executorId: "e1" } }],
    frameworks: [{ id: "f1", name: "f", user: "u", roles: [] }],
    operations: [],
    tasks: Array.from({ length: tasks }, (_, at) => ({
      taskId: `t${at}`,
      frameworkId: "f1",
      agentId: "a1",
      name: "t",
      role: "*",
      resources: [],
      state: "TASK_RUNNING",
      statuses: [],
      labels,
    })),
  } as unknown as AgentMessageOf<"reregister">;
}

function peerOf(closed: string[] = []): Peer {
  return { close: (code: string) => closed.push(code) } as unknown as Peer;
}

const deliver = (
  holdings: Holdings,
  peer: Peer,
  parts: readonly (AgentMessage | ReregisterPart)[],
) => parts.map((part) => holdings.take(peer, part, 1));

test("what fits one frame goes in one message, as it is", () => {
  const message = returning(100, 100);
  expect(inParts(message)).toEqual([message]);
  expect(deliver(new Holdings(), peerOf(), [message])).toEqual([message]);
});

test("what fits no frame goes in parts that do, and is whole again for the core (B21)", () => {
  const message = returning(40, 900_000);
  const parts = inParts(message);
  expect(parts.length).toBeGreaterThan(10);
  for (const part of parts) {
    expect(encodeFrames([part])).toHaveLength(1);
    expect(masterPeers.agent(part)).toBeUndefined();
  }
  const heard = deliver(new Holdings(), peerOf(), parts);
  expect(heard.slice(0, -1).every((one) => one === undefined)).toBe(true);
  expect(heard.at(-1)).toEqual(message);
});

test("operations are spread over frames, too, and are whole again for the core (C18)", () => {
  const id = "x".repeat(60_000);
  const operations = Array.from({ length: 200 }, (_, at) => ({
    uuid: `${at}`.padStart(32, "0"),
    frameworkId: "f1",
    applied: {
      operation: { type: "UNRESERVE", id, resources: [] },
      status: { operationId: id, state: "OPERATION_FINISHED" },
    },
  }));
  const message = { ...returning(3, 1), operations } as unknown as AgentMessageOf<"reregister">;
  const parts = inParts(message);
  expect(parts.length).toBeGreaterThan(10);
  for (const part of parts) {
    expect(encodeFrames([part])).toHaveLength(1);
    expect(masterPeers.agent(part)).toBeUndefined();
  }
  expect(deliver(new Holdings(), peerOf(), parts).at(-1)).toEqual(message);
});

test("a return that lacks a part is dropped, and so is what an earlier try left", () => {
  const holdings = new Holdings();
  const peer = peerOf();
  const message = returning(6, 900_000);
  const [first, ...rest] = inParts(message);
  expect(deliver(holdings, peer, rest).at(-1)).toBeUndefined();
  expect(deliver(holdings, peer, [first as ReregisterPart]).at(-1)).toBeUndefined();
  expect(deliver(holdings, peer, [returning(1, 1)]).at(-1)).toBeUndefined();
  expect(deliver(holdings, peer, inParts(message)).at(-1)).toEqual(message);
});

test("an agent that brings back more than may be held is cut off with a code", () => {
  const closed: string[] = [];
  const holdings = new Holdings();
  const peer = peerOf(closed);
  const part: ReregisterPart = {
    type: "reregister-part",
    tasks: [],
    executors: [],
    frameworks: [],
    operations: [],
  };
  holdings.take(peer, part, limits.reregisterBytesMax);
  expect(closed).toEqual([]);
  holdings.take(peer, part, 1);
  expect(closed).toEqual(["OVERLOADED"]);
});
