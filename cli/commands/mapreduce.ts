import { statSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { errors, reasonOf } from "../../contract/errors.ts";
import { shownKey } from "../../frameworks/mapreduce/records.ts";
import type { InputFile } from "../../frameworks/mapreduce/splits.ts";
import {
  amount,
  type CliCommand,
  type CliContext,
  type MasterOptions,
  masterCommand,
  wholeNumber,
} from "../context.ts";
import { filesBelow } from "../mapreduce/inputs.ts";
import { builtInJob, figureLines, runJobShown } from "../mapreduce/job.ts";
import { topWords } from "../mapreduce/word-count.ts";
import { mastersOf } from "../master-client.ts";

interface MapReduceOptions extends MasterOptions {
  readonly job: string;
  readonly reducers: number;
  readonly chunk?: number;
  readonly locality?: string;
  readonly role?: string;
  readonly top?: number;
}

/** `tepui mapreduce INPUT…`: a map and reduce job over files that all agents can read. */
export const mapReduceCommand: CliCommand = {
  name: "mapreduce",
  build: (context: CliContext) =>
    masterCommand("mapreduce", "Run a map and reduce job over files")
      .argument("<input...>", "files, or folders with all that is below them")
      .option(
        "--job <job>",
        "wordcount, or a module of your own, see docs/frameworks.md",
        "wordcount",
      )
      .option("--reducers <n>", "reduce tasks", wholeNumber(1, 1000), 4)
      .option("--chunk <mb>", "megabytes of input for each map task", chunkBytes)
      .option("--locality <name>", "attribute of agents that says where they are")
      .option("--role <role>", "role to run in")
      .option("--top <n>", "only the n largest numbers, the largest first", wholeNumber(1, 1e9))
      .action((inputs: readonly string[], options: MapReduceOptions) =>
        mapReduce(context, inputs, options),
      ),
};

async function mapReduce(
  context: CliContext,
  inputs: readonly string[],
  options: MapReduceOptions,
): Promise<void> {
  const { output } = context;
  const { job, reducers, chunk, locality, role, top } = options;
  const isPath = /[/\\.]/.test(job);
  const module = isPath ? resolve(job) : builtInJob(job);
  if (module === undefined) {
    throw errors.CLI_USAGE(`there is no job "${job}"`, "wordcount, or the path of a module");
  }
  const { records, figures } = await runJobShown(context, {
    name: isPath ? "mapreduce" : job,
    module,
    root: "/",
    inputs: inputs.flatMap(inputFiles),
    reducers,
    masters: mastersOf(options, context),
    ...(chunk === undefined ? {} : { chunkBytes: chunk }),
    ...(locality === undefined ? {} : { localityAttribute: locality }),
    ...(role === undefined ? {} : { role }),
  });
  const byKey = [...records].sort(([a], [b]) => (a < b ? -1 : 1));
  const shown = top === undefined ? byKey : topWords(records, top);
  // A list, since an object would put keys that are whole numbers first.
  const list = () => shown.map(([key, value]) => ({ key, value }));
  if (output.format === "json") output.json({ figures, records: list() });
  else {
    for (const [key, value] of shown) output.line(`${shownKey(key)}\t${JSON.stringify(value)}`);
    for (const line of ["", ...figureLines(figures)]) output.note(line);
  }
}

/** Bytes of so many megabytes, at least a thousand: for less, tasks cost more than their work. */
function chunkBytes(text: string): number {
  const bytes = Math.round(amount(text) * 1e6);
  if (bytes >= 1_000) return bytes;
  throw errors.CLI_USAGE(`"${text}" is too little for a map task`, "0.001 megabytes at least");
}

/** A file, or all files below a folder, by their paths from the root of the file system. */
function inputFiles(input: string): readonly InputFile[] {
  const path = resolve(input);
  try {
    const files = statSync(path).isDirectory()
      ? filesBelow(path, () => true).map((file) => ({ ...file, path: `${path}/${file.path}` }))
      : [{ path, bytes: statSync(path).size }];
    return files.map((file) => ({ ...file, path: file.path.slice(1) }));
  } catch (thrown) {
    throw errors.CLI_USAGE(`${input} cannot be read: ${reasonOf(thrown)}`, `in ${dirname(path)}`);
  }
}
