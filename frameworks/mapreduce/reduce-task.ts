import { closeSync, createWriteStream, openSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import type { ReadableStream } from "node:stream/web";
import { openSandboxFile, type SandboxPlace } from "../../sdk/sandbox.ts";
import { nowMs } from "../now.ts";
import { isPromise, type JobModule } from "./job-module.ts";
import { outputsOf } from "./map-outputs.ts";
import { mergeRuns } from "./merge.ts";
import { readRecords, recordLine } from "./records.ts";
import { EXIT_INPUT_LOST, LOST_FILE, partFile, RESULT_FILE, type ReduceSpec } from "./task-spec.ts";

/** Outputs fetched at once. */
const FETCHES = 4;
/** Waits before a failed fetch is tried again; after the last one the output counts as lost. */
const RETRY_MS = [200, 600, 1_500];
const PATIENCE_MS = 10_000;
/** Files that are merged at once. */
const RUNS_MAX = 128;
const WRITE_CHARS = 256 << 10;

/**
 * Fetches this partition of every map output, merges, reduces and writes the results into `folder`.
 * Answers the exit status: 0, or `EXIT_INPUT_LOST` with the lost outputs named in a file.
 */
export async function runReduce(spec: ReduceSpec, job: JobModule, folder: string): Promise<number> {
  const lost: string[] = [];
  const inputs = outputsOf(spec.inputs);
  const waiting = inputs.map((input, at) => ({ ...input, file: join(folder, `in-${at}`) }));
  const files = waiting.map(({ file }) => file);
  const fetcher = async (): Promise<void> => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      if (!(await fetchPart(next.place, spec.partition, next.file))) lost.push(next.key);
    }
  };
  await Promise.all(Array.from({ length: FETCHES }, fetcher));
  if (lost.length > 0) {
    writeFileSync(join(folder, LOST_FILE), JSON.stringify(lost.sort()));
    return EXIT_INPUT_LOST;
  }
  await reduceFiles(files, job, join(folder, RESULT_FILE));
  return 0;
}

/** Reduces sorted files of records into one. */
async function reduceFiles(
  files: readonly string[],
  job: JobModule,
  result: string,
): Promise<void> {
  await writeMerged(await fewer(files), `${result}.partial`, (key, values) => {
    const name = JSON.parse(key) as string;
    const parsed = values.map((value) => JSON.parse(value) as unknown);
    const reduced = job.reduce(name, parsed);
    if (isPromise(reduced)) return reduced.then((value) => recordLine(name, value));
    return recordLine(name, reduced);
  });
  renameSync(`${result}.partial`, result);
}

/**
 * Merges sorted files until few enough are left to be read side by side, each of which takes a
 * buffer and a file descriptor. The files that were merged go.
 */
async function fewer(files: readonly string[]): Promise<readonly string[]> {
  if (files.length <= RUNS_MAX) return files;
  const merged: string[] = [];
  for (let at = 0; at < files.length; at += RUNS_MAX) {
    const some = files.slice(at, at + RUNS_MAX);
    const into = `${some[0]}.merged`;
    await writeMerged(some, into, (key, values) =>
      values.map((value) => `${key}\t${value}\n`).join(""),
    );
    for (const file of some) rmSync(file);
    merged.push(into);
  }
  return fewer(merged);
}

async function writeMerged(
  files: readonly string[],
  into: string,
  print: (key: string, values: readonly string[]) => string | PromiseLike<string>,
): Promise<void> {
  const fd = openSync(into, "w");
  let text = "";
  try {
    for (const { key, values } of mergeRuns(files.map((file) => readRecords(file)))) {
      const printed = print(key, values);
      text += typeof printed === "string" ? printed : await printed;
      if (text.length < WRITE_CHARS) continue;
      // Goes on after a short write, as a full disk makes them, until it is all there or fails.
      writeFileSync(fd, text);
      text = "";
    }
    writeFileSync(fd, text);
  } finally {
    closeSync(fd);
  }
}

async function fetchPart(
  place: SandboxPlace | undefined,
  partition: number,
  to: string,
): Promise<boolean> {
  if (place === undefined) return false;
  const startedMs = nowMs();
  for (let tries = 0; ; tries++) {
    try {
      const body = await openSandboxFile(place, partFile(partition));
      await pipeline(Readable.fromWeb(body as ReadableStream), createWriteStream(to));
      return true;
    } catch {
      const waitMs = RETRY_MS[tries];
      // An agent that hangs has used up our patience already; a refused connection has not.
      if (waitMs === undefined || nowMs() - startedMs > PATIENCE_MS) return false;
      await new Promise((resolve) => setTimeout(resolve, waitMs));
    }
  }
}
