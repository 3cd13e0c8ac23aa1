import { readFileSync, statSync, writeFileSync } from "node:fs";
import { basename } from "node:path";
import { type Command, Option } from "commander";
import { errors, reasonOf } from "../../contract/errors.ts";
import { softwareVersion } from "../../wire/index.ts";
import { builtInPlugins } from "../built-in-plugins.ts";
import {
  type CliCommand,
  type CliContext,
  type CommonOptions,
  durationMs,
  plainCommand,
  wholeNumber,
} from "../context.ts";
import type { Output } from "../output.ts";
import { Progress } from "../progress.ts";

type Distribution = import("../../simulation/measure/quantiles.ts").Distribution;
type Extracted = import("../../simulation/workload/gathered.ts").Extracted;
type GenerateOptions = import("../../simulation/workload/generate.ts").GenerateOptions;
type PolicyResult = import("../../simulation/simulate.ts").PolicyResult;
type Workload = import("../../simulation/workload/model.ts").Workload;

interface SimulateCommandOptions extends CommonOptions {
  readonly policy: readonly string[];
  readonly set: readonly string[];
  readonly seed: number;
  readonly until?: number;
  readonly arrivals: "launched" | "subscribed";
  readonly html?: string;
}

const collect = (text: string, before: readonly string[]): string[] => [...before, text];

/** `tepui simulate`: what policies would make of a workload, beside each other. */
export const simulateCommand: CliCommand = {
  name: "simulate",
  build: (context: CliContext) =>
    plainCommand("simulate", "Run policies over a workload in virtual time, and compare them")
      .argument("<workload>", "a file of docs/workload.md, or a journal")
      .option("--policy <policy>", "a policy, or LABEL=POLICY; may be repeated", collect, [])
      .option("--set <policy.parameter=value>", "a setting; may be repeated", collect, [])
      .option("--seed <n>", "seed of the policies’ randomness", wholeNumber(0, 2 ** 32 - 1), 1)
      .option("--until <duration>", "stop at this time of the workload", durationMs)
      .addOption(arrivalsOption())
      .option("--html <file>", "write a page with plots")
      .action((file: string, options: SimulateCommandOptions) => compare(context, file, options))
      .addCommand(generateCommand(context))
      .addCommand(extractCommand(context)),
};

function arrivalsOption(): Option {
  return new Option("--arrivals <rule>", "of a journal: when its tasks arrive")
    .choices(["launched", "subscribed"])
    .default("launched");
}

function generateCommand(context: CliContext): Command {
  return plainCommand("generate", "Print a workload with heavy tails")
    .option("--seed <n>", "the same seed gives the same workload", wholeNumber(0, 2 ** 32 - 1), 1)
    .option("--agents <n>", "agents", wholeNumber(1, 100_000), 10)
    .option("--frameworks <n>", "frameworks, each in a role of its own", wholeNumber(1, 10_000), 6)
    .option("--jobs <n>", "jobs of one or more tasks", wholeNumber(1, 1_000_000), 1_500)
    .option("--load <part>", "work that comes in, by what the agents can do", part, 1)
    .addOption(
      new Option("--arrivals <distribution>", "of the gaps between jobs")
        .choices(["poisson", "pareto"])
        .default("poisson"),
    )
    .addOption(
      new Option("--durations <distribution>", "of the tasks’ durations")
        .choices(["lognormal", "pareto"])
        .default("lognormal"),
    )
    .option("--duration <duration>", "median of the durations", durationMs, 60_000)
    .action(async ({ duration, ...options }: GenerateOptions & { readonly duration: number }) => {
      const { generateWorkload } = await import("../../simulation/workload/generate.ts");
      await print(context, generateWorkload({ ...options, durationMs: duration }));
    });
}

function extractCommand(context: CliContext): Command {
  return plainCommand("extract", "Print the workload that is in a journal")
    .argument("<journal>", "the folder of a journal, or one of its files")
    .addOption(arrivalsOption())
    .action(async (path: string, { arrivals }: SimulateCommandOptions) => {
      const { extractWorkload } = await import("../../simulation/workload/extract.ts");
      const extracted = extractWorkload(path, arrivals);
      noteExtracted(context.output, extracted);
      await print(context, extracted.workload);
    });
}

function part(text: string): number {
  const value = Number(text);
  if (/^\d*\.?\d+$/.test(text) && value > 0) return value;
  throw errors.CLI_USAGE(`"${text}" is not a number above 0`);
}

/** Says what of a journal is not in the workload, and what only in part. */
function noteExtracted(output: Output, { unfinished, leftOut, isReweighed }: Extracted): void {
  for (const { part, tasks, why } of leftOut) {
    const much = tasks === 0 ? "" : `, with ${tasks} ${tasks === 1 ? "task" : "tasks"}`;
    output.warn(`${part} is not in the workload${much}: ${why}`);
  }
  if (isReweighed) {
    output.warn(
      "weights or quotas changed while tasks ran: those of the end are taken for all of it",
    );
  }
  if (unfinished === 0) return;
  output.warn(`${unfinished} tasks ran at the end of the journal: they are cut off there`);
}

async function print({ output }: CliContext, workload: Workload): Promise<void> {
  if (output.format === "json") {
    output.json(workload);
    return;
  }
  const { printWorkload } = await import("../../simulation/workload/print.ts");
  for (const line of printWorkload(workload)) output.line(line);
}

/** The workload of a file: a journal is known by being a folder, or by the name of its files. */
async function readWorkload(
  output: Output,
  path: string,
  arrivals: SimulateCommandOptions["arrivals"],
): Promise<Workload> {
  let text: string;
  try {
    if (statSync(path).isDirectory() || path.endsWith(".journal")) {
      const { extractWorkload } = await import("../../simulation/workload/extract.ts");
      const extracted = extractWorkload(path, arrivals);
      noteExtracted(output, extracted);
      return extracted.workload;
    }
    text = readFileSync(path, "utf8");
  } catch (thrown) {
    if (thrown instanceof Error && "syscall" in thrown) {
      throw errors.WORKLOAD_UNREADABLE(path, reasonOf(thrown));
    }
    throw thrown;
  }
  const { parseWorkload } = await import("../../simulation/workload/text.ts");
  return parseWorkload(text, path);
}

async function compare(
  context: CliContext,
  path: string,
  options: SimulateCommandOptions,
): Promise<void> {
  const { output, signal } = context;
  const { configure, loadPolicies, readChoice } = await import("../../simulation/policies.ts");
  const { simulate } = await import("../../simulation/simulate.ts");
  const workload = await readWorkload(output, path, options.arrivals);
  if (workload.agents.length === 0) throw errors.WORKLOAD_EMPTY(path, "agents");
  if (workload.jobs.length === 0) throw errors.WORKLOAD_EMPTY(path, "jobs");
  const chosen = options.policy.length === 0 ? ["drf"] : options.policy;
  const choices = configure(chosen.map(readChoice), options.set);
  const places = { from: process.cwd(), builtIn: builtInPlugins() };
  const policies = await loadPolicies(choices, places);
  // A page that cannot be written is told of before the work, and not after it.
  if (options.html !== undefined) writePage(options.html, "");
  const progress = new Progress(output, "simulate");
  const results = await simulate({
    workload,
    policies,
    seed: options.seed,
    untilMs: options.until ?? Number.MAX_SAFE_INTEGER,
    signal,
    onProgress: ({ policy, ended, tasks, faults }) => {
      const remark = faults === 0 ? policy : `${policy}, which failed ${faults} times`;
      progress.update({ done: ended, total: tasks, remark });
    },
  }).finally(() => progress.end());
  const tasks = workload.jobs.reduce((sum, job) => sum + job.tasks, 0);
  const agents = workload.agents.reduce((sum, { count }) => sum + count, 0);
  const { seed } = options;
  const about = { agents, frameworks: workload.frameworks.length, tasks, seed };
  if (options.html !== undefined) {
    const { pageHtml } = await import("../../simulation/report/page.ts");
    const title = `Policies over ${basename(path)}`;
    writePage(options.html, pageHtml(results, { ...about, title, software: softwareVersion() }));
    output.note(`wrote ${options.html}`);
  }
  if (output.format === "json") output.json({ workload: about, results });
  else await show(output, results);
}

function writePage(file: string, html: string): void {
  try {
    writeFileSync(file, html);
  } catch (thrown) {
    throw errors.CLI_FILE_UNWRITABLE(file, reasonOf(thrown));
  }
}

async function show(output: Output, results: readonly PolicyResult[]): Promise<void> {
  const { numberText, percentText, timeText } = await import("../../simulation/report/axis.ts");
  const { remarksOf } = await import("../../simulation/report/remarks.ts");
  const waits = ({ mean, p95 }: Distribution) => [timeText(mean), timeText(p95)];
  const scalars = [...new Set(results.flatMap(({ figures }) => Object.keys(figures.utilisation)))];
  const right = (title: string) => ({ title, align: "right" as const });
  output.table(
    [
      { title: "POLICY" },
      right("ENDED"),
      right("MAKESPAN"),
      right("WAIT"),
      right("WAIT P95"),
      ...scalars.map((name) => right(name.toUpperCase())),
      right("FAIRNESS"),
      right("ROUNDS"),
      right("DECISIONS"),
      right("US/DECISION"),
    ],
    results.map(({ label, figures, rounds, decisions, costs }) => [
      label,
      figures.ended,
      timeText(figures.makespanMs),
      ...waits(figures.waitMs),
      ...scalars.map((name) => percentText(figures.utilisation[name] ?? 0)),
      figures.fairnessMean?.toFixed(3),
      rounds,
      decisions,
      numberText(costs.decisionMicros),
    ]),
  );
  for (const result of results) {
    for (const remark of remarksOf(result)) output.warn(`${result.label}: ${remark}`);
  }
}
