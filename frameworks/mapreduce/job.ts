import type { ConnectOptions, FrameworkOptions, Resources } from "../../sdk/index.ts";
import type { TaskSetCounts } from "../taskset/model.ts";
import type { JobFigures } from "./figures.ts";
import type { InputFile } from "./splits.ts";

/** A job: what to read, what to do with it, and how. */
export interface MapReduceJob {
  /** In front of the task ids; unique among the jobs of the cluster. */
  readonly id: string;
  /** Absolute path of the module with `map` and `reduce`, readable on every agent. */
  readonly module: string;
  /** Absolute folder that the inputs are below, readable on every agent. */
  readonly root: string;
  readonly inputs: readonly InputFile[];
  /** Input of one map task; default 4 MB, and more where that would be 50,000 map tasks. */
  readonly chunkBytes?: number;
  /** Reduce tasks; default 4. */
  readonly reducers?: number;
  readonly mapResources?: Resources;
  readonly reduceResources?: Resources;
  /** Further attempts after failures of a task; default 3. */
  readonly retries?: number;
  readonly localityAttribute?: string;
  /** Default true. */
  readonly speculates?: boolean;
}

/** How far a job is. */
export interface JobProgress {
  readonly maps: number;
  readonly mapsDone: number;
  readonly reduces: number;
  readonly reducesDone: number;
  readonly counts: TaskSetCounts;
}

/** How a job reaches the cluster, and who is told of its progress. */
export interface MapReduceOptions extends ConnectOptions {
  readonly framework: FrameworkOptions;
  readonly signal?: AbortSignal;
  readonly connectMs?: number;
  onSubscribed?(frameworkId: string, again: boolean): void;
  onProgress?(progress: JobProgress): void;
  /** Something went wrong and is being made up for; for people. */
  onTrouble?(what: string): void;
}

/** What came of a job: a line of JSON value by key, and the figures. */
export interface MapReduceResult {
  readonly records: ReadonlyMap<string, unknown>;
  readonly figures: JobFigures;
}
