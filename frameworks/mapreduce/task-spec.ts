import type { EnvironmentVariable } from "../../sdk/index.ts";
import type { MapOutputs } from "./map-outputs.ts";
import type { Piece } from "./splits.ts";

/** What a map task does. */
export interface MapSpec {
  readonly kind: "map";
  /** Absolute path of the job's module. */
  readonly module: string;
  /** Folder that the pieces' paths are below. */
  readonly root: string;
  readonly pieces: readonly Piece[];
  readonly partitions: number;
}

/** What a reduce task does. */
export interface ReduceSpec {
  readonly kind: "reduce";
  readonly module: string;
  readonly partition: number;
  readonly inputs: MapOutputs;
}

/** What a task does, as its environment tells it. */
export type TaskSpec = MapSpec | ReduceSpec;

/** Exit status of a reduce task that could not fetch some map outputs; `lost.json` names them. */
export const EXIT_INPUT_LOST = 75;
/** Files in the sandboxes. */
export const LOST_FILE = "lost.json";
/** See `LOST_FILE`. */
export const RESULT_FILE = "result.jsonl";
/** Output of a map task for one partition. */
export const partFile = (partition: number): string => `part-${partition}.jsonl`;

const VARIABLE = "TEPUI_MAPREDUCE";
/** Linux takes 128 KiB for one variable; what is longer is spread over several. */
const CHARS_MAX = 30_000;

/** The environment that carries a spec to the worker. */
export function specEnvironment(spec: TaskSpec): EnvironmentVariable[] {
  const text = JSON.stringify(spec);
  const variables: EnvironmentVariable[] = [];
  for (let at = 0; at * CHARS_MAX < text.length; at++) {
    const value = text.slice(at * CHARS_MAX, (at + 1) * CHARS_MAX);
    variables.push({ name: `${VARIABLE}_${at}`, value });
  }
  return variables;
}

/** Reads the spec that `specEnvironment` wrote. */
export function specFromEnvironment(
  environment: Readonly<Record<string, string | undefined>>,
): TaskSpec {
  let text = "";
  for (let at = 0; ; at++) {
    const part = environment[`${VARIABLE}_${at}`];
    if (part === undefined) break;
    text += part;
  }
  if (text === "") throw new Error(`${VARIABLE}_0 is not set: this program is run by mapreduce`);
  return JSON.parse(text) as TaskSpec;
}
