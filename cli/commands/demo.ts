import { errors } from "../../contract/errors.ts";
import type { InputFile } from "../../frameworks/mapreduce/splits.ts";
import { type CliCommand, type CliContext, plainCommand } from "../context.ts";
import type { LocalCluster } from "../local/local-cluster.ts";
import { demoInputs } from "../mapreduce/inputs.ts";
import { builtInJob, figureLines, runJobShown } from "../mapreduce/job.ts";
import { countWords, firstDifference, topWords } from "../mapreduce/word-count.ts";
import { Progress } from "../progress.ts";
import {
  announce,
  type LocalOptions,
  localFlags,
  startLocal,
  stopLocal,
  untilInterrupted,
} from "./local.ts";

const AGENTS = 3;
const TOP_WORDS = 15;

interface DemoOptions extends LocalOptions {
  readonly once?: boolean;
}

/** `tepui demo`, which is `npm start`: a local cluster that counts words, and stays for more. */
export const demoCommand: CliCommand = {
  name: "demo",
  build: (context: CliContext) =>
    localFlags(plainCommand("demo", "Start a local cluster and count words on it"))
      .option("--once", "end after the count")
      .action((options: DemoOptions) => demo(context, options)),
};

async function demo(context: CliContext, options: DemoOptions): Promise<void> {
  const { output, signal } = context;
  const cluster = await startLocal(context, options, AGENTS);
  try {
    await countOnCluster(context, cluster);
    if (options.once) return;
    output.line();
    announce(output, cluster);
    await untilInterrupted(signal);
  } finally {
    await stopLocal(output, cluster);
  }
}

async function countOnCluster(context: CliContext, cluster: LocalCluster): Promise<void> {
  const { output } = context;
  const { root, inputs } = demoInputs();
  const megabytes = inputs.reduce((sum, { bytes }) => sum + bytes, 0) / 1e6;
  output.note(
    `counting the words of ${inputs.length} files (${megabytes.toFixed(1)} MB) in ${root}`,
  );
  const module = builtInJob("wordcount");
  if (module === undefined) throw errors.JOB_INVALID("wordcount is not built", "npm run build");
  const job = { name: "wordcount", module, root, inputs, masters: cluster.address };
  const { records, figures } = await runJobShown(context, job);
  // Sources are full of numbers and single letters, which nobody calls words.
  const words = new Map([...records].filter(([word]) => /^\p{L}{3,}$/u.test(word)));
  const top = topWords(words, TOP_WORDS);
  if (output.format !== "json") {
    output.table(
      [{ title: "WORD" }, { title: "COUNT", align: "right" }],
      top.map(([word, count]) => [word, count]),
    );
    output.line();
    for (const line of figureLines(figures)) output.line(line);
  }
  await check(context, root, inputs, records);
  if (output.format === "json") {
    output.json({ top: Object.fromEntries(top), words: records.size, isRight: true, figures });
  } else {
    output.line();
    output.line(`The count of all ${records.size} words is the same as that of a single process.`);
  }
}

/** Counts again without the cluster. @throws DEMO_RESULT_WRONG */
async function check(
  { output, signal }: CliContext,
  root: string,
  inputs: readonly InputFile[],
  records: ReadonlyMap<string, unknown>,
): Promise<void> {
  const progress = new Progress(output, "check");
  const total = inputs.length;
  try {
    const right = await countWords(
      root,
      inputs,
      (done) => progress.update({ done, total }),
      signal,
    );
    const difference = firstDifference(records, right);
    if (difference !== undefined) throw errors.DEMO_RESULT_WRONG(difference);
  } catch (thrown) {
    if (signal.aborted) throw errors.CLI_INTERRUPTED("the count was not checked");
    throw thrown;
  } finally {
    progress.end();
  }
}
