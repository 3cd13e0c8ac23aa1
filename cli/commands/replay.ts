import { printBytes } from "../../contract/units.ts";
import { builtInPlugins } from "../built-in-plugins.ts";
import { timeCell } from "../cells.ts";
import { type CliCommand, type CliContext, type CommonOptions, plainCommand } from "../context.ts";
import { exitCodes } from "../exit-codes.ts";
import type { Output } from "../output.ts";
import { Progress } from "../progress.ts";

type Gap = import("../../simulation/replay/gaps.ts").Gap;
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
  const { isDamaged, replay: run } = await import("../../simulation/replay/replay.ts");
  const { modulesIn } = await import("../../simulation/replay/modules.ts");
  const progress = new Progress(output, "replay");
  const report = await run({
    path,
    findModule: modulesIn([...(policyDir === undefined ? [] : [policyDir]), ...builtInPlugins()]),
    signal,
    onProgress: ({ segments, segmentsTotal, rounds }) =>
      progress.update({ done: segments, total: segmentsTotal, remark: `round ${rounds}` }),
  }).finally(() => progress.end());
  const damaged = isDamaged(report);
  if (report.difference !== undefined) context.exitWith(exitCodes.failure);
  else if (damaged) context.exitWith(exitCodes.data);
  if (output.format === "json") {
    output.json({ ok: report.difference === undefined && !damaged, ...report });
    return;
  }
  print(output, report, damaged);
}

function print(output: Output, report: ReplayReport, isDamaged: boolean): void {
  const { stretches, skipped, ends, gaps, difference } = report;
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
  for (const { file, offset, problem, isDamaged: isBroken } of ends) {
    const what = isBroken ? "is damaged" : "ends torn";
    output.warn(`${file} ${what} at byte ${offset} (${printBytes(offset)}): ${problem}`);
  }
  for (const gap of gaps) printGap(output, gap);
  if (difference !== undefined) printDifference(output, difference);
  else if (isDamaged) {
    output.line("every decision that could be read was reproduced; the rest is lost");
  } else if (ends.length + gaps.length > 0) {
    output.line("every decision that is in the journal was reproduced");
  } else output.line("every decision was reproduced");
}

function printGap(output: Output, { file, files, turns, offUntilMs }: Gap): void {
  const missing = [
    ...(files > 0 ? [`${files} ${files === 1 ? "file" : "files"}`] : []),
    ...(turns > 0 ? [`${turns} ${turns === 1 ? "turn" : "turns"}`] : []),
  ];
  if (missing.length > 0) output.warn(`missing before ${file}: ${missing.join(" with ")}`);
  if (offUntilMs === undefined) return;
  const time = new Date(offUntilMs).toISOString();
  output.warn(`before ${file} the journal was off, until ${time}: what happened then is not in it`);
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
