import { randomBytes } from "node:crypto";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { JobFigures } from "../../frameworks/mapreduce/figures.ts";
import type { JobProgress, MapReduceJob, MapReduceResult } from "../../frameworks/mapreduce/job.ts";
import { runMapReduce } from "../../frameworks/mapreduce/run.ts";
import type { CliContext } from "../context.ts";
import { Progress, type ProgressState } from "../progress.ts";
import { tableLines } from "../table.ts";

/** What the caller knows of a job; the rest has defaults. */
export interface JobRequest extends Omit<MapReduceJob, "id"> {
  readonly name: string;
  readonly role?: string;
  readonly masters?: string | undefined;
}

/** Absolute path of a job that comes with Tepui, as JavaScript. */
export function builtInJob(name: string): string | undefined {
  const file = `frameworks/mapreduce/jobs/${name}.js`;
  return [`../../${file}`, `../../dist/${file}`]
    .map((path) => fileURLToPath(new URL(path, import.meta.url)))
    .find((path) => existsSync(path));
}

/**
 * Runs a job with a progress bar, and says what had to be made up for.
 * @throws JOB_FAILED, JOB_CANCELLED, MASTER_UNREACHABLE
 */
export async function runJobShown(
  { output, signal }: CliContext,
  request: JobRequest,
): Promise<MapReduceResult> {
  const { name, role, masters, ...job } = request;
  const progress = new Progress(output, name);
  try {
    return await runMapReduce(
      { ...job, id: `${name}-${randomBytes(4).toString("hex")}` },
      {
        framework: { name, ...(role === undefined ? {} : { roles: [role] }) },
        signal,
        ...(masters === undefined ? {} : { masters }),
        onProgress: (state) => progress.update(progressOf(state)),
        onTrouble: (what) => output.note(what),
      },
    );
  } finally {
    progress.end();
  }
}

function progressOf(state: JobProgress): ProgressState {
  const { maps, mapsDone, reduces, reducesDone, counts } = state;
  const repeated = counts.retries + counts.reruns;
  return {
    done: mapsDone + reducesDone,
    total: maps + reduces,
    remark: `${counts.live} running${repeated > 0 ? `, ${repeated} repeated` : ""}`,
  };
}

/** The figures of a job, line by line. */
export function figureLines(figures: JobFigures): string[] {
  const { inputBytes, elapsedMs, megabytesPerSecond, maps, reduces } = figures;
  const megabytes = (inputBytes / 1e6).toFixed(1);
  return [
    `tasks     ${figures.tasks} (${maps} map, ${reduces} reduce)`,
    `repeated  ${figures.retries} after failures, ${figures.reruns} after losses, ` +
      `${figures.speculative} beside slow ones`,
    `input     ${megabytes} MB in ${(elapsedMs / 1e3).toFixed(1)} s, ` +
      `${megabytesPerSecond.toFixed(1)} MB/s`,
    "",
    ...tableLines(
      [
        { title: "AGENT" },
        { title: "MAPS", align: "right" },
        { title: "REDUCES", align: "right" },
        { title: "MB", align: "right" },
        { title: "SHARE", align: "right" },
      ],
      figures.agents.map((share) => [
        share.hostname,
        share.maps,
        share.reduces,
        (share.bytes / 1e6).toFixed(1),
        `${Math.round((100 * share.bytes) / Math.max(1, inputBytes))}%`,
      ]),
    ),
  ];
}
