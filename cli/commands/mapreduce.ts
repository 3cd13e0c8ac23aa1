import { randomBytes } from "node:crypto";
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { errors, reasonOf } from "../../contract/errors.ts";
import type { JobFigures } from "../../frameworks/mapreduce/figures.ts";
import type { JobProgress, MapReduceJob, MapReduceResult } from "../../frameworks/mapreduce/job.ts";
import { builtInJob, loadJobModule } from "../../frameworks/mapreduce/job-module.ts";
import { recordLine } from "../../frameworks/mapreduce/records.ts";
import { runMapReduce } from "../../frameworks/mapreduce/run.ts";
import { resources } from "../../sdk/index.ts";
import { type CommonOptions, type Context, reachMaster } from "../context.ts";
import { exitCodes } from "../exit-codes.ts";
import { numberFlag } from "../flags.ts";
import { count, megabytes, seconds, shortId } from "../format/words.ts";
import { listInputs } from "../input-files.ts";
import { Progress } from "../progress.ts";

/** Options of `mapreduce`, as they are written. */
export interface MapReduceCommandOptions extends CommonOptions {
  readonly name?: string;
  readonly reducers: string;
  readonly chunk: string;
  readonly cpus: string;
  readonly mem: string;
  readonly retries: string;
  readonly role: string;
  readonly top?: string;
  readonly output?: string;
}

/** `tepui mapreduce MODULE FILE…`: runs a job over files and folders and prints its results. */
export async function mapreduce(
  context: Context,
  module: string,
  inputs: readonly string[],
  options: MapReduceCommandOptions,
): Promise<number> {
  const file = builtInJob(module) ?? resolve(context.cwd, module);
  await loadJobModule(file).catch((thrown: unknown) => {
    throw errors.JOB_INVALID(reasonOf(thrown), module);
  });
  const { root, files } = listInputs(context.cwd, inputs);
  const need = resources({
    cpus: numberFlag("--cpus", options.cpus),
    mem: numberFlag("--mem", options.mem),
  });
  const name = options.name ?? "mapreduce";
  const job: MapReduceJob = {
    id: `${name.replace(/[^\w.-]/g, "_")}-${randomBytes(3).toString("hex")}`,
    module: file,
    root,
    inputs: files,
    reducers: numberFlag("--reducers", options.reducers, { whole: true, least: 1 }),
    chunkBytes: numberFlag("--chunk", options.chunk, { least: 0.001 }) * 1e6,
    mapResources: need,
    reduceResources: need,
    retries: numberFlag("--retries", options.retries, { whole: true }),
  };
  const masters = await reachMaster(context, options);
  const result = await runJob(context, job, masters, name, options.role);
  sayResult(context, result, options);
  return exitCodes.ok;
}

/** Runs a job and shows how far it is. */
export async function runJob(
  context: Context,
  job: MapReduceJob,
  masters: readonly string[],
  name: string,
  role = "*",
): Promise<MapReduceResult> {
  const { out } = context;
  const progress = new Progress(out);
  try {
    return await runMapReduce(job, {
      masters,
      framework: { name, roles: [role] },
      signal: context.signal,
      onProgress: (state) => showProgress(progress, state),
      onTrouble: (what) => out.note(what),
    });
  } finally {
    progress.end();
  }
}

function showProgress(progress: Progress, state: JobProgress): void {
  const { maps, mapsDone, reduces, reducesDone, counts } = state;
  const words = [`tasks: ${mapsDone}/${maps} maps, ${reducesDone}/${reduces} reduces`];
  words.push(`${counts.live} running`);
  if (counts.retries > 0) words.push(`${counts.retries} retried`);
  if (counts.reruns > 0) words.push(`${counts.reruns} rerun`);
  if (counts.speculative > 0) words.push(`${counts.speculative} speculative`);
  progress.show(mapsDone + reducesDone, maps + reduces, words.join(", "));
}

function sayResult(
  context: Context,
  { records, figures }: MapReduceResult,
  options: MapReduceCommandOptions,
): void {
  const { out } = context;
  if (options.output !== undefined) {
    const file = resolve(context.cwd, options.output);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, [...records].map(([key, value]) => recordLine(key, value)).join(""));
    out.note(`${count(records.size, "record")} in ${options.output}`);
  }
  const top =
    options.top === undefined ? undefined : numberFlag("--top", options.top, { whole: true });
  const shown = top === undefined ? [...records] : topRecords(records, top);
  if (out.format !== "table") out.data({ figures, records: Object.fromEntries(shown) });
  else if (options.output === undefined) {
    for (const [key, value] of shown) out.line(`${key}  ${JSON.stringify(value)}`);
  }
  for (const line of figureLines(figures)) out.note(line);
}

/** The records with the largest numbers, ties in order of keys. */
export function topRecords(
  records: ReadonlyMap<string, unknown>,
  most: number,
): [string, unknown][] {
  return [...records]
    .sort(([a, x], [b, y]) => Number(y) - Number(x) || (a < b ? -1 : 1))
    .slice(0, most);
}

/** The figures of a job for people. */
export function figureLines(figures: JobFigures): string[] {
  const { tasks, maps, reduces, launched, retries, reruns, speculative } = figures;
  const lines = [
    `${count(tasks, "task")} (${maps} maps, ${reduces} reduces), ${launched} launched: ` +
      `${retries} retried, ${reruns} rerun, ${speculative} speculative`,
    `${megabytes(figures.inputBytes)} in ${seconds(figures.elapsedMs)}, ` +
      `${figures.megabytesPerSecond.toFixed(1)} MB/s`,
  ];
  if (figures.local + figures.remote > 0) {
    lines.push(`${figures.local} maps near their input, ${figures.remote} elsewhere`);
  }
  for (const { agentId, hostname, maps: mapped, reduces: reduced, bytes } of figures.agents) {
    const share = figures.inputBytes === 0 ? 0 : Math.round((100 * bytes) / figures.inputBytes);
    const agent = `${hostname} ${shortId(agentId)}`.padEnd(24);
    lines.push(
      `  ${agent} ${String(share).padStart(3)} % of the input, ${mapped} maps, ${reduced} reduces`,
    );
  }
  return lines;
}
