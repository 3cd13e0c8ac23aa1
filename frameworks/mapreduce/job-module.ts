import { existsSync } from "node:fs";
import { fileURLToPath, pathToFileURL } from "node:url";

/**
 * Hands out a key with a value; called any number of times for one line, until its map is done.
 * @throws Error for a key that is no string and a value that is a promise
 */
export type Emit = (key: string, value: unknown) => void;

/**
 * What a job's module exports. It is loaded in every task, so it must be readable on every agent
 * and have nothing that differs between runs: a task may run twice.
 */
export interface JobModule {
  /** Called for each line of the inputs, without its line end; a promise is waited for. */
  map(line: string, emit: Emit): void | Promise<void>;
  /**
   * Shrinks the values that one map task has for a key to one, without a promise; optional, and may
   * run any number of times.
   */
  combine?(key: string, values: readonly unknown[]): unknown;
  /**
   * The result for a key from all its values, whose order means nothing; a promise is waited for.
   */
  reduce(key: string, values: readonly unknown[]): unknown;
}

/** Whether somebody has to wait for a value that a function of a job gave. */
export function isPromise(value: unknown): value is PromiseLike<unknown> {
  return typeof (value as { then?: unknown } | null | undefined)?.then === "function";
}

/** Says what is wrong with a job's module, or `undefined`. */
export function jobModuleProblem(loaded: Partial<Record<string, unknown>>): string | undefined {
  for (const name of ["map", "reduce"]) {
    if (typeof loaded[name] !== "function") return `it does not export a function "${name}"`;
  }
  if (loaded["combine"] !== undefined && typeof loaded["combine"] !== "function") {
    return 'its "combine" is not a function';
  }
  return undefined;
}

/** Loads a job's module from an absolute path. */
export async function loadJobModule(file: string): Promise<JobModule> {
  const loaded = (await import(pathToFileURL(file).href)) as Record<string, unknown>;
  const problem = jobModuleProblem(loaded);
  if (problem !== undefined) throw new Error(`${file}: ${problem}`);
  return loaded as unknown as JobModule;
}

/** The file of a job that ships with Tepui, by name, or `undefined` when there is none. */
export function builtInJob(name: string): string | undefined {
  if (!/^[a-z][a-z0-9-]*$/.test(name)) return undefined;
  const folders = ["./jobs/", "../../dist/frameworks/mapreduce/jobs/"];
  return folders
    .map((folder) => fileURLToPath(new URL(`${folder}${name}.js`, import.meta.url)))
    .find((file) => existsSync(file));
}
