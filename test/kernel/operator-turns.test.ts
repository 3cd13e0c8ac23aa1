import { expect, test } from "vitest";
import type { OperatorMessage } from "../../contract/operator-api.ts";
import type { Clock } from "../../contract/ports/clock.ts";
import type { Peer } from "../../contract/ports/transport.ts";
import { OperatorTurns } from "../../kernel/io/operator-turns.ts";
import { until } from "../support/until.ts";

/** Turns in which each answer takes 4 ms. */
function turns() {
  let nowMs = 0;
  const answered: string[] = [];
  const clock = { monotonicMs: () => nowMs } as Clock;
  const all = new OperatorTurns(clock, (peer, message) => {
    nowMs += 4;
    answered.push(`${peer.name}${(message as { id: number }).id}`);
  });
  return { all, answered };
}

const peerOf = (name: string) => {
  const closed: string[] = [];
  const peer = { name, isOpen: true, close: (code: string) => closed.push(code) };
  return { peer: peer as unknown as Peer & { isOpen: boolean }, closed };
};

const questions = (count: number) =>
  Array.from({ length: count }, (_, id) => ({ id }) as unknown as OperatorMessage);

test("the first questions are answered at once, many in turns, and each operator has its own", async () => {
  const { all, answered } = turns();
  const { peer: a } = peerOf("a");
  const { peer: b } = peerOf("b");
  all.take(a, questions(6));
  expect(answered).toEqual(["a0", "a1", "a2"]);
  all.take(b, questions(2));
  await until("all", () => answered.length === 8);
  expect(answered.filter((one) => one.startsWith("a"))).toEqual([
    "a0",
    "a1",
    "a2",
    "a3",
    "a4",
    "a5",
  ]);
  expect(answered.filter((one) => one.startsWith("b"))).toEqual(["b0", "b1"]);
});

test("who was cut off since it does not read is answered no more", async () => {
  const { all, answered } = turns();
  const { peer } = peerOf("a");
  all.take(peer, questions(100));
  expect(answered).toHaveLength(3);
  peer.isOpen = false;
  const { peer: other } = peerOf("b");
  all.take(other, questions(1));
  await until("the other", () => answered.includes("b0"));
  expect(answered).toHaveLength(4);
});

test("who asks more than may wait is told so, and cut off", () => {
  const { all } = turns();
  const { peer, closed } = peerOf("a");
  for (let at = 0; at < 3; at++) all.take(peer, questions(16_384));
  expect(closed).toEqual(["OVERLOADED"]);
});
