import { printBytes } from "../../contract/units.ts";
import { builtInPlugins } from "../built-in-plugins.ts";
import { timeCell } from "../cells.ts";
import { type CliCommand, type CliContext, type CommonOptions, plainCommand } from "../context.ts";
import { exitCodes } from "../exit-codes.ts";
import type { Output } from "../output.ts";
import { Progress } from "../progress.ts";

type Difference = import("../../simulation/replay/difference.ts").Difference;
type ReplayReport = import("../../simulation/replay/replay.ts").ReplayReport;
type Stretch = import("../../simulation/replay/replay.ts").Stretch;

interface ReplayCommandOptions extends CommonOptions {
  readonly policyDir?: string;
}

/** `tepui replay JOURNAL`: whether the recorded decisions come out again. */
export const replayCommand: CliCommand = {
  name: "replay",
  build: (context: CliContext) =>
    plainCommand("replay", "Decide again what a journal says was decided, and compare")
      .argument("<journal>", "the folder of a journal, or one of its files")
      .option("--policy-dir <dir>", "a folder with policies that the journal does not carry")
      .action((path: string, options: ReplayCommandOptions) => replay(context, path, options)),
};

async function replay(
  context: CliContext,
  path: string,
  { policyDir }: ReplayCommandOptions,
): Promise<void> {
  const { output, signal } = context;
  const { replay: run } = await import("../../simulation/replay/replay.ts");
  const { modulesIn } = await import("../../simulation/replay/modules.ts");
  const progress = new Progress(output, "replay");
  const report = await run({
    path,
    findModule: modulesIn([...(policyDir === undefined ? [] : [policyDir]), ...builtInPlugins()]),
    signal,
    onProgress: ({ segments, segmentsTotal, rounds }) =>
      progress.update({ done: segments, total: segmentsTotal, remark: `round ${rounds}` }),
  }).finally(() => progress.end());
  const isDamaged = report.ends.some((end) => end.isDamaged);
  if (report.difference !== undefined) context.exitWith(exitCodes.failure);
  else if (isDamaged) context.exitWith(exitCodes.data);
  if (output.format === "json") {
    output.json({ ok: report.difference === undefined && !isDamaged, ...report });
    return;
  }
  print(output, report);
}

function print(output: Output, { stretches, skipped, ends, difference }: ReplayReport): void {
  output.table(
    [
      { title: "MASTER" },
      { title: "FROM" },
      { title: "TO" },
      { title: "FILES", align: "right" },
      { title: "TURNS", align: "right" },
      { title: "INPUTS", align: "right" },
      { title: "ROUNDS", align: "right" },
      { title: "DECISIONS", align: "right" },
      { title: "TAKEN", align: "right" },
    ],
    stretches.map(cellsOf),
  );
  for (const file of skipped) output.warn(`${file} cannot be replayed: its beginning is missing`);
  for (const { file, offset, problem, isDamaged } of ends) {
    const what = isDamaged ? "is damaged" : "ends torn";
    output.warn(`${file} ${what} at byte ${offset} (${printBytes(offset)}): ${problem}`);
  }
  if (difference !== undefined) printDifference(output, difference);
  else if (skipped.length > 0 || ends.some(({ isDamaged }) => isDamaged)) {
    output.line("every decision that could be read was reproduced; the rest is lost");
  } else output.line("every decision was reproduced");
}

function cellsOf({ run, files, fromMs, toMs, ...counts }: Stretch) {
  const { turns, inputs, rounds, decisions, taken } = counts;
  const times = [timeCell(fromMs), timeCell(toMs)];
  return [run, ...times, files.length, turns, inputs, rounds, decisions, taken];
}

function printDifference(output: Output, difference: Difference): void {
  const { what, round, row, path, turn, nowMs, policy, digest } = difference;
  const time = new Date(nowMs).toISOString();
  const place = row === undefined ? `round ${round}` : `round ${round}, row ${row}`;
  const where = what === "round" ? place : `the state after round ${round} at ${path}`;
  output.line(`first difference: ${where}, turn ${turn}, ${time}, policy ${policy}`);
  if (digest !== "") output.line(`  digest      ${digest}`);
  output.line(`  recorded    ${difference.recorded}`);
  output.line(`  reproduced  ${difference.reproduced}`);
}
