import { expect, test } from "vitest";
import { cancelledWords, interruptedWords } from "../../cli/run/job.ts";
import { type AgentSize, type Need, whyWaiting } from "../../cli/run/waiting.ts";
import type { Outcome } from "../../frameworks/taskset/model.ts";
import { resources } from "../../sdk/index.ts";

function agent(
  cpus: number,
  mem: number,
  attributes: Readonly<Record<string, string>> = {},
  state: AgentSize["state"] = "active",
): AgentSize {
  const named = Object.entries(attributes).map(([name, text]) => ({ name, text }));
  const total = [...resources({ cpus, mem })];
  return { state, total, used: total, offered: [], agent: { attributes: named } };
}

/** An agent that has so many cpus in use, and so many offered to somebody. */
function partly(of: AgentSize, used: number, offered: number): AgentSize {
  return {
    ...of,
    used: [...resources({ cpus: used })],
    offered: [...resources({ cpus: offered })],
  };
}

const need = (cpus: number, mem: number, requires: Need["requires"] = {}): Need => ({
  resources: resources({ cpus, mem }),
  requires,
});

/** need, agents → why nothing is launched */
const reasons: readonly (readonly [Need, readonly AgentSize[], string])[] = [
  [need(1, 64), [], "there are no agents"],
  [need(1, 64), [agent(4, 1_024, {}, "disconnected")], "there are no agents"],
  [need(64, 64), [agent(1, 64), agent(2, 64)], "no agent has cpus 64; the largest has 2"],
  [need(1, 2_048), [agent(2, 1_024)], "no agent has mem 2048; the largest has 1024"],
  [need(0.5, 64), [agent(0.25, 64)], "no agent has cpus 0.5; the largest has 0.25"],
  [need(4, 2_048), [agent(4, 1_024), agent(2, 4_096)], "no agent has cpus 4 and mem 2048 at once"],
  [need(1, 64, { rack: "r1" }), [agent(2, 64)], "no agent has the attribute rack=r1"],
  [
    need(4, 64, { rack: "r1" }),
    [agent(2, 64, { rack: "r1" }), agent(8, 64)],
    "no agent has cpus 4; the largest has 2",
  ],
  [need(1, 64), [agent(2, 64)], "the one agent that could hold a task is busy"],
  [
    need(1, 64),
    [agent(2, 64), agent(2, 64), agent(0.5, 64)],
    "all 2 agents that could hold a task are busy",
  ],
  [
    need(1, 64),
    [partly(agent(2, 64), 1, 0.5), agent(2, 64)],
    "all 2 agents that could hold a task are busy",
  ],
  [
    need(1, 64),
    [partly(agent(2, 64), 1, 0), partly(agent(0.5, 64), 0, 0), agent(2, 64)],
    "an agent has room for a task, and it is not offered; `tepui explain framework f1` says why",
  ],
  [
    need(1, 64),
    [partly(agent(2, 64), 0, 0), partly(agent(2, 64), 0, 1)],
    "2 agents have room for a task, and it is not offered; `tepui explain framework f1` says why",
  ],
];

test.each(reasons)("case %#: a wait is explained", (asked, agents, why) => {
  expect(whyWaiting(asked, agents, "f1")).toBe(why);
});

const outcome = (attempts: number) => ({ attempts }) as Outcome;

test("an interrupted job says what it kills, and nothing of what does not run", () => {
  expect(interruptedWords(2)).toBe("interrupted: killing 2 running tasks");
  expect(interruptedWords(0)).toBe("interrupted: nothing runs yet");
});

test("what an interrupted job never started is told apart from what it killed", () => {
  const words = (cancelled: number, ...attempts: number[]) =>
    cancelledWords({ cancelled, outcomes: attempts.map(outcome) });
  expect(words(2, 1, 1)).toBe("killed 2 tasks");
  expect(words(1, 1, 0)).toBe("killed 1 task, 1 task was never started");
  expect(words(2, 1, 1, 0, 0)).toBe("killed 2 tasks, 2 tasks were never started");
  expect(words(0, 0)).toBe("1 task was never started");
  expect(words(0, 1)).toBe("killed 0 tasks");
});

test("a task whose end was not heard of is not said to be over", () => {
  const unheard = { attempts: 1, state: "TASK_UNKNOWN" } as Outcome;
  expect(cancelledWords({ cancelled: 1, outcomes: [unheard] })).toBe("1 task may still be running");
  const outcomes = [unheard, outcome(1), outcome(0)];
  expect(cancelledWords({ cancelled: 2, outcomes })).toBe(
    "killed 1 task, 1 task may still be running, 1 task was never started",
  );
});
