import { expect, test } from "vitest";
import { openLog } from "../../kernel/host/pino-log.ts";
import { LogVerbosity } from "../../kernel/host/verbosity.ts";
import { HandClock } from "../support/hand-clock.ts";

/** A log, a logger that a plugin was given before, and what the two write. */
function setUp(level: "debug" | "info" | "silent") {
  const lines: string[] = [];
  const log = openLog(
    { level, name: "test" },
    { write: (line) => void lines.push(JSON.parse(line).msg) },
  );
  const plugin = log.child({ plugin: "p" }).child({ part: "q" });
  const clock = new HandClock();
  const verbosity = new LogVerbosity(log, level, clock);
  const written = (): string[] => {
    log.debug("debug");
    plugin.debug("plugin's debug");
    plugin.info("plugin's info");
    return lines.splice(0);
  };
  return { clock, verbosity, written };
}

const all = ["debug", "plugin's debug", "plugin's info"];
const minuteMs = 60_000;

test("the log says more for a while, that of plugins too, and then what it said before", () => {
  const { clock, verbosity, written } = setUp("info");
  expect([verbosity.level(), written()]).toEqual([0, ["plugin's info"]]);
  verbosity.set(3, minuteMs);
  expect([verbosity.level(), written()]).toEqual([3, all]);
  clock.move(minuteMs - 1);
  expect(written()).toEqual(all);
  clock.move(1);
  expect([verbosity.level(), written()]).toEqual([0, ["plugin's info"]]);
});

test("a later request counts, and 0 ends it at once", () => {
  const { clock, verbosity, written } = setUp("silent");
  verbosity.set(1, minuteMs);
  clock.move(minuteMs / 2);
  verbosity.set(2, minuteMs);
  clock.move(minuteMs / 2);
  expect([verbosity.level(), written()]).toEqual([2, all]);
  verbosity.set(0, minuteMs);
  expect([verbosity.level(), written()]).toEqual([0, []]);
});

test("a log never says less than it is configured to", () => {
  const { verbosity, written } = setUp("debug");
  expect(verbosity.level()).toBe(1);
  expect(() => verbosity.set(0, minuteMs)).toThrow(/'0' < original level 1/);
  expect(written()).toEqual(all);
});

test("months are longer than a timer can be set for, and are kept", () => {
  const { clock, verbosity, written } = setUp("info");
  const monthsMs = 2 ** 31 * 2;
  verbosity.set(1, monthsMs);
  clock.move(monthsMs - 1);
  expect(written()).toEqual(all);
  clock.move(1);
  expect(written()).toEqual(["plugin's info"]);
});

test("a log that cannot be written to is named", () => {
  expect(() => openLog({ level: "info", name: "test", file: "/dev/null/log" })).toThrow(
    expect.objectContaining({ code: "LOG_FILE_UNUSABLE" }),
  );
});
