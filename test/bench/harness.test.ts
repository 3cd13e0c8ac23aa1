import { expect, test } from "vitest";
import { BenchError } from "../../bench/harness/bench.ts";
import { checkSettings, helpOf, nearest, readCommand } from "../../bench/harness/command.ts";
import { describeMachine, jsonOf, tableOf } from "../../bench/harness/report.ts";
import { numberOf, wordOf } from "../../bench/harness/settings.ts";

const names = ["allocation", "launch", "codec"];

function refusal(args: readonly string[], among = names): string {
  try {
    readCommand(args, among);
  } catch (error) {
    if (error instanceof BenchError) return error.message;
    throw error;
  }
  return "";
}

test("a command line names one benchmark, and what the harness does not know is passed on", () => {
  const args = ["launch", "--json", "out.json", "--agents", "100", "--quick"];
  expect(readCommand(args, names)).toEqual({
    name: "launch",
    jsonFile: "out.json",
    quick: true,
    help: false,
    settings: { agents: "100" },
  });
});

test("a wrong command line is refused with a code and with what would be right", () => {
  expect(refusal(["alocation"])).toBe(
    'BENCH_UNKNOWN: no benchmark "alocation"; did you mean "allocation"? ' +
      "there are: allocation, codec, launch",
  );
  expect(refusal(["zzz"])).toBe(
    'BENCH_UNKNOWN: no benchmark "zzz"; there are: allocation, codec, launch',
  );
  expect(refusal([])).toBe(
    "BENCH_ARGUMENT: name a benchmark; there are: allocation, codec, launch",
  );
  expect(refusal([], [])).toBe("BENCH_ARGUMENT: name a benchmark; there are: none yet");
  expect(refusal(["launch", "codec"])).toContain("BENCH_ARGUMENT");
  expect(refusal(["launch", "--json"])).toBe("BENCH_ARGUMENT: --json needs a value");
});

test("a setting that a benchmark does not take, or of the wrong kind, is refused", () => {
  const declared = { seconds: "how long", journal: "on or off" };
  expect(() => checkSettings({ seconds: "1" }, declared)).not.toThrow();
  expect(() => checkSettings({ second: "1" }, declared)).toThrow(
    'BENCH_ARGUMENT: --second is unknown; did you mean "--seconds"? it takes --seconds, --journal',
  );
  expect(() => checkSettings({ zzz: "1" })).toThrow("it takes no settings of its own");
  expect(numberOf({ seconds: "5" }, "seconds", 1)).toBe(5);
  expect(numberOf({}, "seconds", undefined)).toBeUndefined();
  expect(() => numberOf({ seconds: "-1" }, "seconds", 1)).toThrow("BENCH_ARGUMENT: --seconds -1");
  expect(wordOf({ journal: "on" }, "journal", ["on", "off"], "off")).toBe("on");
  expect(() => wordOf({ journal: "yes" }, "journal", ["on", "off"], "off")).toThrow(
    "--journal yes: it is one of on, off",
  );
  expect(helpOf("launch", declared)).toContain("--journal    on or off");
});

test("the nearest name is the one with the fewest edits, and nothing when all are far", () => {
  expect(nearest("lunch", names)).toBe("launch");
  expect(nearest("codecs", names)).toBe("codec");
  expect(nearest("x", names)).toBeUndefined();
  expect(nearest("launch", [])).toBeUndefined();
});

test("rows of different shapes become one aligned table, numbers to the right", () => {
  const rows = [
    { policy: "drf", agents: 1000, fullMs: 0.123456 },
    { policy: "first-fit", agents: 50000, fullMs: 12345.678, hash: "ab" },
  ];
  expect(tableOf(rows)).toBe(
    [
      "policy     agents  fullMs  hash",
      "drf          1000  0.1235  -",
      "first-fit   50000   12346  ab",
    ].join("\n"),
  );
});

test("the JSON holds bench, machine and rows, the machine with its load", () => {
  const machine = describeMachine();
  expect(machine.cores).toBeGreaterThan(0);
  expect(machine.loadAverage).toHaveLength(3);
  const report = { bench: "launch", machine, rows: [{ agents: 1, fullMs: 0.5 }] };
  expect(JSON.parse(jsonOf(report))).toEqual(report);
});
