import { renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { isPromise, type JobModule } from "./job-module.ts";
import { partitionOf, recordLine } from "./records.ts";
import { type MapSpec, partFile } from "./task-spec.ts";
import { readLines } from "./text-piece.ts";

/** Values of one key that are kept before they are combined. */
const VALUES_BEFORE_COMBINE = 512;

/** Collects what a map emits, by partition and key. */
class Collector {
  readonly #partitions: Map<string, unknown[]>[];
  readonly #job: JobModule;
  #isWritten = false;

  constructor(job: JobModule, partitions: number) {
    this.#job = job;
    this.#partitions = Array.from({ length: partitions }, () => new Map<string, unknown[]>());
  }

  readonly emit = (key: string, value: unknown): void => {
    if (this.#isWritten) throw new Error("emit was called after its map was done");
    if (typeof key !== "string")
      throw new Error(`a key must be a string, and one is ${typeof key}`);
    if (isPromise(value)) throw new Error(`the value of ${JSON.stringify(key)} is a promise`);
    const at = partitionOf(key, this.#partitions.length);
    const groups = this.#partitions[at] as Map<string, unknown[]>;
    const values = groups.get(key);
    if (values === undefined) {
      groups.set(key, [value]);
      return;
    }
    values.push(value);
    if (values.length < VALUES_BEFORE_COMBINE || this.#job.combine === undefined) return;
    values.splice(0, values.length, this.#combined(key, values.slice()));
  };

  #combined(key: string, values: readonly unknown[]): unknown {
    const value = this.#job.combine?.(key, values);
    if (isPromise(value)) throw new Error("combine answers a promise: it must not be async");
    return value;
  }

  /** Lines of one partition, sorted by key as written; nothing may be emitted any more. */
  lines(partition: number): string[] {
    this.#isWritten = true;
    const groups = this.#partitions[partition] as Map<string, unknown[]>;
    const sorted = [...groups].map(([key, values]) => ({
      key,
      written: JSON.stringify(key),
      values,
    }));
    sorted.sort((a, b) => (a.written < b.written ? -1 : 1));
    return sorted.flatMap(({ key, values }) => {
      const out = this.#job.combine === undefined ? values : [this.#combined(key, values)];
      return out.map((value) => recordLine(key, value));
    });
  }
}

/**
 * Maps the pieces and writes one sorted file a partition into `folder`. The files appear under
 * their names only when they are complete.
 */
export async function runMap(
  spec: MapSpec,
  job: JobModule,
  folder: string,
): Promise<{ records: number }> {
  const collector = new Collector(job, spec.partitions);
  for (const { path, start, end } of spec.pieces) {
    const text = readLines(join(spec.root, path), start, end);
    for (const line of linesOf(text)) {
      const mapped = job.map(line, collector.emit);
      if (isPromise(mapped)) await mapped;
    }
  }
  let records = 0;
  for (let partition = 0; partition < spec.partitions; partition++) {
    const lines = collector.lines(partition);
    records += lines.length;
    const file = join(folder, partFile(partition));
    writeFileSync(`${file}.partial`, lines.join(""));
    renameSync(`${file}.partial`, file);
  }
  return { records };
}

/** The lines of a text without their ends; a line end at the end of the text begins no line. */
export function linesOf(text: string): string[] {
  if (text === "") return [];
  const lines = text.split(/\r?\n/);
  if (lines[lines.length - 1] === "") lines.pop();
  return lines;
}
