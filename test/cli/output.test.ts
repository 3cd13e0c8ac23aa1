import { expect, test } from "vitest";
import { agentRow } from "../../cli/commands/agents.ts";
import { eventLine } from "../../cli/commands/events.ts";
import { taskRow } from "../../cli/commands/ps.ts";
import { statusRows } from "../../cli/commands/status.ts";
import { Output } from "../../cli/output.ts";
import { Progress, progressLine } from "../../cli/progress.ts";
import { commandOf, remarkOf } from "../../cli/run/job.ts";
import { tableLines } from "../../cli/table.ts";
import { errors } from "../../contract/errors.ts";
import type { AgentView, ClusterEvent, TaskView } from "../../sdk/index.ts";
import { TextSink } from "./run-cli.ts";

const task = {
  task: {
    taskId: "sleep-1f",
    frameworkId: "F-0000",
    agentId: "M-S0",
    name: "sleep",
    role: "*",
    resources: [
      { name: "cpus", scalar: 100 },
      { name: "mem", scalar: 16_000 },
    ],
    state: "TASK_FAILED",
    statuses: [{ taskId: "sleep-1f", state: "TASK_FAILED", exitCode: 3 }],
    launchedMs: 1_700_000_000_123,
  },
  frameworkName: "run sleep",
  hostname: "agent-1",
} as unknown as TaskView;

test("a table is aligned, ends no line in spaces, and is the same every time", () => {
  const columns = [{ title: "NAME" }, { title: "N", align: "right" }, { title: "LAST" }] as const;
  const rows = [
    ["a", 1, ""],
    ["longer", 1000, "x"],
  ];
  expect(tableLines(columns, rows)).toEqual([
    "NAME       N  LAST",
    "a          1  -",
    "longer  1000  x",
  ]);
  expect(tableLines(columns, [])).toEqual(["NAME  N  LAST"]);
});

test("a name cannot move the cursor", () => {
  expect(tableLines([{ title: "NAME" }], [["a\u001b[2Jb\nc"]])[1]).toBe("a [2Jb c");
});

test("a task's row shows how it ended, where, and what it was given", () => {
  const [line = ""] = tableLines(
    Array.from({ length: 10 }, () => ({ title: "" })),
    [taskRow(task)],
  ).slice(1);
  expect(line).toBe(
    "sleep-1f  sleep  FAILED  3  run sleep  *  agent-1  0.1  16  2023-11-14T22:13:20Z",
  );
});

test("an agent's row shows use, total and attributes", () => {
  const view = {
    agent: {
      id: "M-S0",
      hostname: "agent-1",
      ip: "127.0.0.1",
      port: 5051,
      attributes: [
        { name: "rack", text: "r1" },
        { name: "generation", scalar: 3_000 },
      ],
    },
    state: "active",
    total: [{ name: "cpus", scalar: 2_000 }],
    used: [{ name: "cpus", scalar: 500 }],
    tasks: 5,
  } as unknown as AgentView;
  const cells = agentRow(view);
  expect(cells.slice(3)).toEqual(["127.0.0.1:5051", 5, "0.5/2", "0/0", "rack:r1;generation:3"]);
});

test("an event is one line of facts", () => {
  const event = {
    kind: "task-updated",
    timeMs: 0,
    taskId: "t",
    state: "TASK_FAILED",
    status: { exitCode: 0 },
    message: "a b",
  } as unknown as ClusterEvent;
  expect(eventLine(event)).toBe(
    '1970-01-01T00:00:00Z task-updated      task=t state=TASK_FAILED exit=0 message="a b"',
  );
});

test("colours are for terminals, and not with NO_COLOR", () => {
  const painted = (isTTY: boolean, environment: Record<string, string>): string => {
    const out = new TextSink(isTTY);
    const output = new Output({ out, error: new TextSink(), environment });
    output.table([{ title: "S" }], [[{ text: "up", tone: "good" }]]);
    return out.text;
  };
  expect(painted(true, {})).toContain("\u001b[32mup");
  expect(painted(true, { NO_COLOR: "1" })).toBe("S\nup\n");
  expect(painted(false, {})).toBe("S\nup\n");
});

test("an error is its code and message, then where, details and hint", () => {
  const error = new TextSink();
  const output = new Output({ out: new TextSink(), error, environment: {} });
  output.error(errors.TASK_ID_AMBIGUOUS("t", ["t1", "t2"]));
  expect(error.text).toBe(
    'error[TASK_ID_AMBIGUOUS]: "t" fits 2 tasks\n  where: task t\n  - t1\n  - t2\n' +
      "  hint: write more of its id, or name its framework where that can be said\n",
  );
});

test("progress is a line every two seconds off a terminal, and the last state is always shown", () => {
  const error = new TextSink();
  let nowMs = 0;
  const output = new Output({ out: new TextSink(), error, environment: {} });
  const progress = new Progress(output, "run", () => nowMs);
  for (let done = 0; done <= 100; done++) {
    progress.update({ done, total: 100 });
    nowMs += 50;
  }
  progress.end();
  const counts = error.text
    .trim()
    .split("\n")
    .map((line) => line.split(" ").at(-1));
  expect(counts).toEqual(["0/100", "40/100", "80/100", "100/100"]);
});

test("progress on a terminal is one line that is drawn over and over, and notes do not break it", () => {
  const error = new TextSink(true);
  const output = new Output({ out: new TextSink(true), error, environment: { NO_COLOR: "1" } });
  const progress = new Progress(output, "run", () => 0);
  progress.update({ done: 1, total: 2 });
  output.note("an agent is lost");
  progress.end();
  const bar = progressLine("run", { done: 1, total: 2 });
  expect(bar).toBe("run [############............]  50% 1/2");
  const clear = "\r\u001b[K";
  expect(error.text).toBe(`${clear}${bar}${clear}an agent is lost\n${bar}${clear}${bar}\n`);
});

test("what somebody killed is not called failed beside the bar", () => {
  const counts = { live: 3, failed: 0, killed: 0, retries: 0, reruns: 0 };
  expect(remarkOf(counts)).toBe("3 running");
  expect(remarkOf({ ...counts, killed: 2 })).toBe("3 running, 2 killed");
  expect(remarkOf({ ...counts, failed: 1, killed: 2, reruns: 4 })).toBe(
    "3 running, 1 failed, 2 killed, 4 repeated",
  );
});

test("one word is a shell command, several are an argument list, and each knows its index", () => {
  const index = { name: "TEPUI_TASK_INDEX", value: "7" };
  expect(commandOf(["echo $HOME"], 7, {})).toEqual({
    value: "echo $HOME",
    shell: true,
    environment: [index],
  });
  expect(commandOf(["sh", "-c", "exit 3"], 7, { env: { A: "b=c" } })).toEqual({
    value: "sh",
    shell: false,
    arguments: ["sh", "-c", "exit 3"],
    environment: [{ name: "A", value: "b=c" }, index],
  });
});

test("the status names what there is, and leaves out what there is none of", () => {
  const rows = statusRows({
    name: "lab",
    master: { id: "M", ip: "10.0.0.1", port: 5050, hostname: "m1", version: "1.2.3" },
    startedMs: 1_700_000_000_000,
    policy: { name: "drf", digest: "0123456789abcdef" },
    agents: { active: 3, disconnected: 1, unreachable: 0 },
    frameworks: {},
    tasks: { TASK_RUNNING: 2, TASK_FAILED: 0 },
    offers: 4,
    total: [
      { name: "cpus", scalar: 8_000 },
      { name: "mem", scalar: 1_024_000 },
    ],
    used: [{ name: "cpus", scalar: 500 }],
    offered: [],
  } as unknown as Parameters<typeof statusRows>[0]);
  expect(Object.fromEntries(rows)).toEqual({
    cluster: "lab",
    master: "10.0.0.1:5050 (m1), 1.2.3",
    "leads since": "2023-11-14T22:13:20Z",
    policy: "drf 0123456789ab",
    agents: "3 active, 1 disconnected",
    frameworks: "none",
    tasks: "2 running",
    "offers out": "4",
    "cpus used": "0.5/8",
    "mem used": "0/1024 MB",
  });
});

test("what is shown again takes the place of what was there on a terminal, and follows it off one", () => {
  const printed = (isTTY: boolean): string => {
    const out = new TextSink(isTTY);
    const output = new Output({ out, error: new TextSink(), environment: {} });
    for (const text of ["one", "two"]) {
      output.page();
      output.line(text);
    }
    return out.text;
  };
  expect(printed(false)).toBe("one\n\ntwo\n");
  expect(printed(true)).toBe("\u001b[H\u001b[2Jone\n\u001b[H\u001b[2Jtwo\n");
});
